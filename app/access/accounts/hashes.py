"""What is kept of a token, a code or a key."""

from hashlib import sha256


def hash_of(token: str) -> str:
    """Its hash, in hex: each is long and random, so that a fast hash can't be undone."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

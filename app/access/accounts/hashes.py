"""What is kept of a token, a code or a key, and how a code is made that people read out and type."""

import re
import secrets
from hashlib import sha256
from unicodedata import digit, normalize

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: none that looks or sounds like another
LOOKS_LIKE = str.maketrans("OIL", "011")
GROUPS, GROUP = 5, 4  # 100 bits
BETWEEN = r"[\s\-‐-―]*"  # groups: blanks, and dashes of all lengths
TYPED = re.compile(r"\s*" + BETWEEN.join([f"([{LETTERS}]{{{GROUP}}})"] * GROUPS) + r"\s*")


def hash_of(token: str) -> str:
    """Its hash, in hex: each is long and random, so that a fast hash can't be undone."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def fresh_code() -> str:
    """A code that is handed over, such as 7KQ4-M2XD-9PHT-VW3R-B6JN."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))


def hash_of_code(code: str) -> str:
    """The hash of such a code, however its letters and groups were typed; of any other text as it is."""
    typed = "".join(str(digit(one)) if one.isdecimal() else one for one in normalize("NFKC", code)).upper()
    found = TYPED.fullmatch(typed.translate(LOOKS_LIKE))
    return hash_of(code if found is None else "".join(found.groups()))

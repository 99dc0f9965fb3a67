"""The Merkle tree of a growing log (RFC 9162, section 2.1; RFC 6962 before it), kept as the roots of its whole subtrees.

A log of n leaves falls into whole subtrees, one for each 1 in n written in binary, the largest first. Their roots, the
peaks, are all that is needed to add a leaf or to tell the root: 32 bytes for each.
"""

from dataclasses import dataclass, field
from hashlib import sha256

WIDTH = 32  # bytes of a hash


def hash_of_leaf(data: bytes) -> bytes:
    """The hash of an entry of the log."""
    return sha256(b"\x00" + data).digest()


def _hash_of_two(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


@dataclass
class Tree:
    """A log's size and peaks."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def add(self, leaf: bytes) -> None:
        """Adds the hash of an entry."""
        rest = self.size
        while rest & 1:
            leaf = _hash_of_two(self.peaks.pop(), leaf)
            rest >>= 1
        self.peaks.append(leaf)
        self.size += 1

    @property
    def root(self) -> bytes:
        """The hash of the whole log; that of nothing where it is empty."""
        if not self.peaks:
            return sha256(b"").digest()
        *before, root = self.peaks
        for peak in reversed(before):
            root = _hash_of_two(peak, root)
        return root


def split(hashes: bytes) -> list[bytes]:
    """Hashes that are kept one after the other."""
    return [hashes[at : at + WIDTH] for at in range(0, len(hashes), WIDTH)]

"""The Merkle tree: against the vectors that logs of certificates are tested with, and the definition word for word."""

from hashlib import sha256

import pytest

from app.access.audit.tree import Tree, hash_of_leaf, split

# leaves and roots as in the tests of google/certificate-transparency (Apache 2.0), facts of RFC 6962
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def defined(entries: list[bytes]) -> bytes:
    """RFC 9162, section 2.1.1, word for word."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = 1
    while 2 * k < len(entries):
        k *= 2
    return sha256(b"\x01" + defined(entries[:k]) + defined(entries[k:])).digest()


def test_the_roots_are_those_of_the_vectors() -> None:
    tree = Tree()
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        tree.add(hash_of_leaf(leaf))
        assert tree.root.hex() == root


@pytest.mark.parametrize("begun", [0, 1, 5, 64, 100])
def test_a_log_goes_on_from_its_peaks(begun: int) -> None:
    entries = [b"%d" % number for number in range(131)]
    first = Tree()
    for entry in entries[:begun]:
        first.add(hash_of_leaf(entry))
    assert len(first.peaks) == begun.bit_count()
    tree = Tree(begun, split(b"".join(first.peaks)))
    assert tree.root == defined(entries[:begun])
    for size in range(begun, len(entries)):
        tree.add(hash_of_leaf(entries[size]))
        assert tree.root == defined(entries[: size + 1])
    assert tree.size == len(entries)

"""Merkle trees of RFC 6962: roots, inclusion, consistency (RFC 9162 sections 2.1.1 to 2.1.4).

By hand, and of hashes alone: what a leaf means is its caller's. Every function here says False or
gives bytes; none of them raises for what a stranger wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

SIZE = 32
EMPTY = sha256().digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry (RFC 9162 section 2.1.1): a leaf and a node can't be mistaken."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return sha256(b"\1" + left + right).digest()


class Growing:
    """A tree that grows by one leaf after the other and keeps no more than a hash a level."""

    def __init__(self) -> None:
        self.size = 0
        # The perfect subtrees from left to right, the largest first.
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Append the hash of a leaf."""
        left = self.size
        while left & 1:
            leaf = node_hash(self._peaks.pop(), leaf)
            left >>= 1
        self._peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root of what is there."""
        if not self._peaks:
            return EMPTY
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over the hashes of leaves."""
    tree = Growing()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def includes(root: bytes, size: int, index: int, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of ``size`` leaves under ``root`` has ``leaf`` (its hash) at ``index``, as
    the proof shows (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, found = index, size - 1, leaf
    for hashed in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(hashed, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, hashed)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root


def extends(
    first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the tree of ``second`` leaves begins with the tree of ``first`` leaves, as the proof
    shows (RFC 9162 section 2.1.4.2). A tree of no leaf is the beginning of every tree."""
    if not 0 <= first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == EMPTY
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    path = list(proof)
    if not first & (first - 1):
        path.insert(0, first_root)
    if not path:
        return False
    old = new = path[0]
    for hashed in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(hashed, old), node_hash(hashed, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, hashed)
        node, last = node >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


Subtree = Callable[[int, int], bytes]
"""The root of the leaves from begin to end (exclusive)."""


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """The proof that ``includes`` reads, the leaf's sibling first (RFC 9162 section 2.1.3.1)."""
    proof: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            proof.append(subtree(middle, end))
            end = middle
        else:
            proof.append(subtree(begin, middle))
            begin = middle
    return proof[::-1]


def consistency_proof(first: int, second: int, subtree: Subtree) -> list[bytes]:
    """The proof that ``extends`` reads (RFC 9162 section 2.1.4.1)."""
    if first in (0, second):
        return []
    proof: list[bytes] = []
    begin, end, whole = 0, second, True
    while first != end:
        middle = begin + _split(end - begin)
        if first <= middle:
            proof.append(subtree(middle, end))
            end = middle
        else:
            proof.append(subtree(begin, middle))
            begin, whole = middle, False
    # What the first tree ends in; its whole is known to who asks.
    if not whole:
        proof.append(subtree(begin, end))
    return proof[::-1]


def _split(size: int) -> int:
    """The largest power of two below ``size`` > 1."""
    return 1 << ((size - 1).bit_length() - 1)

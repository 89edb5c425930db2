"""Merkle trees by hand, held to the definitions of RFC 6962 written as they stand there."""

from __future__ import annotations

from hashlib import sha256

import pytest
from gantral.evidence.merkle import (
    Growing,
    Subtree,
    consistency_proof,
    extends,
    includes,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
)
from hypothesis import given
from hypothesis import strategies as st

# RFC 6962's own log of eight entries, as its first implementation published it, and the roots.
ENTRIES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                 "606162636465666768696a6b6c6d6e6f")
]  # fmt: skip
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def mth(entries: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, as it is defined there."""
    if not entries:
        return sha256().digest()
    if len(entries) == 1:
        return sha256(b"\0" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return sha256(b"\1" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(m: int, entries: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.1."""
    if len(entries) == 1:
        return []
    k = 1
    while k * 2 < len(entries):
        k *= 2
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m: int, entries: list[bytes], b: bool) -> list[bytes]:
    """SUBPROOF of section 2.1.2."""
    if m == len(entries):
        return [] if b else [mth(entries)]
    k = 1
    while k * 2 < len(entries):
        k *= 2
    if m <= k:
        return [*subproof(m, entries[:k], b), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], False), mth(entries[:k])]


def subtree(leaves: list[bytes]) -> Subtree:
    return lambda begin, end: root_of(leaves[begin:end])


def entries(size: int) -> list[bytes]:
    return [b"entry %d" % n for n in range(size)]


@pytest.mark.parametrize("size", ROOTS)
def test_known_roots(size: int) -> None:
    leaves = map(leaf_hash, ENTRIES[:size])
    assert root_of(leaves).hex() == ROOTS[size] == mth(ENTRIES[:size]).hex()


def test_every_proof_of_small_trees_is_the_rfc_s_and_holds() -> None:
    for size in range(1, 20):
        made, leaves = entries(size), [leaf_hash(one) for one in entries(size)]
        root, between = mth(made), subtree(leaves)
        assert root_of(leaves) == root
        for index in range(size):
            proof = inclusion_proof(index, size, between)
            assert proof == path(index, made)
            assert includes(root, size, index, leaves[index], proof)
        for first in range(size + 1):
            proof = consistency_proof(first, size, between)
            assert proof == (subproof(first, made, True) if first else [])
            assert extends(first, mth(made[:first]), size, root, proof)


def test_a_proof_is_as_long_as_the_sizes_say() -> None:
    one, two, three, four, more = (leaf_hash(b"%d" % n) for n in range(5))
    # Hashes that would lead to the root of a tree of another size than is said.
    assert includes(node_hash(one, two), 2, 0, one, [two])
    assert not includes(node_hash(one, two), 3, 0, one, [two])
    assert not includes(node_hash(one, two), 1, 0, two, [one])
    left, old, new = node_hash(one, two), three, node_hash(three, four)
    before, after = node_hash(left, old), node_hash(left, new)
    assert extends(3, before, 4, after, [three, four, left])
    longer = [three, four, left, more]
    assert not extends(3, node_hash(more, before), 4, node_hash(more, after), longer)


def spoilt(data: st.DataObject, proof: list[bytes]) -> list[bytes]:
    """The proof with one hash changed, dropped, doubled, added, or two swapped."""
    kind = data.draw(st.sampled_from(["more", "less", "other", "twice", "swapped"]))
    at = data.draw(st.integers(0, max(len(proof) - 1, 0)))
    made = list(proof)
    if kind == "more" or not proof:
        made.insert(at, data.draw(st.sampled_from([b"\0" * 32, sha256().digest(), *proof])))
    elif kind == "less":
        del made[at]
    elif kind == "twice":
        made.insert(at, made[at])
    elif kind == "other":
        bit = data.draw(st.integers(0, 255))
        made[at] = (int.from_bytes(made[at], "big") ^ 1 << bit).to_bytes(32, "big")
    else:
        made[at], made[-1] = made[-1], made[at]
    return made


@given(st.data())
def test_no_spoilt_proof_holds(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    made, leaves = entries(size), [leaf_hash(one) for one in entries(size)]
    index = data.draw(st.integers(0, size - 1))
    first = data.draw(st.integers(0, size))
    root, old = mth(made), mth(made[:first])
    inside, onward = path(index, made), subproof(first, made, True) if first else []
    # Another place, another leaf, another size, another root.
    other = data.draw(st.integers(0, size + 2).filter(lambda one: one != index))
    assert not includes(root, size, other, leaves[index], inside)
    assert not includes(root, size, index, leaf_hash(b"another"), inside)
    assert not includes(leaf_hash(b"another"), size, index, leaves[index], inside)
    if (worse := spoilt(data, inside)) != inside:
        assert not includes(root, size, index, leaves[index], worse)
    assert not extends(first, leaf_hash(b"another"), size, root, onward)
    if first:
        assert not extends(first, old, size, leaf_hash(b"another"), onward)
    if (worse := spoilt(data, onward)) != onward:
        assert not extends(first, old, size, root, worse)
    assert not extends(size + 1, root, size, root, [])


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_growing_tree_is_the_defined_one(first: int, second: int) -> None:
    tree = Growing()
    for size in range(max(first, second) + 1):
        if size in (first, second):
            assert tree.root() == mth(entries(size))
        tree.add(leaf_hash(b"entry %d" % size))

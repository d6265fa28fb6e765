"""The Merkle tree of RFC 6962, section 2.1: hashes, its growing edge, and the two proofs.

A hash is SHA-256, 32 bytes. Leaves and nodes are hashed with different first bytes, so that a
node can never be passed off as a leaf. The proofs are checked as RFC 9162 writes it down
(sections 2.1.3.2 and 2.1.4.2), which is the same tree.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
_LEAF = b"\x00"
_NODE = b"\x01"


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf."""
    return sha256(_LEAF + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above two hashes."""
    return sha256(_NODE + left + right).digest()


@dataclass(frozen=True, slots=True)
class Head:
    """A tree's size in leaves, and its root, 32 bytes."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Frontier:
    """The growing edge of a tree: all that is needed to append to it and to know its root.

    `hashes` are the roots of the perfect subtrees into which the leaves fall, the largest first:
    one for each set bit of `size`.

    Raises:
        ValueError: not that many hashes, or not of 32 bytes.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise ValueError(f"{len(self.hashes)} hashes cannot be the edge of {self.size} leaves")
        if any(len(each) != HASH_BYTES for each in self.hashes):
            raise ValueError(f"a hash has {HASH_BYTES} bytes")

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Self:
        """Return what `to_bytes` wrote of a tree of this size.

        Raises:
            ValueError: the data is not as long as the size needs.
        """
        cuts = range(0, len(data), HASH_BYTES)
        return cls(size, tuple(data[cut : cut + HASH_BYTES] for cut in cuts))

    def to_bytes(self) -> bytes:
        """Return the hashes one after the other, the largest subtree's first."""
        return b"".join(self.hashes)

    def append(self, leaf: bytes) -> "Frontier":
        """Return the edge of the tree with one more leaf, given by its leaf hash."""
        hashes, size = list(self.hashes), self.size
        while size & 1:  # as in counting up: every full subtree is carried into a larger one
            leaf = node_hash(hashes.pop(), leaf)
            size >>= 1
        return Frontier(self.size + 1, (*hashes, leaf))

    def root(self) -> bytes:
        """Return the tree's root; that of the empty tree is the SHA-256 of nothing."""
        if not self.hashes:
            return EMPTY_ROOT
        *larger, root = self.hashes
        for left in reversed(larger):
            root = node_hash(left, root)
        return root

    def head(self) -> Head:
        """Return size and root."""
        return Head(self.size, self.root())


def tree_root(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root over all of these leaf hashes."""
    frontier = Frontier()
    for each in leaf_hashes:
        frontier = frontier.append(each)
    return frontier.root()


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int, size: int) -> list[bytes]:
    """Return the hashes that lead from a leaf to the root over the first `size` leaves.

    PATH of RFC 6962, 2.1.1: from the leaf upwards.

    Raises:
        ValueError: there is no such leaf, or there are fewer leaves than `size`.
    """
    if not 0 <= index < size <= len(leaf_hashes):
        raise ValueError(f"no leaf {index} among {size} of {len(leaf_hashes)}")
    if size == 1:
        return []
    half = _half(size)
    left, right = leaf_hashes[:half], leaf_hashes[half:size]
    if index < half:
        return [*inclusion_proof(left, index, half), tree_root(right)]
    return [*inclusion_proof(right, index - half, size - half), tree_root(left)]


def consistency_proof(leaf_hashes: Sequence[bytes], old: int, new: int) -> list[bytes]:
    """Return the hashes that show the tree of `old` leaves to be the beginning of that of `new`.

    PROOF of RFC 6962, 2.1.2. Nothing needs to be shown of the empty tree, which begins them all.

    Raises:
        ValueError: `old` is larger than `new`, or there are fewer leaves than that.
    """
    if not 0 <= old <= new <= len(leaf_hashes):
        raise ValueError(f"no trees of {old} and {new} among {len(leaf_hashes)} leaves")
    return _subproof(leaf_hashes[:new], old, known=True) if old else []


def verify_inclusion(leaf: bytes, index: int, head: Head, proof: Sequence[bytes]) -> bool:
    """Say whether the proof leads from the leaf hash at `index` to the tree's root."""
    if not 0 <= index < head.size:
        return False
    position, last, root = index, head.size - 1, leaf
    for each in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            root = node_hash(each, root)
            position, last = _up_to_right_child(position, last)
        else:
            root = node_hash(root, each)
        position, last = position >> 1, last >> 1
    return last == 0 and hmac.compare_digest(root, head.root)


def verify_consistency(old: Head, new: Head, proof: Sequence[bytes]) -> bool:
    """Say whether the proof shows the old tree to be the beginning of the new one."""
    if not 0 <= old.size <= new.size:
        return False
    if old.size in (0, new.size):
        expected = new.root if old.size else EMPTY_ROOT
        return not proof and hmac.compare_digest(old.root, expected)
    return _grown(old, new, proof)


def _grown(old: Head, new: Head, proof: Sequence[bytes]) -> bool:
    position, last = old.size - 1, new.size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    # An old tree that is one perfect subtree stands in the new tree as it is.
    path = list(proof) if position else [old.root, *proof]
    if not path:
        return False
    old_root = new_root = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_root, new_root = node_hash(each, old_root), node_hash(each, new_root)
            position, last = _up_to_right_child(position, last)
        else:
            new_root = node_hash(new_root, each)
        position, last = position >> 1, last >> 1
    found = hmac.compare_digest(old_root, old.root) and hmac.compare_digest(new_root, new.root)
    return found and last == 0


def _up_to_right_child(position: int, last: int) -> tuple[int, int]:
    """Skip the levels on which a last node has no sibling and is carried up as it is."""
    while position and not position & 1:
        position, last = position >> 1, last >> 1
    return position, last


def _subproof(leaf_hashes: Sequence[bytes], old: int, *, known: bool) -> list[bytes]:
    """Return SUBPROOF of RFC 6962, 2.1.2; `known` says that the old root is in hand."""
    size = len(leaf_hashes)
    if old == size:
        return [] if known else [tree_root(leaf_hashes)]
    half = _half(size)
    left, right = leaf_hashes[:half], leaf_hashes[half:]
    if old <= half:
        return [*_subproof(left, old, known=known), tree_root(right)]
    return [*_subproof(right, old - half, known=False), tree_root(left)]


def _half(size: int) -> int:
    """Return the largest power of two below a size of two or more."""
    return 1 << ((size - 1).bit_length() - 1)

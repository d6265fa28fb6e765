"""The tree is that of RFC 6962, and its proofs show what they say and nothing else."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overt.audit.merkle import (
    Frontier,
    Head,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

# The leaves, roots and proofs with which Certificate Transparency's own trees are tested.
_LEAVES = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
_INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
_CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
_HASHES = [leaf_hash(leaf) for leaf in _LEAVES]
_FORTY = [leaf_hash(bytes([number])) for number in range(40)]


def naive(leaves: list[bytes]) -> bytes:
    """Return MTH of RFC 6962, 2.1, as it is written there."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    half = 1
    while 2 * half < len(leaves):
        half *= 2
    return sha256(b"\x01" + naive(leaves[:half]) + naive(leaves[half:])).digest()


def grown(hashes: list[bytes]) -> Frontier:
    """Return the edge of the tree over these leaf hashes."""
    frontier = Frontier()
    for each in hashes:
        frontier = frontier.append(each)
    return frontier


def head(size: int) -> Head:
    """Return the head of the tree over the first of the forty."""
    return Head(size, tree_root(_FORTY[:size]))


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    """R-57: the log is a Merkle tree as in RFC 6962."""
    assert grown(_HASHES[:size]).root().hex() == _ROOTS[size]


@pytest.mark.parametrize(("at", "proof"), _INCLUSION.items())
def test_inclusion_proofs_are_those_of_certificate_transparency(
    at: tuple[int, int], proof: list[str]
) -> None:
    assert [each.hex() for each in inclusion_proof(_HASHES, *at)] == proof


@pytest.mark.parametrize(("sizes", "proof"), _CONSISTENCY.items())
def test_consistency_proofs_are_those_of_certificate_transparency(
    sizes: tuple[int, int], proof: list[str]
) -> None:
    assert [each.hex() for each in consistency_proof(_HASHES, *sizes)] == proof


@given(st.lists(st.binary(max_size=20), max_size=70))
def test_a_growing_tree_has_the_root_of_one_that_is_built_at_once(leaves: list[bytes]) -> None:
    frontier = grown([leaf_hash(leaf) for leaf in leaves])

    assert frontier.root() == naive(leaves)
    assert frontier.size == len(leaves)


@given(st.integers(0, 300))
def test_the_edge_can_be_kept_as_bytes(size: int) -> None:
    frontier = grown([leaf_hash(number.to_bytes(2)) for number in range(size)])

    assert Frontier.from_bytes(size, frontier.to_bytes()) == frontier


@given(st.integers(0, 300), st.integers(0, 400))
def test_an_edge_of_the_wrong_length_is_refused(size: int, length: int) -> None:
    if length != 32 * size.bit_count():
        with pytest.raises(ValueError, match=r"edge of|32 bytes"):
            Frontier.from_bytes(size, bytes(length))


def test_a_tree_has_no_negative_size() -> None:
    with pytest.raises(ValueError, match="edge of"):
        Frontier(-1, (bytes(32),))


def test_a_leaf_cannot_be_passed_off_as_a_node() -> None:
    left, right = _HASHES[:2]

    assert leaf_hash(left + right) != node_hash(left, right)


def test_every_leaf_is_shown_to_be_in_every_tree_that_has_it() -> None:
    for size in range(1, 41):
        for index in range(size):
            proof = inclusion_proof(_FORTY, index, size)
            assert verify_inclusion(_FORTY[index], index, head(size), proof)


def test_no_proof_shows_a_leaf_elsewhere_nor_another_leaf() -> None:
    for index in range(13):
        proof = inclusion_proof(_FORTY, index, 13)
        shown = [
            (at, leaf)
            for at in range(-1, 15)
            for leaf in range(14)
            if verify_inclusion(_FORTY[leaf], at, head(13), proof)
        ]
        assert shown == [(index, index)]


def test_every_tree_is_shown_to_be_the_beginning_of_every_later_one() -> None:
    for new in range(41):
        for old in range(new + 1):
            proof = consistency_proof(_FORTY, old, new)
            assert verify_consistency(head(old), head(new), proof)


def test_a_tree_that_was_written_anew_is_not_the_beginning_of_a_later_one() -> None:
    for old in range(1, 20):
        altered = [*_FORTY[: old - 1], leaf_hash(b"another"), *_FORTY[old:20]]
        for new in range(old, 21):
            proof = consistency_proof(altered, old, new)
            rewritten = Head(new, tree_root(altered[:new]))
            assert not verify_consistency(head(old), rewritten, proof)


def test_a_later_tree_is_not_the_beginning_of_an_earlier_one() -> None:
    assert not verify_consistency(head(5), head(4), [])
    assert not verify_consistency(head(5), Head(5, bytes(32)), [])
    assert not verify_consistency(Head(0, bytes(32)), head(5), [])
    assert not verify_consistency(head(-1), head(5), [])


@given(st.data())
def test_a_proof_of_which_anything_is_changed_shows_nothing(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, 40))
    old = data.draw(st.integers(1, new - 1))
    inclusion = inclusion_proof(_FORTY, old, new)
    consistency = consistency_proof(_FORTY, old, new)

    changed = data.draw(mutated(inclusion))
    assert not verify_inclusion(_FORTY[old], old, head(new), changed)
    changed = data.draw(mutated(consistency))
    assert not verify_consistency(head(old), head(new), changed)


@st.composite
def mutated(draw: st.DrawFn, proof: list[bytes]) -> list[bytes]:
    """Give a proof with a hash changed, taken out or put in."""
    at = draw(st.integers(0, len(proof) - 1))
    other = draw(st.binary(min_size=32, max_size=32).filter(lambda each: each != proof[at]))
    ways: tuple[list[bytes], ...] = ([other], [], [proof[at], other], [other, proof[at]])
    return [*proof[:at], *draw(st.sampled_from(ways)), *proof[at + 1 :]]


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0), (0, 41)])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(_FORTY, index, size)


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3), (0, 41)])
def test_there_is_no_proof_between_trees_that_are_not_there(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="no trees"):
        consistency_proof(_FORTY, old, new)

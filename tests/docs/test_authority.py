"""The page on authority says who may do what, and in which state; so does the code."""

import re

from pages import ROOT, blocks, rows, section

from overt.deployment import moves
from overt.people.permissions import MATRIX, Own
from overt.vocabulary import Act, DeploymentState, Role

_PAGE = (ROOT / "docs" / "explanation" / "authority.md").read_text("utf-8")
_MATRIX = section(_PAGE, "Who may do what")
_COLUMNS = tuple(Role)
_OWN = {Own.EITHER: "", Own.ONLY: "only their own", Own.NEVER: "never their own"}


def _cells() -> dict[str, list[str]]:
    return {row[0].strip("`"): row[1:] for row in rows(_MATRIX, len(_COLUMNS) + 2)}


def test_the_table_of_permissions_is_the_one_that_is_enforced() -> None:
    """R-62: a role and an act meet in one cell, and the page has every cell."""
    written = {
        act: (
            {role for role, cell in zip(_COLUMNS, cells, strict=False) if cell == "yes"},
            cells[-1],
        )
        for act, cells in _cells().items()
    }

    assert written == {str(act): (set(rule.roles), _OWN[rule.own]) for act, rule in MATRIX.items()}


def test_the_columns_are_the_roles_in_their_order() -> None:
    heads = next(line for line in _MATRIX.splitlines() if line.startswith("|")).strip("|")
    named = [cell.strip() for cell in heads.split("|")]

    assert named == ["act", *(role.replace("-", " ") for role in _COLUMNS), "own"]


def test_no_cell_says_anything_but_yes_or_nothing() -> None:
    assert {cell for cells in _cells().values() for cell in cells[:-1]} == {"yes", ""}


def test_the_diagram_is_that_of_the_code() -> None:
    """R-6, R-8, R-10: the ways into and out of each state are drawn as they are enforced."""
    drawn = [content for language, content in blocks(_PAGE) if language == "text"]
    in_code = "\n".join(line.strip() for line in (moves.__doc__ or "").splitlines())

    assert len(drawn) == 1
    assert "\n".join(line.strip() for line in drawn[0].splitlines()) in in_code


def test_every_move_is_in_the_table_of_moves() -> None:
    listed = {
        (act.strip("`"), before, after)
        for act, befores, after in rows(section(_PAGE, "What leads where"), 3)
        for before in re.split(", ", befores)
    }

    assert listed == {
        (str(act), str(before), str(after if after is not before else "the same"))
        for act, ways in moves.MOVES.items()
        for before, after in ways.items()
    }
    assert {before for _, before, _ in listed} <= set(map(str, DeploymentState))
    assert set(map(str, Act)) >= {act for act, _, _ in listed} - {moves.END, moves.EXPIRE}

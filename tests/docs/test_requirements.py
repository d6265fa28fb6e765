"""The maps from requirements and principles to tests say what is so."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

from pages import ROOT, rows

_TESTS = ROOT / "tests"
_REQUIREMENT = re.compile(r"\bR-(\d+)\b")
_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
_HELD, _PART, _NOT_YET = "held", "part", "not yet"


@cache
def _functions(path: Path) -> dict[str, str]:
    """Return the test functions of a file, with their docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    return {
        node.name: ast.get_docstring(node) or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def _exists(file: str, function: str) -> bool:
    path = _TESTS / file
    return path.is_file() and function in _functions(path)


def _map(name: str, columns: int) -> list[list[str]]:
    return rows((ROOT / "docs" / name).read_text("utf-8"), columns)


def _requirements() -> list[list[str]]:
    return [row for row in _map("requirements.md", 5) if row[0].startswith("R-")]


def _principles() -> list[list[str]]:
    return [row for row in _map("principles.md", 5) if row[0].isdigit()]


def test_every_requirement_is_mapped_once() -> None:
    numbers = Counter(row[0] for row in _requirements())

    assert numbers == Counter(f"R-{number}" for number in range(1, 64))


def test_every_principle_is_mapped_once() -> None:
    assert [row[0] for row in _principles()] == [str(number) for number in range(1, 10)]


def test_every_test_in_the_maps_exists() -> None:
    named = {found for row in _requirements() + _principles() for found in _TEST.findall(row[4])}

    assert len(named) > 20
    assert sorted(each for each in named if not _exists(*each)) == []


def test_what_is_held_names_a_test_and_what_is_not_says_what_is_missing() -> None:
    for number, _, status, missing, told in _requirements() + _principles():
        tests = _TEST.findall(told)
        assert status in {_HELD, _PART, _NOT_YET}, number
        assert bool(tests) == (status != _NOT_YET), f"{number}: {status} with {len(tests)} tests"
        assert bool(missing) == (status != _HELD), f"{number}: say what is missing where it is"


def test_every_test_that_names_a_requirement_is_in_the_map() -> None:
    mapped = {(row[0], found) for row in _requirements() for found in _TEST.findall(row[4])}
    named = {
        (f"R-{number}", (str(path.relative_to(_TESTS)), function))
        for path in _TESTS.rglob("test_*.py")
        for function, docstring in _functions(path).items()
        for number in _REQUIREMENT.findall(docstring)
    }

    assert len(named) > 5
    assert sorted(named - mapped) == [], "add them to docs/requirements.md"

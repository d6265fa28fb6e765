"""What Overt says never claims more than a machine knows: the glossary's list, held.

The words and the phrases in which they may stand are read from docs/glossary.md. Looked at is
every string that may reach a person: all literals of the code (docstrings of commands are
help), the summary's template, and the files that Overt writes or ships.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import ROOT, rows, section

_SOURCE = ROOT / "src" / "overt"
_GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")

_TABLE = section(_GLOSSARY, "Words we do not use")
_WORDS = [word for word, _, _ in rows(_TABLE, 3)]
_PHRASES = [phrase for phrase, _ in rows(_TABLE, 2)]

_FORBIDDEN = re.compile(rf"\b(?:{'|'.join(map(re.escape, _WORDS))})\b", re.IGNORECASE)
_ALLOWED = re.compile("|".join(map(re.escape, _PHRASES)), re.IGNORECASE)

_CALLED = re.compile(r"\.match\(")  # a browser's own function, which nobody is shown

_FILES = sorted(_SOURCE.rglob("*.py"))
_TEXTS = sorted(
    path for path in _SOURCE.rglob("*") if path.suffix in {".html", ".toml", ".css", ".js"}
)


def claims(text: str) -> list[str]:
    """Return the words in a text that the glossary rules out."""
    return _FORBIDDEN.findall(_ALLOWED.sub("", text))


def _name(path: Path) -> str:
    return str(path.relative_to(_SOURCE))


def _literals(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of every string in a module, docstrings only where they are help."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    is_help = path.parent.name == "cli"
    silent = {id(node.value) for node in nodes if isinstance(node, ast.Expr) and not is_help}
    for node in nodes:
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in silent
        ):
            yield node.lineno, node.value


@pytest.mark.parametrize("path", _FILES, ids=_name)
def test_no_string_of_the_code_claims_to_know_somebody(path: Path) -> None:
    """R-41: alerts say "possible match"; R-43: a score is never shown as a probability."""
    found = [(line, word) for line, text in _literals(path) for word in claims(text)]

    assert found == [], "docs/glossary.md says what to write instead"


@pytest.mark.parametrize("path", _TEXTS, ids=_name)
def test_no_file_that_is_shown_claims_to_know_somebody(path: Path) -> None:
    text = path.read_text("utf-8")
    if path.suffix == ".js":
        text = _CALLED.sub("(", text)
    lines = enumerate(text.splitlines(), 1)

    assert [(number, word) for number, line in lines for word in claims(line)] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Matched with 97 % confidence", ["Matched", "confidence"]),
        ("A possible match, for a person to decide", []),
        ("a match", ["match"]),
        ("Nothing matches.", ["matches"]),
        ("score 0.9; not a probability", []),
        ("matching begins", []),
        ("a false positive identification rate of 1 %", []),
    ],
)
def test_the_list_catches_claims_and_lets_the_trade_s_terms_be(text: str, words: list[str]) -> None:
    assert claims(text) == words


def test_every_word_has_a_substitute_and_a_reason() -> None:
    assert len(_WORDS) > 10
    assert all(instead and reason for _, instead, reason in rows(_TABLE, 3))
    assert all(_FORBIDDEN.search(phrase) for phrase in _PHRASES), "a phrase that excuses nothing"

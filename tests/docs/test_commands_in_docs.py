"""Every command that a page shows can be typed as it stands."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from pages import PAGES, ROOT, blocks, inline_code, name_of

from overt.cli.app import app

_SHELL = {"", "bash", "sh", "console"}


def _shown(page: Path) -> list[str]:
    """Return the lines of a page's shell blocks."""
    text = page.read_text("utf-8")
    found = [block for language, block in blocks(text) if language in _SHELL]
    return [line.strip() for block in found for line in block.splitlines() if line.strip()]


def _mentioned(page: Path, program: str) -> list[str]:
    return [code for code in inline_code(page.read_text("utf-8")) if code.startswith(program)]


def _command(words: list[str]) -> tuple[Any, list[str]]:
    """Return the command that the words lead to, and the words that are left for it."""
    command: Any = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_overt_command_in_a_block_is_understood(page: Path) -> None:
    for line in _shown(page):
        if line.startswith("overt "):
            command, rest = _command(shlex.split(line)[1:])
            # Parses the words and runs nothing; raises where a word is not understood.
            command.make_context(line, rest)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_overt_command_in_a_sentence_exists(page: Path) -> None:
    """In passing, arguments may be left out; words and options must be right."""
    for code in _mentioned(page, "overt "):
        command, rest = _command([word for word in code.split()[1:] if word != "…"])
        groups = getattr(command, "commands", {})
        assert not groups or not rest or rest[0].startswith("-"), f"{code}: no such command"
        known = {option for each in command.params for option in each.opts + each.secondary_opts}
        options = {word for word in rest if word.startswith("--")} - {"--help"}
        assert options <= known, f"{code}: no such option"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    lines = [*_shown(page), *_mentioned(page, "make ")]

    wanted = {line.split()[1] for line in lines if line.startswith("make ")}

    assert wanted <= targets


def test_the_readme_fits_two_screens() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 90

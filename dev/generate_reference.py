"""Write `docs/reference/`: the commands, the two kinds of file and the errors, from the code.

Run `python dev/generate_reference.py` after changing any of them; a test holds that what is
committed is what this writes. `--check` writes nothing and exits with 1 where they differ.
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args, get_origin

import typer
from pydantic import AwareDatetime
from pydantic_core import PydanticUndefined

from overt import errors
from overt.cli.app import app
from overt.cli.boundary import FAULT, REFUSED, STOPPED
from overt.deployment.policy import Policy, shipped_policies
from overt.deployment.schema import Section, Setting, settings_of
from overt.deployment.settings import DeploymentSettings
from overt.deployment.template import template
from overt.errors import OvertError
from overt.vocabulary import DeploymentKind

FOLDER = Path(__file__).parents[1] / "docs" / "reference"

_WIDTH = 88
_NOTE = "<!-- Written by dev/generate_reference.py; change the code and run it again. -->"
_ON_COMMANDS = (
    "`overt` and `python -m overt` are the same program.\n"
    "Messages go to standard error and what was asked for to standard output.\n"
    "Colour repeats what words say, and is left out without a terminal or with `NO_COLOR`."
)
_ON_DEPLOYMENTS = (
    "One TOML file, in UTF-8, names everything a deployment needs and is.\n"
    "`overt deployment new` writes one to fill in, and `overt deployment check` lists "
    "everything that is wrong in one.\n"
    "Paths in it begin from the folder it is in.\n"
    "Settings that are not listed here are refused."
)
_ON_POLICIES = (
    "A policy is what was decided before any deployment: for which purposes, about whom, "
    "from which pictures, on what evidence.\n"
    "A deployment file names one that comes with Overt, or a file of your own.\n"
    "Its version and hash stand on every alert.\n"
    "No policy can permit scraped pictures, a category that covers anybody, or a row "
    "without its reason and lawful basis."
)
_KINDS: Mapping[object, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    AwareDatetime: "time with its zone",
}


def commands() -> str:
    """Return the page on every command, with its help."""
    blocks = [
        "# Commands",
        _NOTE,
        _ON_COMMANDS,
        "## Exit status",
        _table(
            ("status", "meaning"),
            [
                ("0", "done"),
                (str(REFUSED), "refused or failed; the message says why and what to do"),
                ("2", "the command line was not understood"),
                (str(FAULT), "a fault in Overt itself; `OVERT_DEBUG=1` shows where"),
                (str(STOPPED), "stopped by Ctrl-C"),
            ],
        ),
        "A command that has other statuses says so in its help.",
    ]
    for words, command in walk(typer.main.get_command(app), ("overt",)):
        context = typer.Context(command, info_name=" ".join(words), terminal_width=_WIDTH)
        blocks += [f"## {' '.join(words)}", f"```text\n{command.get_help(context).strip()}\n```"]
    return _page(blocks)


def walk(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command that can be run and its words, groups left out."""
    below = getattr(command, "commands", {})
    if not below:
        yield words, command
    for name, each in below.items():
        yield from walk(each, (*words, name))


def deployment_file() -> str:
    """Return the page on deployment files."""
    example = template(DeploymentKind.REHEARSAL, datetime(2024, 1, 19, 9, 30, tzinfo=UTC))
    blocks = [
        "# The deployment file",
        _NOTE,
        _ON_DEPLOYMENTS,
        *_settings(DeploymentSettings),
        "## The file that `overt deployment new` writes",
        f"```toml\n{example.strip()}\n```",
    ]
    return _page(blocks)


def policy_file() -> str:
    """Return the page on policy files and the policies that come with Overt."""
    blocks = [
        "# The policy file",
        _NOTE,
        _ON_POLICIES,
        *_settings(Policy),
    ]
    for name in shipped_policies():
        blocks += [f"## The policy {name}", *_described(Policy.shipped(name))]
    return _page(blocks)


def error_classes() -> str:
    """Return the page on every error that Overt raises on purpose."""
    tree = inspect.cleandoc(errors.__doc__ or "").partition("::\n\n")[2].partition("\n\nAn ")[0]
    blocks = [
        "# Errors",
        _NOTE,
        "Every error that reaches you has a message and, on the next line, what to do about it.",
        f"```text\n{inspect.cleandoc(tree)}\n```",
    ]
    for kind in every_error():
        blocks += [f"## {kind.__name__}", inspect.cleandoc(kind.__doc__ or "")]
    return _page(blocks)


def every_error(above: type[OvertError] = OvertError) -> Iterator[type[OvertError]]:
    """Yield every error class of `overt.errors`, a parent before its children."""
    yield above
    for kind in above.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield from every_error(kind)


def _described(policy: Policy) -> Iterator[str]:
    decision = policy.decision
    yield (
        f"Version: {policy.version}.\n"
        f"A deployment lasts at most {policy.max_window_hours:g} hours.\n"
        f"A watchlist holds at most {policy.watchlist_cap:,} references.\n"
        f"The threshold is the pack's for {decision.fpir_percent:g} % false positive "
        f"identifications, with {decision.min_agreeing_shots} shots that agree."
    )
    yield _table(
        ("use case", "purpose", "allowed by"),
        [(f"`{each.id}`", each.wording, each.paragraph) for each in policy.use_cases],
    )
    yield _table(
        ("category", "who", "priority", "individual authority", "responses"),
        [
            (
                f"`{each.id}`",
                each.wording,
                each.priority,
                "needed" if each.needs_individual_authority else "",
                "; ".join(each.expected_responses),
            )
            for each in policy.categories
        ],
    )
    yield _table(
        ("picture source", "what it is", "only for"),
        [
            (f"`{each.id}`", each.wording, ", ".join(f"`{one}`" for one in each.only_for))
            for each in policy.picture_sources
        ],
    )


def _settings(model: type[Section]) -> Iterator[str]:
    """Yield a heading, a sentence and a table for each section that `model` declares."""
    every = list(settings_of(model))
    for above in [None, *(setting for setting in every if setting.section)]:
        if above is None:
            yield "## At the top of the file"
        else:
            yield f"## {above.header}"
            yield above.description
        path = above.path if above else ()
        inside = [each for each in every if each.path[:-1] == path and not each.section]
        yield _table(("setting", "kind", "left out", "what belongs there"), map(_row, inside))


def _row(setting: Setting) -> tuple[str, str, str, str]:
    return (
        f"`{setting.path[-1]}`",
        _kind(setting),
        _when_left_out(setting),
        setting.description,
    )


def _kind(setting: Setting) -> str:
    if setting.choices:
        return "one of " + ", ".join(f"`{word}`" for word in setting.choices)
    return _words(setting.field.annotation)


def _words(annotation: Any) -> str:
    if annotation in _KINDS:
        return _KINDS[annotation]
    inside = _words(get_args(annotation)[0])
    return f"list of {inside}" if get_origin(annotation) in {list, tuple} else inside


def _when_left_out(setting: Setting) -> str:
    default = setting.field.default
    if default is PydanticUndefined:
        return "refused"
    return f"`{default}`" if default not in {None, ()} else ""


def _table(head: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _page(blocks: Sequence[str]) -> str:
    return "\n\n".join(blocks) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands,
    "deployment-file.md": deployment_file,
    "policy.md": policy_file,
    "errors.md": error_classes,
}


def main(*, check: bool) -> int:
    """Write every page, or with `check` say which differ, and return an exit status."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    status = 0
    for name, page in PAGES.items():
        path, text = FOLDER / name, page()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        if check:
            sys.stderr.write(f"docs/reference/{name} is out of date: run {sys.argv[0]}\n")
            status = 1
        else:
            path.write_text(text, "utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))

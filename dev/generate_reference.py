"""Write `docs/reference/`: commands, files, errors, audit events, logs and the API, from the code.

Run `python dev/generate_reference.py` after changing any of them; a test holds that what is
committed is what this writes. `--check` writes nothing and exits with 1 where they differ.
"""

import inspect
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import typer
from pydantic import AwareDatetime
from pydantic_core import PydanticUndefined

from overt import errors
from overt.audit.events import Salted, every_event
from overt.cli.app import app
from overt.cli.boundary import FAULT, REFUSED, STOPPED
from overt.deployment.policy import Policy, shipped_policies
from overt.deployment.schema import Section, Setting, settings_of
from overt.deployment.settings import DeploymentSettings
from overt.deployment.template import template
from overt.errors import OvertError
from overt.logs.allowed import hints as hints_of
from overt.logs.allowed import mark_of
from overt.logs.events import every_event as every_log_event
from overt.publication.columns import COLUMNS, PARTS
from overt.publication.exported import CAN_BE_READ
from overt.publication.exported_met import MET_DEFINITIONS
from overt.publication.reconcile import CHECKS
from overt.vocabulary import DeploymentKind
from overt.web.app import described
from overt.web.failures import PROBLEMS
from overt.web.paths import ROOT as API_ROOT

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
    "Settings that are not listed here are refused.\n"
    "A live deployment needs `unit`, `expected_faces`, `[intelligence]` and every `[[assessment]]` "
    "of its policy besides; a rehearsal needs none of them."
)
_ON_POLICIES = (
    "A policy is what was decided before any deployment: for which purposes, about whom, "
    "from which pictures, on what evidence, who authorises and sees what, and how long it is "
    "kept.\n"
    "A deployment file names one that comes with Overt, or a file of your own.\n"
    "Its version and hash stand on every alert.\n"
    "No policy can permit scraped pictures, a category that covers anybody, children or "
    "vulnerable people without a decision about each, a row without its reason and lawful basis, "
    "faces shown to auditors and administrators, or a kept face that raised no alert.\n"
    "A live threshold is never below the pack's floor in `[[threshold_floor]]`; a pack that has "
    "none there may not go below its own measured table at `[decision] fpir`."
)
_ON_RECORDS = (
    "What is published of a deployment: numbers only, and nothing about one person.\n"
    "`overt publish record` writes it, and [publish the record](../how-to/publish-the-record.md) "
    "says how.\n"
    "One row is one period of a deployment under one decision threshold; a changed threshold "
    "begins another row.\n"
    "A definition that changes raises `layout_version`, and a record under other definitions is "
    "never added to one under these."
)
_ON_LAYOUTS = (
    "| format | what it is |\n"
    "| --- | --- |\n"
    "| `csv` | RFC 4180, UTF-8, one row a period; unknown cells are empty. |\n"
    "| `json` | Canonical (RFC 8785): `schema`, `version`, `standing` and `rows`; decimals are "
    "texts, so that no digit is lost, and unknown values are null. |\n"
    "| `html` | A page to print, which shows the same cells; it loads nothing. |\n"
    "| `met-csv` | The Metropolitan Police's columns, for final records only. |\n\n"
    "A cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return would be a formula to "
    "a spreadsheet, so that an apostrophe is put before it; a cell that begins with apostrophes "
    "and then one of these gets one more.\n"
    "Reading takes one away again.\n\n"
    "Rates and intervals are in per cent with six places, rounded half up and never cut off: "
    "1 of 1,123 is 0.089047 %.\n"
    "Each stands beside its count and its total; intervals are Wilson's at 95 %.\n"
    "Times have their offset from UTC; `window_start` has the place's own."
)
_ON_MET = (
    "The sixteen columns of the record that the Metropolitan Police have published since 2023, in "
    "their order, each made from ours.\n"
    "They have no place that says provisional or without an outcome, so that such a record is "
    "refused in this format."
)
_ON_CHECKS = (
    "A record is written only if every one of these holds, and `overt publish check` holds a file "
    "against all but the last, which needs the audit log.\n"
    "Each contradiction is named with its row, the heading being row 1.\n"
    "A file in the Metropolitan Police's columns is checked as `overt publish examine` does."
)
_ON_EVENTS = (
    "Every entry of [the audit log](audit-log.md) is one of these events; what an entry is of "
    "stands in its `event`, and the fields listed here in its `data`.\n"
    "A salted reference stands for a person, a listed subject or somebody's own words, and is "
    "all that the log holds of them."
)
_ON_LOGS = (
    "`overt serve`, `overt run` and `overt deployment start` say on standard error what happens: "
    "as words with `--log-format text`, or with `json` as one JSON object a line.\n"
    "`OVERT_LOG` and `OVERT_LOG_LEVEL` stand for `--log-format` and `--log-level`.\n"
    "`overt serve` writes words on a terminal and JSON elsewhere, from `info` on.\n"
    "The other two have a view of their own and write warnings in words; with `--log-format json` "
    "the log takes the view's place.\n"
    "[Two logs](../explanation/two-logs.md) says how this differs from the audit log."
)
_ON_LOG_LINES = (
    "Every line has `at` (UTC, ISO 8601), `level` (`info`, `warning` or `error`) and `event`, and "
    "the fields listed below; a field that says nothing is left out.\n"
    "A text that has not the form of its field is replaced by `(withheld)`.\n"
    "A name that people chose is cut at 64 characters; addresses in it are cut to their scheme, "
    "and line ends and other control characters are escaped."
)
_ON_API = (
    "The HTTP API does what the command line does, with the same permissions, for a console.\n"
    "`overt serve` serves it as JSON over plain HTTP on this machine alone; a proxy that adds TLS "
    "brings it to others, with `--behind-proxy`.\n"
    "[The decision record](../decisions/0015-http-api.md) says why it is as it is."
)
_ON_SIGNING_IN = (
    "`POST /api/v1/session` with `name`, `password` and `code`, the one-time code, returns a "
    "`token` for 12 hours.\n"
    "Send it with every request as `Authorization: Bearer TOKEN`, and end it with "
    "`DELETE /api/v1/session`.\n"
    "Without a token every other path answers 401, whether or not it exists.\n"
    "Whoever is signed in finds the whole description, in OpenAPI 3.1, at "
    "`/api/v1/openapi.json`; each operation names its act there as `x-overt-act`."
)
_ON_ROUTES = (
    "All paths begin with `/api/v1`.\n"
    "The act is what the table of permissions is asked for; the role is asked for before anything "
    "is looked up, and then whether the thing is the person's own or their unit's.\n"
    "Ids are given whole.\n"
    "Drafting and starting a deployment, exporting the log and backing up the record have no "
    "route: they read and write files and own cameras, and belong to the command line."
)
_ON_ANSWERS = (
    'Every error is `{"message": ..., "remedy": ...}`, and nothing that was sent is quoted in '
    "it.\n"
    "A body is at most 64 KiB, fields that are not known are refused, and texts hold no control "
    "characters.\n"
    "No answer may be kept by a browser or a proxy."
)
_KINDS: Mapping[object, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    AwareDatetime: "time with its zone",
    date: "date",
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


def audit_events() -> str:
    """Return the page on every event of the audit log."""
    blocks = ["# Audit events", _NOTE, _ON_EVENTS]
    for kind in every_event():
        hints = get_type_hints(kind, include_extras=True)
        rows = [(f"`{name}`", _stands(hint)) for name, hint in hints.items() if name != "tag"]
        blocks += [f"## {kind.tag}", inspect.cleandoc(kind.__doc__ or "")]
        blocks += [_table(("field", "what stands there"), rows)]
    return _page(blocks)


def logs() -> str:
    """Return the page on every event of the log of what the program does."""
    blocks = ["# The log of the program", _NOTE, _ON_LOGS, "## A line", _ON_LOG_LINES]
    for kind in every_log_event():
        level = logging.getLevelName(kind.level).lower()
        blocks += [f"## {kind.name}", f"{inspect.cleandoc(kind.__doc__ or '')}\nLevel: `{level}`."]
        rows = [(f"`{name}`", _logged(hint)) for name, hint in hints_of(kind).items()]
        blocks += [_table(("field", "what stands there"), rows)] if rows else []
    return _page(blocks)


def _logged(hint: Any) -> str:
    mark, several = mark_of(hint), get_origin(hint) is tuple
    if mark is not None:
        return f"list of {mark.words}" if several else mark.words
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "one of " + ", ".join(f"`{word.value}`" for word in hint)
    return _words(hint)


def _stands(hint: Any) -> str:
    for mark in getattr(hint, "__metadata__", ()):
        if isinstance(mark, Salted):
            return f"salted reference ({mark.kind})"
    return _words(hint)


def deployment_record() -> str:
    """Return the page on the columns of a deployment's public record."""
    blocks = ["# The deployment record", _NOTE, _ON_RECORDS, "## Formats", _ON_LAYOUTS]
    for part, heading in PARTS.items():
        rows = [(f"`{each.name}`", each.words) for each in COLUMNS if each.part == part]
        blocks += [f"## {heading}", _table(("column", "what it says"), rows)]
    met = [(f"`{name}`", words) for name, words in MET_DEFINITIONS.items()]
    blocks += ["## The Metropolitan Police's columns", _ON_MET]
    blocks += [_table(("column", "made from"), met), "## Checks", _ON_CHECKS]
    checks = {CAN_BE_READ: "Every cell is written as its column says.", **CHECKS}
    held = [(f"`{name}`", words) for name, words in checks.items()]
    return _page([*blocks, _table(("check", "what it holds"), held)])


def http_api() -> str:
    """Return the page on the HTTP API."""
    routes = [
        (
            f"`{method.upper()} {path.removeprefix(API_ROOT)}`",
            f"`{operation['x-overt-act']}`" if "x-overt-act" in operation else "",
            operation["description"].partition("\n")[0],
        )
        for path, operations in described().openapi()["paths"].items()
        for method, operation in operations.items()
    ]
    statuses = [(f"{status}", str(said["description"])) for status, said in PROBLEMS.items()]
    return _page(
        [
            "# The HTTP API",
            _NOTE,
            _ON_API,
            "## Sign in",
            _ON_SIGNING_IN,
            "## Routes",
            _ON_ROUTES,
            _table(("route", "act", "what it does"), routes),
            "## Answers",
            _ON_ANSWERS,
            _table(("status", "meaning"), statuses),
        ]
    )


def _described(policy: Policy) -> Iterator[str]:
    decision = policy.decision
    yield (
        f"Version: {policy.version}.\n"
        f"A deployment lasts at most {policy.max_window_hours:g} hours.\n"
        f"A watchlist holds at most {policy.watchlist_cap:,} references.\n"
        f"The threshold is the pack's for {decision.fpir_percent:g} % false positive "
        f"identifications, with {decision.min_agreeing_shots} shots that agree."
    )
    yield "\n".join(_safeguards(policy))
    yield _table(
        ("impact assessment", "what is assessed"),
        [(f"`{each.id}`", each.wording) for each in policy.assessments],
    )
    yield _table(
        ("use case", "purpose", "allowed by"),
        [(f"`{each.id}`", each.wording, each.paragraph) for each in policy.use_cases],
    )
    yield _table(
        ("category", "who", "priority", "individual authority", "oldest picture", "responses"),
        [
            (
                f"`{each.id}`",
                each.wording,
                each.priority,
                "needed" if each.needs_individual_authority else "",
                f"{each.max_picture_age_days} days" if each.max_picture_age_days else "",
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


def _safeguards(policy: Policy) -> Iterator[str]:
    """Yield what the policy says of authority, review, retention and access, in sentences."""
    authority, kept, review = policy.authority, policy.retention, policy.review
    yield f"Urgently may authorise: {_or_nobody(authority.urgent_ranks)}."
    yield f"At a protest or a sensitive site: {_or_nobody(authority.sensitive_ranks)}."
    yield f"A review is due within {authority.review_due_days} days."
    yield (
        f"An alert is late after {review.late_after_s} s and unanswered after "
        f"{review.unanswered_after_s} s; it takes {'two people' if review.two_person else 'one'} "
        "to find it viable."
    )
    yield (
        f"After the end the list is kept for {kept.list_hours:g} hours, alerts for "
        f"{kept.alerts_days:g} days and false ones for {kept.false_alerts_hours:g} hours; the "
        f"audit log is kept for {kept.log_months} months."
    )
    yield f"Faces may be seen by: {_or_nobody(policy.access.faces)}."
    yield f"Names may be seen by: {_or_nobody(policy.access.watchlist_names)}."


def _or_nobody(words: Sequence[str]) -> str:
    return ", ".join(words) or "nobody"


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
        several = get_origin(setting.field.annotation) is tuple
        words = ", ".join(f"`{word}`" for word in setting.choices)
        return f"list, each one of {words}" if several else f"one of {words}"
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
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
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
    "audit-events.md": audit_events,
    "logs.md": logs,
    "deployment-record.md": deployment_record,
    "api.md": http_api,
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

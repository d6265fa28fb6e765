"""`overt audit`: read the log, hand it to outsiders, and hold it against itself."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from overt.people.office import Office

_LONG_HEX = re.compile(r"\b[0-9a-f]{21,}\b")  # ids and hashes
_UNSAID = {"listed"}
"""Kinds of reference that stay references: auditors and administrators look at no list."""


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help="Read, export and verify the audit log.")
    group.command("log")(log)
    group.command("export")(export)
    group.command("verify")(verify)
    group.command("key")(key)
    app.add_typer(group, name="audit")


def log(
    *,
    last: Annotated[
        int, typer.Option(min=1, max=100_000, help="How many entries, the latest ones.")
    ] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Show the latest entries of the log.

    People's names are shown for as long as they are kept.
    """
    from overt.cli import screen
    from overt.cli.signed_in import signed_in

    with signed_in() as (office, person):
        _demand_seeing(office, person)
        found = list(_entries(office, last))
    if as_json:
        screen.print_json(found)
        return
    headings = ("no.", "when (UTC)", "who", "what", "of what")
    rows = (
        (
            str(each["index"]),
            each["at"].partition(".")[0].replace("T", " "),
            each["by"],
            each["event"],
            "; ".join(
                f"{name.replace('_', ' ')} {_brief(value)}" for name, value in each["data"].items()
            ),
        )
        for each in found
    )
    screen.out().print(screen.columns(headings, rows))


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is new or empty.")],
) -> None:
    """Write the log out for outsiders.

    They verify it with overt-verify and the log's key: overt audit key.
    """
    from overt.audit.events import LogExported
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.errors import AuditError
    from overt.people.permissions import Thing
    from overt.vocabulary import Act

    with signed_in() as (office, person):
        office.demand(person, Act.AUDIT_EXPORT, Thing("log"))
        _demand_empty(folder)
        office.note(LogExported(office.record.journal.tree().size + 1), by=person)
        try:
            entries = office.log.export(folder)
        except OSError as error:
            raise AuditError(
                f"The log cannot be written there: {error.strerror}.",
                remedy="Check the folder's permissions and the free space.",
            ) from None
    screen.say(f"Wrote {entries:,} entries to {folder}.")
    screen.say(
        f"Whoever has the log's key verifies them: overt-verify {folder} --key KEY "
        "(overt audit key shows it)"
    )


def verify(
    *,
    retained: Annotated[
        list[Path] | None,
        typer.Option(help="Checkpoints kept outside: a file or a witness folder; several times."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Verify the log in the record, as overt-verify does.

    Ends with status 1 if it has been altered.
    Whoever could alter this machine could alter this command too: for a proof, run overt-verify
    elsewhere, on an export, with checkpoints that were kept there.
    """
    import overt_verify
    from overt.cli.signed_in import signed_in

    with signed_in() as (office, person):
        _demand_seeing(office, person)
        arguments = [str(office.record.path), "--key", office.log.verifier]
    if retained:
        arguments += ["--retained", *map(str, retained)]
    overt_verify.main([*arguments, "--json"] if as_json else arguments)


def key() -> None:
    """Show the key by which others verify the log.

    Give it to them before they need it.
    """
    from overt.cli import screen
    from overt.cli.signed_in import signed_in

    with signed_in() as (office, person):
        _demand_seeing(office, person)
        screen.say(office.log.verifier)


def _demand_seeing(office: "Office", person: Any) -> None:
    from overt.people.permissions import Thing
    from overt.vocabulary import Act

    office.demand(person, Act.AUDIT_SEE, Thing("log"))


def _demand_empty(folder: Path) -> None:
    from overt.errors import AuditError

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise AuditError(f"{folder} is there and not empty.", remedy="Name a folder that is new.")


def _entries(office: "Office", last: int) -> Iterator[dict[str, Any]]:
    size = office.record.journal.tree().size
    for _, leaf in office.record.journal.entries(max(0, size - last)):
        entry = json.loads(leaf)
        data = {name: _resolved(office, entry["event"], it) for name, it in entry["data"].items()}
        by = _resolved(office, entry["event"], entry["by"])
        yield {name: entry[name] for name in ("index", "at", "event")} | {"by": by, "data": data}


def _resolved(office: "Office", event: str, value: Any) -> Any:
    """Return a value, or what a reference stands for while its salt is kept."""
    from overt.cli.signed_in import account_name

    if not isinstance(value, str) or not value.startswith("ref:"):
        return value
    kind, content = office.record.journal.resolve(value) or ("", "")
    if not kind or kind in _UNSAID:
        return value
    if kind == "person":
        return account_name(office, content)
    # People type passwords where names belong: only a name that is one is shown.
    known = event != "session.refused" or office.record.accounts.named(content) is not None
    return content if known else value


def _brief(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return _LONG_HEX.sub(lambda found: f"{found[0][:12]}…", text)

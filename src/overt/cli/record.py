"""`overt record back-up`: copy the record, without the keys that open it."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help="Look after the record.")
    group.command("back-up")(back_up)
    group.callback()(_several)
    app.add_typer(group, name="record")


def _several() -> None:
    """Keep the group a group: Typer would make one command of it."""


def back_up(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write; a new one.")],
) -> None:
    """Copy the record as it is now. Its keys are not in the copy, and are kept elsewhere.

    What is deleted later cannot be opened from the copy either, because its key is destroyed.
    """
    from overt.audit.events import RecordBackedUp
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.errors import StorageError
    from overt.people.permissions import Thing
    from overt.vocabulary import Act

    with signed_in() as (office, person):
        office.demand(person, Act.RECORD_BACK_UP, Thing("record"))
        if path.exists():  # before the log says that it was done
            raise StorageError(f"{path} is there already.", remedy="Choose another name.")
        if not path.absolute().parent.is_dir():  # a disk that is not mounted, more likely than not
            raise StorageError(
                f"There is no folder {path.parent}.", remedy="Mount its disk, or make the folder."
            )
        office.note(RecordBackedUp(office.record.journal.tree().size + 1), by=person)
        office.record.back_up(path)
    screen.say(f"Copied the record to {path}.")

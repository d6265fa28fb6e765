"""Brings the tables of a record up to this version of Overt, or refuses to touch them.

The migrations are Alembic's and live beside this module; nobody needs an `alembic.ini`.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from overt.errors import StorageError

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(connection: Connection) -> None:
    """Apply the migrations that are missing, inside the transaction of `connection`.

    Raises:
        StorageError: the record was written by a newer version of Overt.
    """
    found, wanted = _revisions(connection)
    if found == wanted:
        return
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def demand_current(connection: Connection) -> None:
    """Check that the record needs no migration, for those who may not write.

    Raises:
        StorageError: it was written by another version, older or newer.
    """
    found, wanted = _revisions(connection)
    if found != wanted:
        raise StorageError(
            "The record was begun by an older version of Overt.",
            remedy="Open it once for writing, which any run does, and it is brought up to date.",
        )


def _revisions(connection: Connection) -> tuple[str | None, str | None]:
    script = ScriptDirectory(str(MIGRATIONS))
    found = MigrationContext.configure(connection).get_current_revision()
    known = {revision.revision for revision in script.walk_revisions()}
    if found is not None and found not in known:
        raise StorageError(
            "The record was written by a newer version of Overt than this one.",
            remedy="Install that version or a later one.",
        )
    return found, script.get_current_head()

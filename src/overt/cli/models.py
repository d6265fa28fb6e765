"""`overt models`: pull, list, verify and add model packs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from overt.vision.store import ModelStore


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help="Pull, list, verify and add model packs.")
    group.command("pull")(pull)
    group.command("list")(list_packs)
    group.command("verify")(verify)
    group.command("add")(add)
    app.add_typer(group, name="models")


def pull(
    name: Annotated[str, typer.Argument(help="The pack.")] = "standard",
    *,
    archives: Annotated[
        Path | None,
        typer.Option("--from", help="A folder that holds the archives, for a machine offline."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Fetch what is there already as well.")
    ] = False,
) -> None:
    """Fetch a pack's files.

    Each is checked against its pinned hash, or refused.
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    from overt.cli import screen
    from overt.vision.pull import pull as pull_pack

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=screen.out(), transient=True) as bars:
        tasks = {}

        def show(archive: str, done: int, total: int) -> None:
            if archive not in tasks:
                tasks[archive] = bars.add_task(archive, total=total or None)
            bars.update(tasks[archive], completed=done, total=total or None)

        fetched = pull_pack(_store(), name, archives=archives, force=force, progress=show)
    what = f"Fetched {fetched} files" if fetched else "Nothing to fetch"
    screen.out().print(f"{what}: the pack {name} is complete and every hash is as pinned.")


def list_packs(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """List the packs that are known, and whether each is complete."""
    from rich.table import Table

    from overt.cli import screen

    store = _store()
    packs = sorted(store.manifests().items())
    complete = {name: not any(state.problem for state in store.verify(name)) for name, _ in packs}
    licences = {name: sorted({file.licence for file in pack.file}) for name, pack in packs}
    if as_json:
        screen.print_json(
            [
                {
                    "name": name,
                    "pack_id": pack.pack_id,
                    "title": pack.title,
                    "complete": complete[name],
                    "licences": licences[name],
                }
                for name, pack in packs
            ]
        )
        return
    table = Table("pack", "what it is", "licences", "in the store", box=None)
    for name, pack in packs:
        state = "complete" if complete[name] else "not complete"
        table.add_row(name, pack.title, ", ".join(licences[name]), state)
    screen.out().print(table)


def verify(
    name: Annotated[str, typer.Argument(help="The pack.")] = "standard",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Hash a pack's files again, and say what is missing or changed."""
    from overt.cli import screen

    states = _store().verify(name)
    if as_json:
        screen.print_json(
            [
                {"file": state.file.name, "sha256": state.file.sha256, "problem": state.problem}
                for state in states
            ]
        )
    else:
        for state in states:
            screen.out().print(state.problem or f"{state.file.name}: as pinned.", soft_wrap=True)
    if any(state.problem for state in states):
        raise typer.Exit(1)


def add(
    manifest: Annotated[
        str, typer.Argument(help="A pack's manifest (TOML), or a known pack's name.")
    ],
    files: Annotated[
        Path | None, typer.Option(help="The folder with the files; else beside the manifest.")
    ] = None,
) -> None:
    """Take in a pack whose files you have.

    Each must have the hash that its manifest pins.
    """
    from overt.cli import screen

    store = _store()
    if manifest in store.manifests():
        added = store.add_files(store.manifest(manifest), files or Path())
    else:
        added = store.add(Path(manifest), files or Path(manifest).parent)
    screen.out().print(f"The pack {added.name} is complete: {added.pack_id}.")


def _store() -> "ModelStore":
    from overt.home import Home
    from overt.vision.store import ModelStore

    return ModelStore(Home.current().models)

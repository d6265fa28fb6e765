"""How long work goes, on standard error, so that it never mixes with what was asked for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """Give what is to be told how many of how many are done; a bar shows it on a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from overt.cli import screen

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = screen.err()
    quiet = not console.is_terminal  # where it would leave an empty line
    with Progress(*columns, console=console, transient=True, disable=quiet) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)

"""What every section is given: where the data is, where to keep things, how much time to take."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from overt.errors import OvertError
from overt.home import Home
from overt.vision.store import ModelStore, Pack


class MissingError(OvertError):
    """Something that a section measures with is not there; the section is skipped."""


class BenchHome(Home):
    """Keeps its record in a folder of the benchmark's, and takes models from the user's store."""

    @property
    def models(self) -> Path:
        """The user's own model store."""
        return Home.current().models


@dataclass(frozen=True)
class Context:
    """One run of the benchmark."""

    data: Path
    cache: Path
    quick: bool
    peer_python: Path
    annotations: Path | None = None
    soak_s: float = 1800.0
    console: Console = field(default_factory=lambda: Console(stderr=True))

    @property
    def home(self) -> BenchHome:
        """Where this benchmark's record lies."""
        return BenchHome(self.cache)

    @cached_property
    def pack(self) -> Pack:
        """The standard model pack.

        Raises:
            ModelError: it has not been pulled.
        """
        return ModelStore(self.home.models).load("standard")

    def need(self, part: str) -> Path:
        """Return the path of a part of the data beside the project.

        Raises:
            MissingError: it is not there.
        """
        path = self.data / part
        if not path.exists():
            raise MissingError(
                f"There is no {part} in the data folder {self.data}.",
                remedy="Set OVERT_DATA, or give --data, to the folder that holds it.",
            )
        return path.absolute()

    @contextmanager
    def progress(self, label: str) -> Iterator[Callable[[int, int], None]]:
        """Show a bar while the block runs; what is yielded takes how many are done, of how many."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console, transient=True) as bars:
            task = bars.add_task(label, total=None)
            yield lambda done, total: bars.update(task, completed=done, total=total)


def default_data() -> Path:
    """Return the data folder that the environment names, or the one beside the project."""
    return Path(os.environ.get("OVERT_DATA", Path(__file__).parents[1] / "../shared/data"))

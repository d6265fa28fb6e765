"""What every section of the benchmark gives: claims that hold or do not, and tables of figures."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing the project says of itself, and what was found.

    `met` is None where the figure is shown and not judged.
    """

    what: str
    wanted: str
    found: str
    met: bool | None


@dataclass(frozen=True, slots=True)
class Grid:
    """A table for people; `note` says what one has to know to read it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


class Result(Protocol):
    """A section's result: a dataclass, so that it can be written as JSON, that can show itself."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def claims(self) -> Iterable[Claim]:
        """Return what is claimed of this section."""

    def grids(self) -> Iterable[Grid]:
        """Return the figures."""

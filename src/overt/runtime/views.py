"""What whoever watches a run is told."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from overt.runtime.messages import CameraState, Ended, Picture
from overt.storage import AlertRecord


@dataclass(frozen=True, slots=True)
class Listed:
    """What is searched: counts of people, references and refused rows, and the threshold.

    `beyond_measured` is True where the pack measured its thresholds for smaller lists only,
    so that this one's false positive rate is higher than the policy asks for.
    """

    subjects: int
    references: int
    refused: int
    threshold: float
    beyond_measured: bool


class RunView(Protocol):
    """Whoever watches a run: a terminal, a log, a test. Called by one thread."""

    def enrolling(self, done: int, entries: int) -> None:
        """So many entries of the list are enrolled."""

    def listed(self, listed: Listed) -> None:
        """The list is ready to be searched."""

    def alert(self, record: AlertRecord) -> None:
        """An alert has been committed."""

    def state(self, state: CameraState) -> None:
        """A camera says how it is doing."""

    def ended(self, ended: Ended) -> None:
        """A camera has come to its end."""


@runtime_checkable
class PictureView(RunView, Protocol):
    """Whoever also watches the cameras' pictures, now and then."""

    def watched(self) -> bool:
        """Tell whether anybody watches now; asked again and again."""

    def picture(self, picture: Picture) -> None:
        """A camera shows what it sees, as people may see it."""


@runtime_checkable
class NoteView(RunView, Protocol):
    """Whoever is also told what concerns the whole run and is no camera's."""

    def noted(self, words: str) -> None:
        """Something happened that people should know; in plain words."""

"""What whoever watches a run is told."""

from typing import Protocol

from overt.runtime.messages import CameraState, Ended
from overt.storage import AlertRecord
from overt.values import Watchlist


class RunView(Protocol):
    """Whoever watches a run: a terminal, a log, a test. Called by one thread."""

    def enrolling(self, done: int, entries: int) -> None:
        """So many entries of the list are enrolled."""

    def enrolled(self, watchlist: Watchlist, refused: int, threshold: float) -> None:
        """The list is ready; so many of its rows were refused."""

    def alert(self, record: AlertRecord) -> None:
        """An alert has been committed."""

    def state(self, state: CameraState) -> None:
        """A camera says how it is doing."""

    def ended(self, ended: Ended) -> None:
        """A camera has come to its end."""

    def quiet(self) -> None:
        """A moment has passed."""

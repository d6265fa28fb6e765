"""Whether a run may go on searching, asked of the record again and again while it runs.

A rehearsal on recordings may run at any time. An authorised deployment may search only while
it is live, inside its window, before any urgent deadline, and until somebody says stop; what is
said on another machine's screen counts as soon as it is on record (requirements R-6, R-15, R-52).
"""

from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import Protocol

from overt.people.office import Office
from overt.storage import DeploymentRow
from overt.vocabulary import DeploymentState

_WITHDRAWALS_S = 1.0  # a sixtieth of what R-15 allows


class Standing(Protocol):
    """What a run asks before it goes on."""

    def why_not(self) -> str:
        """Return why nothing may be searched any more, in words of ours; empty if it may."""

    def withdrawn(self) -> frozenset[str]:
        """Return the subjects whose entries have been withdrawn since it was last asked."""

    def is_withdrawn(self, subject_id: str) -> bool:
        """Tell whether an entry has been withdrawn by now."""


class Rehearsed:
    """A rehearsal that nobody had to authorise: only whoever runs it stops it."""

    def why_not(self) -> str:
        """See `Standing.why_not`."""
        return ""

    def withdrawn(self) -> frozenset[str]:
        """See `Standing.withdrawn`."""
        return frozenset()

    def is_withdrawn(self, subject_id: str) -> bool:  # noqa: ARG002
        """See `Standing.is_withdrawn`."""
        return False


class Authorised:
    """A deployment that was authorised, as the record has it at this moment.

    Its window is over when the clock says so, and no later than it would have been by the
    monotonic one: a clock that is moved back gives nobody more time.
    """

    def __init__(
        self,
        office: Office,
        row: DeploymentRow,
        monotonic_s: Callable[[], float] = monotonic,
    ) -> None:
        self._office = office
        self._row = row
        self._monotonic_s = monotonic_s
        self._known: frozenset[str] = frozenset()
        self._asked_s = 0.0
        self._since, self._since_s = office.now(), monotonic_s()

    def why_not(self) -> str:
        """See `Standing.why_not`."""
        state, end, stop = self._office.record.deployments.standing(self._row.deployment_id)
        if state is not DeploymentState.LIVE:
            return f"the deployment is {state}"
        if stop is not None:
            return "somebody told it to stop"
        return "the authority's window ended" if self._is_over(end) else ""

    def _is_over(self, end: datetime) -> bool:
        now = self._office.now()
        if not self._row.window_start <= now < end:
            return True
        passed_s = self._monotonic_s() - self._since_s
        return passed_s >= (end - self._since).total_seconds()

    def withdrawn(self) -> frozenset[str]:
        """See `Standing.withdrawn`; asked at most once a second, since it opens entries."""
        if monotonic() - self._asked_s < _WITHDRAWALS_S:
            return frozenset()
        self._asked_s = monotonic()
        now = self._office.record.watchlists.withdrawn(self._row.watchlist_id)
        new, self._known = now - self._known, now
        return new

    def is_withdrawn(self, subject_id: str) -> bool:
        """See `Standing.is_withdrawn`."""
        return self._office.record.watchlists.is_withdrawn(self._row.watchlist_id, subject_id)


class Stop:
    """Says when a run is to stop, and remembers why."""

    def __init__(self, standing: Standing, asked: Callable[[], bool], words: str) -> None:
        """`words` are the reason where it is not the standing that ends but somebody who `asked`."""
        self._standing = standing
        self._asked = asked
        self._words = words
        self.reason = ""

    def __call__(self) -> bool:
        """Tell whether to stop now."""
        self.reason = self._standing.why_not() or (self._words if self._asked() else "")
        return bool(self.reason)

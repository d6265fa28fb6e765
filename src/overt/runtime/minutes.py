"""Numbers by the minute, for a day at most: faces seen and alerts, and nothing about anybody."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_MINUTE = timedelta(minutes=1)
_KEPT = 24 * 60


@dataclass(frozen=True, slots=True)
class Minute:
    """How many faces were seen, and how many alerts raised, in the minute that begins `at`."""

    at: datetime
    faces_seen: int = 0
    alerts: int = 0


class Minutes:
    """Counts by the minute. For use by one thread at a time."""

    def __init__(self) -> None:
        self._counted: dict[datetime, Minute] = {}

    def count(self, now: datetime, *, faces_seen: int = 0, alerts: int = 0) -> None:
        """Add to the minute that it is; what is older than a day is forgotten."""
        at = _begin(now)
        before = self._counted.get(at, Minute(at))
        self._counted[at] = Minute(at, before.faces_seen + faces_seen, before.alerts + alerts)
        for old in [each for each in self._counted if at - each >= _KEPT * _MINUTE]:
            del self._counted[old]

    def until(self, now: datetime | None = None) -> list[Minute]:
        """Return every minute from the first, empty ones too, to now or to the last counted."""
        if not self._counted:
            return []
        last = max(self._counted) if now is None else max(*self._counted, _begin(now))
        first = max(min(self._counted), last - (_KEPT - 1) * _MINUTE)
        moments = (first + number * _MINUTE for number in range((last - first) // _MINUTE + 1))
        return [self._counted.get(at, Minute(at)) for at in moments]


def _begin(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)

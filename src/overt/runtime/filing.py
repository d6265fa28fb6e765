"""Putting an alert on record: sealed under a key of its own, in one commit with its log entry.

Whether the authority still covers it is asked inside that same commit, so that no alert is
raised after a stop, a withdrawal or a window's end is on record (requirements R-6, R-15, R-52).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from math import inf
from time import monotonic

from overt.audit.events import AlertNotRaised, AlertRaised
from overt.logs import events as logs
from overt.logs import tell
from overt.people.office import Office
from overt.runtime.alert_keys import AlertKeys
from overt.runtime.standing import Standing
from overt.storage import AlertRecord, Filing
from overt.values import Alert

PATIENCE_S = 60.0
"""So long a run waits for somebody else who writes the record, such as a list of 100,000, before it
ends over it."""


@dataclass(frozen=True, slots=True)
class FiledUnder:
    """What a run's alerts are filed under; `deadline` says until when one raised now is kept.

    `to_officers` says that officers are told before anybody has decided, as a policy may ask.
    `seeded` are the ids of the list's test subjects, whose alerts are counted apart (R-53).
    """

    run_id: str
    watchlist_id: str
    deadline: Callable[[], datetime]
    to_officers: bool = False
    seeded: frozenset[str] = frozenset()


class AlertFiling:
    """Commits the alerts of one run. For use by one thread."""

    def __init__(self, office: Office, standing: Standing, under: FiledUnder) -> None:
        self._office = office
        self._record = office.record
        self._standing = standing
        self._under = under
        self._keys = AlertKeys(office.keys)

    def commit(self, alert: Alert, until_s: float = inf) -> AlertRecord | None:
        """Put an alert on record, or on the log why it is not raised, and return it if it is.

        An alert that is there already stays as it is, with the one entry that it has. After
        `until_s`, by the monotonic clock, what it saw is no longer live (promise R4): whoever else
        wrote the record meanwhile may have taken that long.

        Raises:
            AuditError, StorageError: it cannot be written; it is not raised, and nobody sees it.
        """
        if self._record.alerts.standing(alert.alert_id) is not None:
            return self._record.alerts.find(alert.alert_id)
        filing = Filing(
            key_id=self._keys.take(),
            entry=self._record.watchlists.pseudonym(alert.candidate.subject_id),
            erase_after=self._under.deadline(),
            to_officers=self._under.to_officers,
        )
        with self._record.together(patience_s=PATIENCE_S):
            why = self._why_not(alert, until_s)
            if why:
                self._keys.put_back(filing.key_id)
                event = AlertNotRaised(self._under.run_id, alert.camera, why)
                self._office.log.write(event)
                tell(logs.AlertNotRaised(alert.camera, why))
                return None
            stored = self._record.alerts.add(self._under.run_id, alert, filing)
            self._office.log.write(self._raised(alert))
        return stored

    def make_ready(self) -> None:
        """Make keys for alerts to come, in a moment in which none waits."""
        self._keys.make_ahead()

    def close(self) -> None:
        """Destroy the keys that were made for alerts that never came."""
        self._keys.destroy_unused()

    def _why_not(self, alert: Alert, until_s: float) -> str:
        if why := self._standing.why_not():
            return why
        if monotonic() > until_s:
            return "its picture was no longer live"
        withdrawn = self._standing.is_withdrawn(alert.candidate.subject_id)
        return "the entry has been withdrawn" if withdrawn else ""

    def _raised(self, alert: Alert) -> AlertRaised:
        return AlertRaised(
            alert=alert.alert_id,
            run=self._under.run_id,
            camera=alert.camera,
            captured_at=alert.captured_at.isoformat(),
            watchlist=self._under.watchlist_id,
            subject=alert.candidate.subject_id,
            comparison_score=float(alert.candidate.comparison_score),
            normalised_score=float(alert.candidate.normalised_score),
            threshold=float(alert.threshold),
            pack=alert.pack_id,
            crop_sha256=sha256(alert.crop_jpeg).hexdigest(),
            seeded=alert.candidate.subject_id in self._under.seeded,
        )

"""What has to stand before a camera may be opened: the models, the list and the threshold."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from overt.deployment.file import Deployment
from overt.errors import OvertError
from overt.matching.gallery import Gallery
from overt.runtime.jobs import Matching, beyond_measured, decision_policy, list_rules
from overt.runtime.views import Listed, RunView
from overt.storage import Record
from overt.values import Watchlist
from overt.vision.store import Pack
from overt.watchlist.enrolment import EnrolmentReport, load_or_enrol
from overt.watchlist.entries import CheckedList, ListSource, check_list


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A deployment's list, enrolled and ready to be searched; its pictures stay in the record."""

    pack: Pack
    watchlist_id: str
    listed: Listed
    gallery: Gallery
    matching: Matching


class Enrolling:
    """Shows how enrolment goes, and cuts it short when asked to: a long list takes minutes."""

    def __init__(self, view: RunView, should_stop: Callable[[], bool]) -> None:
        self.view = view
        self._should_stop = should_stop

    def __call__(self, done: int, entries: int) -> None:
        """Take in that so many of the list's entries are enrolled.

        Raises:
            OvertError: somebody asks to stop.
        """
        self.view.enrolling(done, entries)
        if self._should_stop():
            raise OvertError(
                "Stopped while the watchlist was being enrolled.",
                remedy="No camera was opened and nothing was searched.",
            )


def prepare(deployment: Deployment, record: Record, pack: Pack, enrolling: Enrolling) -> Prepared:
    """Enrol a deployment's list, unless the record holds it, and choose the threshold.

    Raises:
        WatchlistError, ConfigurationError: the list or the policy cannot be used.
        StorageError: the record cannot be read or written.
        OvertError: it was cut short.
    """
    source = ListSource(
        deployment.watchlist,
        deployment.images,
        list_rules(deployment.policy, deployment.kind),
        datetime.now(UTC).date(),
    )
    checked = check_list(source)
    watchlist, report = load_or_enrol(record, checked, pack, enrolling)
    gallery = Gallery.of(watchlist)
    policy = decision_policy(deployment, pack, gallery)
    listed = Listed(
        subjects=len(watchlist.subjects),
        references=len(watchlist.references),
        refused=_refused(checked, watchlist, report),
        threshold=policy.threshold,
        beyond_measured=beyond_measured(deployment.decision, pack, gallery),
    )
    enrolling.view.listed(listed)
    return Prepared(pack, watchlist.watchlist_id, listed, gallery, Matching(pack, policy))


def _refused(checked: CheckedList, watchlist: Watchlist, report: EnrolmentReport | None) -> int:
    return len(report.results if report else checked.rows) - len(watchlist.references)

"""What has to stand before a camera may be opened: the models, the list and the threshold."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from overt.audit.log import SYSTEM
from overt.deployment.file import Deployment
from overt.errors import LifecycleError, OvertError
from overt.matching.decision import DecisionPolicy
from overt.matching.gallery import Gallery
from overt.people.office import Office
from overt.retention.erasure import REHEARSAL_KEPT
from overt.runtime.decoder import Decoder
from overt.runtime.jobs import Matching, beyond_measured, decision_policy, list_rules
from overt.runtime.views import Listed, RunView
from overt.storage import DeploymentRow
from overt.values import Watchlist
from overt.vision.store import Pack
from overt.watchlist.enrolment import EnrolmentReport, enrol
from overt.watchlist.entries import CheckedList, ListSource, check_list
from overt.watchlist.keeping import Keeping, load_or_keep


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A deployment's list, ready to be searched; its pictures stay in the record.

    `seeded` are the ids of its subjects who consented to be test subjects.
    """

    pack: Pack
    watchlist_id: str
    listed: Listed
    gallery: Gallery
    matching: Matching
    seeded: frozenset[str] = frozenset()


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


def checked_list(deployment: Deployment, now: datetime) -> CheckedList:
    """Read a deployment's list and sort its rows; no picture is opened.

    Raises:
        WatchlistError: the list or the folder of pictures cannot be read, or it is too long.
    """
    rules = list_rules(deployment.policy, deployment.kind)
    return check_list(ListSource(deployment.watchlist, deployment.images, rules, now.date()))


def enrolled(
    checked: CheckedList, pack: Pack, progress: Callable[[int, int], None]
) -> EnrolmentReport:
    """Enrol a list, its pictures decoded in a process of their own.

    Raises:
        OvertError: it was cut short.
    """
    with Decoder() as decoder:
        return enrol(checked, pack, decoder.decode, progress)


def prepare_rehearsal(
    deployment: Deployment, office: Office, pack: Pack, enrolling: Enrolling
) -> Prepared:
    """Enrol a rehearsal's list, unless the record holds it, and choose the threshold.

    Raises:
        WatchlistError, ConfigurationError: the list or the policy cannot be used.
        StorageError, AuditError: the record cannot be read or written.
        OvertError: it was cut short.
    """
    now = office.now()
    checked = checked_list(deployment, now)
    keeping = Keeping(None, deployment.name, SYSTEM, now + REHEARSAL_KEPT)
    watchlist, report = load_or_keep(
        office, checked, pack, lambda: enrolled(checked, pack, enrolling), keeping
    )
    gallery = Gallery.of(watchlist)
    policy = decision_policy(deployment, pack, gallery)
    refused = len(report.results if report else checked.rows) - len(watchlist.references)
    prepared = _prepared(deployment, pack, watchlist, (gallery, policy, refused))
    enrolling.view.listed(prepared.listed)
    return prepared


def prepare_authorised(
    deployment: Deployment, office: Office, row: DeploymentRow, pack: Pack
) -> Prepared:
    """Open the list that an authority binds, with the threshold that it binds.

    Raises:
        LifecycleError: the list is gone.
        SealingError: the list was changed in the record.
    """
    watchlist = office.record.watchlists.load(row.watchlist_id, pictures=False)
    if watchlist is None:
        raise LifecycleError(
            "The deployment's list has been destroyed.", remedy="Draft a new deployment."
        )
    policy = DecisionPolicy(
        threshold=float(row.terms["threshold"]),
        version=deployment.policy.stamp,
        smallest_shots=deployment.decision.min_agreeing_shots,
    )
    return _prepared(deployment, pack, watchlist, (Gallery.of(watchlist), policy, 0))


def _prepared(
    deployment: Deployment,
    pack: Pack,
    watchlist: Watchlist,
    searched: tuple[Gallery, DecisionPolicy, int],
) -> Prepared:
    gallery, policy, refused = searched
    listed = Listed(
        subjects=len(watchlist.subjects),
        references=len(watchlist.references),
        refused=refused,
        threshold=policy.threshold,
        beyond_measured=beyond_measured(deployment.decision, pack, gallery),
    )
    categories = deployment.policy.seeded
    seeded = frozenset(
        each.subject_id for each in watchlist.subjects if each.category in categories
    )
    matching = Matching(pack, policy)
    return Prepared(pack, watchlist.watchlist_id, listed, gallery, matching, seeded)

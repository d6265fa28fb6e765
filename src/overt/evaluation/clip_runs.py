"""A rehearsal's recordings, evaluated: who passes is known, and what came of each is told.

Everything is as in a rehearsal of the same deployment file: who may search, the list as it is
enrolled, the threshold, the zones, and what stands on the log. But no alert is filed or shown,
and no frame is dropped.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TypeAlias

from overt.audit.events import RunBegan, RunEnded
from overt.deployment.file import Deployment
from overt.errors import ConfigurationError
from overt.evaluation.clips import AnnotatedPassage
from overt.evaluation.passage_results import CameraResult
from overt.evaluation.passages import PairingRules, pair
from overt.evaluation.watching import Progress, Tools, open_job, watch
from overt.people.office import Office
from overt.people.permissions import Person
from overt.runtime.counts import total
from overt.runtime.jobs import Watching, camera_jobs
from overt.runtime.messages import CameraState, Ended
from overt.runtime.preparation import Enrolling, Prepared, prepare_rehearsal
from overt.runtime.run import demand_rehearser
from overt.runtime.views import Listed
from overt.runtime.worker import CameraJob
from overt.storage import AlertRecord
from overt.vision.store import ModelStore
from overt.vocabulary import RunEnding

_THREADS = 2

Counting: TypeAlias = Callable[[str], AbstractContextManager[Progress]]
"""Shows, while it is open, how much of what is named is done."""


def evaluate_recordings(
    deployment: Deployment,
    passages: Sequence[AnnotatedPassage],
    office: Office,
    person: Person | None,
    counting: Counting,
    rules: PairingRules,
) -> list[CameraResult]:
    """Look at every camera of a rehearsal of which passages are annotated, and say what came of them.

    Raises:
        AuthorityError: the deployment is no rehearsal.
        ConfigurationError: a passage is of a camera that the deployment has not.
        SignInError, PermissionDenied: whoever asks may not search recordings.
        ModelError, WatchlistError, SourceError: what it needs cannot be used.
        StorageError, AuditError: the record cannot be written; nothing is searched then.
    """
    deployment.demand_rehearsal()
    _demand_cameras(deployment, passages)
    demand_rehearser(office, deployment, person)
    pack = ModelStore(office.home.models).load(deployment.pack)
    with counting("enrolling the list") as enrolling:
        view = Enrolling(_Enrolments(enrolling), lambda: False)
        prepared = prepare_rehearsal(deployment, office, pack, view)
    watching = Watching(paced=False, threads=_THREADS, videos=None)
    jobs = camera_jobs(deployment, prepared.matching, office.home.models, watching)
    annotated = {each.camera for each in passages}
    results: list[CameraResult] = []
    with _on_the_log(office, deployment, prepared, person, results):
        for job in jobs:
            if job.settings.camera in annotated:
                with counting(job.settings.camera) as progress:
                    results.append(_evaluated(job, prepared, passages, rules, progress))
    return results


def left_out(deployment: Deployment, passages: Sequence[AnnotatedPassage]) -> list[str]:
    """Return the cameras of which no passage is annotated, and which are not looked at."""
    annotated = {each.camera for each in passages}
    return [each.name for each in deployment.cameras if each.name not in annotated]


def _demand_cameras(deployment: Deployment, passages: Sequence[AnnotatedPassage]) -> None:
    known = [each.name for each in deployment.cameras]
    unknown = sorted({each.camera for each in passages} - set(known))
    if unknown:
        raise ConfigurationError(
            f"Passages are annotated of a camera {unknown[0]!a}, which the deployment has not.",
            remedy=f"Name one of its cameras: {', '.join(known)}.",
        )


def _evaluated(
    job: CameraJob,
    prepared: Prepared,
    passages: Sequence[AnnotatedPassage],
    rules: PairingRules,
    progress: Progress,
) -> CameraResult:
    tools = Tools(
        detector=prepared.pack.detector(job.detector, threads=job.threads),
        extractor=prepared.pack.extractor(threads=job.threads),
        gallery=prepared.gallery,
    )
    asked = {each.subject_id for each in passages if each.listed}
    with open_job(job) as source:
        expected = source.info.expected_frames or 0
        watched = watch(job, tools, source, asked, lambda done: progress(done, expected))
    return pair(watched, passages, rules)


@contextmanager
def _on_the_log(
    office: Office,
    deployment: Deployment,
    prepared: Prepared,
    person: Person | None,
    results: Sequence[CameraResult],
) -> Iterator[None]:
    """Write on the log that searching began, and however it ends, that it ended."""
    run_id, ending = uuid.uuid4().hex, RunEnding.FAILED
    began = RunBegan(
        run=run_id,
        deployment="",
        kind=deployment.kind,
        watchlist=prepared.watchlist_id,
        references=prepared.listed.references,
        pack=prepared.pack.id,
        threshold=float(prepared.listed.threshold),
        policy_sha256=deployment.policy.sha256,
    )
    office.note(began, by=person)
    try:
        yield
        ending = RunEnding.COMPLETED
    except KeyboardInterrupt:
        ending = RunEnding.STOPPED
        raise
    finally:
        counts = total(each.counts for each in results)
        faces = counts.faces_seen, counts.faces_searched
        office.note(RunEnded(run_id, ending, *faces, counts.alerts))


class _Enrolments:
    """Watches a list being enrolled, and nothing else of a run."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def enrolling(self, done: int, entries: int) -> None:
        """Tell how many entries are enrolled."""
        self._progress(done, entries)

    def listed(self, listed: Listed) -> None:
        """Take no notice."""

    def alert(self, record: AlertRecord) -> None:
        """Take no notice: an evaluation files no alerts."""

    def state(self, state: CameraState) -> None:
        """Take no notice."""

    def ended(self, ended: Ended) -> None:
        """Take no notice."""

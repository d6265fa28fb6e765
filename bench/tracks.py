"""What every track of a clip came to: the pipeline of production, with an ear at its decision."""

from dataclasses import dataclass

from bench.context import Context
from bench.deployments import Scene, write_deployment
from overt.capture import open_source
from overt.deployment.file import Deployment
from overt.matching.decision import DecisionPolicy, Evidence, weigh
from overt.matching.gallery import Gallery
from overt.runtime.jobs import Matching, Watching, camera_jobs, decision_policy
from overt.runtime.pipeline import CameraPipeline
from overt.runtime.worker import CameraJob
from overt.values import Probe, Watchlist

_THREADS = 2


@dataclass(frozen=True, slots=True)
class TrackOutcome:
    """The last search of one track.

    `from_s` and `to_s` are the first and last of its shots, `middle` the best one's place as
    `(across, down)` fractions of the picture; `ranks` holds the rank of every subject asked for.
    """

    track_id: int
    from_s: float
    to_s: float
    middle: tuple[float, float]
    width_px: float
    shots: int
    agreeing: int
    best_subject: str
    normalised_score: float
    comparison_score: float
    ranks: dict[str, int]


class _Ear:
    """Weighs as production does, and keeps the last evidence of each track."""

    def __init__(self) -> None:
        self.heard: dict[int, tuple[Probe, Evidence]] = {}

    def __call__(self, probe: Probe, gallery: Gallery, policy: DecisionPolicy) -> Evidence:
        evidence = weigh(probe, gallery, policy)
        self.heard[probe.track_id] = (probe, evidence)
        return evidence


def track_outcomes(
    context: Context, scene: Scene, watchlist: Watchlist, subjects: tuple[str, ...]
) -> list[TrackOutcome]:
    """Look at every frame of a scene and return what each searched track came to."""
    gallery = Gallery.of(watchlist)
    job = camera_job(context, scene, gallery)
    ear = _Ear()
    pipeline = CameraPipeline(
        job.settings,
        context.pack.detector(job.detector, threads=_THREADS),
        context.pack.extractor(threads=_THREADS),
        gallery,
        ear,
    )
    with open_source(job.source, job.capture) as source, context.progress(scene.name) as progress:
        size = source.info.width, source.info.height
        for frame in source:
            pipeline.process(frame)
            progress(frame.sequence + 1, source.info.expected_frames or 0)
    return [_outcome(*heard, gallery, size, subjects) for heard in ear.heard.values()]


def camera_job(context: Context, scene: Scene, gallery: Gallery) -> CameraJob:
    """Return the job that a run of the scene would give its one camera."""
    deployment = Deployment.load(write_deployment(context, scene))
    policy = decision_policy(deployment, context.pack, gallery)
    watching = Watching(paced=False, threads=_THREADS, videos=None)
    matching = Matching(context.pack, policy)
    return camera_jobs(deployment, matching, context.home.models, watching)[0]


def _outcome(
    probe: Probe,
    evidence: Evidence,
    gallery: Gallery,
    size: tuple[int, int],
    subjects: tuple[str, ...],
) -> TrackOutcome:
    moments = [shot.presentation_s for shot in probe.shots]
    face = probe.shots[0].detection
    across, down = face.centre_px
    ranked = [
        candidate.subject_id
        for candidate in gallery.search(probe.template, probe.pack_id, length=len(gallery))
    ]
    return TrackOutcome(
        track_id=probe.track_id,
        from_s=min(moments),
        to_s=max(moments),
        middle=(across / size[0], down / size[1]),
        width_px=face.width_px,
        shots=evidence.shots,
        agreeing=evidence.agreeing,
        best_subject=evidence.best.subject_id,
        normalised_score=evidence.best.normalised_score,
        comparison_score=evidence.best.comparison_score,
        ranks={subject: ranked.index(subject) + 1 for subject in subjects if subject in ranked},
    )

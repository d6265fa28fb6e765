"""From what a deployment says to what each camera's process is told."""

from dataclasses import dataclass
from pathlib import Path

from overt.capture import CaptureSettings, Zone
from overt.deployment.file import Camera, Deployment
from overt.deployment.policy import DecisionSettings, Policy
from overt.deployment.validation import ValidationReport, demand_supported, validated
from overt.errors import ConfigurationError
from overt.matching.decision import DecisionPolicy
from overt.matching.gallery import SMALLEST_COHORT, Gallery
from overt.runtime.pace import PaceSettings
from overt.runtime.pipeline import CameraSettings
from overt.runtime.worker import CameraJob
from overt.vision.detection import DetectorSettings
from overt.vision.manifest import FpirTarget, Manifest
from overt.vision.quality import QualityLimits
from overt.vision.store import Pack
from overt.vocabulary import DeploymentKind
from overt.watchlist.rules import ListRules, reference_quality

_DETECTION_PX = 960
_MOST_THREADS = 2  # that share one picture; more were never measured to be worth it
_CONTINUING_SCORE = 0.3
"""Faces as uncertain as this may continue a track, though they can neither begin one nor be
searched (Zhang et al., 2022, ByteTrack)."""

_LIVE_READ_S = 1.75
"""A stream that is silent for twice as long is opened anew: FFmpeg has one picture more to give
when the first limit passes. It is noticed within five seconds so, the time to tell included; what
comes after three would be too old to be acted on anyway."""

_HIDING_SCORE = 0.1
"""What is as uncertain as this is hidden from whoever watches, and otherwise left alone: faces cut
by the picture's edge, or turned away, score so. On the crowd clip that hides ten places a frame
beside the faces that are followed, most of them small or turned heads."""


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """What a run searches with: the model pack, and the policy that decides."""

    pack: Pack
    policy: DecisionPolicy


@dataclass(frozen=True, slots=True)
class Watching:
    """How a run's cameras are watched; see `overt.runtime.run.RunOptions`.

    `videos` is the folder for annotated videos, or None for none.
    """

    paced: bool
    threads: int
    videos: Path | None


def threads_a_camera(cameras: int, cores: int) -> int:
    """Return how many processor threads each camera may use, together no more than there are cores.

    >>> threads_a_camera(1, 2), threads_a_camera(3, 2), threads_a_camera(3, 8)
    (2, 1, 2)
    """
    return max(1, min(_MOST_THREADS, cores // cameras))


def camera_jobs(
    deployment: Deployment, matching: Matching, store: Path, watching: Watching
) -> list[CameraJob]:
    """Return one job a camera.

    Raises:
        ConfigurationError: a zone of recognition cannot be used.
    """
    return [_job(deployment, camera, matching, store, watching) for camera in deployment.cameras]


def _job(
    deployment: Deployment, camera: Camera, matching: Matching, store: Path, watching: Watching
) -> CameraJob:
    manifest, coverage = matching.pack.manifest, deployment.policy.coverage
    width_px = camera.detection_width_px or max(_DETECTION_PX, coverage.min_detection_width_px)
    settings = CameraSettings(
        camera=camera.name,
        kind=deployment.kind,
        zone=Zone.from_points(camera.zone),
        limits=QualityLimits(
            smallest_face_px=camera.smallest_face_px,
            smallest_inter_eye_px=deployment.decision.min_inter_eye_px,
            smallest_detection_score=manifest.detector.smallest_score,
        ),
        policy=matching.policy,
        pack_id=matching.pack.id,
        same_person_floor=manifest.same_person_floor,
        watched=watching.videos is not None,
        tracked_score=_tracked_score(manifest),
    )
    return CameraJob(
        settings=settings,
        source=camera.source.address,
        capture=_capture(camera, watching.threads),
        detector=DetectorSettings(
            working_px=width_px,
            smallest_score=min(_HIDING_SCORE, _tracked_score(manifest)),
        ),
        store=store,
        pack=manifest.name,
        threads=watching.threads,
        newest_only=watching.paced or deployment.kind is DeploymentKind.LIVE,
        lasting=camera.source.is_lasting,
        pace=PaceSettings(
            least_per_second=coverage.min_frames_per_second,
            most_per_second=coverage.max_frames_per_second,
            smallest_px=min(coverage.min_detection_width_px, width_px),
        ),
        video=watching.videos / f"{camera.name}.mp4" if watching.videos else None,
    )


def _capture(camera: Camera, threads: int) -> CaptureSettings:
    if camera.source.is_lasting:
        return CaptureSettings(
            camera=camera.name,
            read_timeout_s=_LIVE_READ_S,
            rtsp_transport=camera.transport,
            decode_threads=threads,
        )
    return CaptureSettings(camera=camera.name, decode_threads=threads)


def _tracked_score(manifest: Manifest) -> float:
    return min(_CONTINUING_SCORE, manifest.detector.smallest_score)


def decision_policy(deployment: Deployment, pack: Pack, gallery: Gallery) -> DecisionPolicy:
    """Return the policy that decides, its threshold read from the pack's measured table.

    Raises:
        ConfigurationError: the pack publishes no threshold for what the policy asks.
    """
    decision = deployment.decision
    threshold = decision.threshold
    if threshold is None:
        threshold = _measured_threshold(decision, pack, gallery)
    if deployment.kind is DeploymentKind.LIVE:
        _demand_floor(deployment, threshold, pack, gallery)
    return DecisionPolicy(
        threshold=threshold,
        version=deployment.policy.stamp,
        smallest_shots=decision.min_agreeing_shots,
    )


def _demand_floor(deployment: Deployment, threshold: float, pack: Pack, gallery: Gallery) -> None:
    """R-24: no threshold below what a report, or the pack's own table, supports."""
    stated = deployment.policy.threshold_floor(deployment.pack)
    floor = stated.floor if stated else None
    demand_validated(deployment, threshold, pack, len(gallery))
    if floor is None:
        floor = _measured_threshold(deployment.policy.decision, pack, gallery)
    if threshold < floor:
        raise ConfigurationError(
            f"The threshold {threshold:g} is below the floor {floor:.4f} of this list's size.",
            remedy="Raise it, or validate a lower one and put its report in the policy.",
        )


def demand_validated(
    deployment: Deployment, threshold: float, pack: Pack, subjects: int
) -> ValidationReport | None:
    """Return the report that a live deployment's floor rests on, or None where it has none.

    Raises:
        ConfigurationError: it is missing, altered, unsigned or of another pack, or does not
            support this threshold for a list of so many subjects.
    """
    stated = deployment.policy.threshold_floor(deployment.pack)
    if stated is None or deployment.kind is not DeploymentKind.LIVE:
        return None
    report = validated(deployment.policy, stated, deployment.report)
    demand_supported(
        report,
        deployment.policy,
        pack_id=pack.id,
        list_size=subjects,
        normalised=subjects >= SMALLEST_COHORT,
        threshold=threshold,
    )
    return report


def _measured_threshold(decision: DecisionSettings, pack: Pack, gallery: Gallery) -> float:
    published = pack.manifest.thresholds
    known = ", ".join(FpirTarget)
    if published is None:
        raise ConfigurationError(
            f"The model pack {pack.manifest.name} publishes no thresholds.",
            remedy="Measure one and give it as [decision] threshold.",
        )
    if decision.fpir not in set(FpirTarget):
        raise ConfigurationError(
            f"The model pack publishes no thresholds for {decision.fpir}.",
            remedy=f"Use one of {known}.",
        )
    table = published.table(normalised=gallery.normalises)
    return table.at(FpirTarget(decision.fpir), len(gallery))


def beyond_measured(decision: DecisionSettings, pack: Pack, gallery: Gallery) -> bool:
    """Tell whether the pack's table was measured for smaller lists than this one only."""
    published = pack.manifest.thresholds
    if decision.threshold is not None or published is None:
        return False
    return len(gallery) > published.table(normalised=gallery.normalises).list_size[-1]


def list_rules(policy: Policy, kind: DeploymentKind) -> ListRules:
    """Return what the policy asks of the watchlist of a deployment of this kind."""
    return ListRules(
        responses=policy.responses,
        sources=policy.sources_for(kind),
        most_references=policy.watchlist_cap,
        required=frozenset(policy.required_fields),
        individual_authority=policy.needing_individual_authority,
        picture_ages=policy.picture_ages,
        seeded=policy.seeded,
        consented_sources=policy.consented_sources,
        quality=reference_quality(
            smallest_inter_eye_px=policy.watchlist.reference_min_inter_eye_px,
            largest_yaw_deg=policy.watchlist.reference_max_yaw_deg,
            largest_pitch_deg=policy.watchlist.reference_max_pitch_deg,
        ),
    )

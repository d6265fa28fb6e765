"""From what a deployment says to what each camera's process is told."""

from dataclasses import dataclass
from pathlib import Path

from overt.capture import CaptureSettings, Zone
from overt.deployment.file import Camera, Deployment
from overt.deployment.policy import DecisionSettings, Policy
from overt.errors import ConfigurationError
from overt.matching.decision import DecisionPolicy
from overt.matching.gallery import Gallery
from overt.runtime.pipeline import CameraSettings
from overt.runtime.worker import CameraJob
from overt.vision.detection import DetectorSettings
from overt.vision.manifest import FpirTarget
from overt.vision.quality import QualityLimits
from overt.vision.store import Pack
from overt.vocabulary import DeploymentKind
from overt.watchlist.rules import ListRules

_DETECTION_PX = 960
_CONTINUING_SCORE = 0.3
"""Faces as uncertain as this may continue a track, though they can neither begin one nor be
searched (Zhang et al., 2022, ByteTrack)."""


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
    manifest = matching.pack.manifest
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
    )
    return CameraJob(
        settings=settings,
        source=camera.source.address,
        capture=CaptureSettings(camera=camera.name),
        detector=DetectorSettings(
            working_px=camera.detection_width_px or _DETECTION_PX,
            smallest_score=min(_CONTINUING_SCORE, manifest.detector.smallest_score),
        ),
        store=store,
        pack=manifest.name,
        threads=watching.threads,
        newest_only=watching.paced or deployment.kind is DeploymentKind.LIVE,
        video=watching.videos / f"{camera.name}.mp4" if watching.videos else None,
    )


def decision_policy(deployment: Deployment, pack: Pack, gallery: Gallery) -> DecisionPolicy:
    """Return the policy that decides, its threshold read from the pack's measured table.

    Raises:
        ConfigurationError: the pack publishes no threshold for what the policy asks.
    """
    decision = deployment.decision
    threshold = decision.threshold
    if threshold is None:
        threshold = _measured_threshold(decision, pack, gallery)
    return DecisionPolicy(
        threshold=threshold,
        version=deployment.policy.stamp,
        smallest_shots=decision.min_agreeing_shots,
    )


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
    )

"""What an authority binds: the terms of a deployment, and their hash.

Whoever authorises signs these terms and no others. Before anything is searched they are put
together anew from the file, the policy, the list and the models as they are then; where any of
them differs, the authority does not cover it (requirement R-1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from overt.audit.canonical import canonical
from overt.deployment.file import Camera, Deployment


@dataclass(frozen=True, slots=True)
class Bound:
    """What the file does not say: the list as sealed, the models, and the decision threshold."""

    manifest_sha256: str
    subjects: int
    references: int
    pack_id: str
    threshold: float


def terms_of(deployment: Deployment, bound: Bound) -> dict[str, Any]:
    """Return the terms of a deployment as JSON values, by name."""
    decision, authority = deployment.decision, deployment.authority.model_dump(mode="json")
    return {
        "name": deployment.name,
        "unit": deployment.unit or "",
        "kind": deployment.kind.value,
        "use case": f"{deployment.use_case.id}, {deployment.use_case.paragraph}",
        "location": deployment.location,
        "window": [deployment.start.isoformat(), deployment.end.isoformat()],
        "written authority": authority,
        "intelligence": _dumped(deployment.intelligence),
        "flags": [str(flag) for flag in deployment.flags],
        "assessments": [
            [each.id, each.version, each.sha256, each.review_date.isoformat()]
            for each in deployment.assessments
        ],
        "expected faces": deployment.expected_faces or 0,
        "cameras": [_camera(camera) for camera in deployment.cameras],
        "watchlist": [bound.manifest_sha256, bound.subjects, bound.references],
        "threshold": bound.threshold,
        "agreeing shots": decision.min_agreeing_shots,
        "smallest eye distance": float(decision.min_inter_eye_px),
        "models": bound.pack_id,
        "policy": deployment.policy.sha256,
        "deployment file": deployment.sha256,
    }


def terms_hash(terms: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) over terms in their canonical form."""
    return sha256(canonical(dict(terms))).hexdigest()


def differences(authorised: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return the names of the terms that are not as they were."""
    names = [*authorised, *(name for name in now if name not in authorised)]
    return [name for name in names if authorised.get(name) != now.get(name)]


def _camera(camera: Camera) -> list[Any]:
    # A source's address is bound by the file's hash; here it is without its password.
    zone = [[float(across), float(down)] for across, down in camera.zone]
    size = [camera.smallest_face_px, camera.detection_width_px or 0]
    return [camera.name, camera.source.shown, zone, *size]


def _dumped(section: Any) -> Any:
    return section.model_dump(mode="json") if section is not None else None

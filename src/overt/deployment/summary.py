"""A deployment said back to the people who will run it, in words and for programs."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from overt.deployment.file import WHOLE_PICTURE, Camera, Deployment
from overt.deployment.policy_safeguards import CoverageSettings, RetentionSettings
from overt.deployment.settings import Intelligence, area
from overt.deployment.window import spell_duration, spell_time
from overt.vocabulary import DeploymentKind

_KINDS = {
    DeploymentKind.LIVE: "LIVE: cameras on the street, searched only inside the window",
    DeploymentKind.REHEARSAL: "REHEARSAL: recordings only, and everything it writes says so",
}


def in_words(deployment: Deployment, now: datetime) -> dict[str, str]:
    """Return what will happen as named sentences, in reading order; `now` is an aware time."""
    authority, use_case = deployment.authority, deployment.use_case
    window = f"{spell_time(deployment.start)} to {spell_time(deployment.end)}"
    return {
        "Name": deployment.name,
        "Kind": _KINDS[deployment.kind],
        "Use case": f"{use_case.wording} ({use_case.paragraph})",
        "Where": deployment.location,
        "Window": f"{window}: {spell_duration(deployment.end - deployment.start)}",
        "Now": _standing(deployment, now),
        "Authority": f"asked for by {authority.applicant}; "
        f"authorised by {authority.authorising_officer}, {authority.rank}",
        "Watchlist": f"{deployment.watchlist}, its pictures in {deployment.images}; "
        f"at most {deployment.policy.watchlist_cap:,} references",
        "Policy": deployment.policy.stamp,
        **_safeguards(deployment),
        "Kept": _kept(deployment.policy.retention),
        "Alerts": _evidence(deployment),
        "Coverage": _coverage(deployment.policy.coverage),
        "Models": f"the pack {deployment.pack}",
        **{f"Camera {camera.name}": _view(camera) for camera in deployment.cameras},
    }


def for_programs(deployment: Deployment, now: datetime) -> dict[str, Any]:
    """Return what will happen as JSON's kinds of value; times are in UTC, passwords left out."""
    return {
        "name": deployment.name,
        "kind": deployment.kind.value,
        "use_case": deployment.use_case.model_dump(),
        "location": deployment.location,
        "start": deployment.start.isoformat(),
        "end": deployment.end.isoformat(),
        "now": _standing(deployment, now),
        "unit": deployment.unit,
        "flags": [flag.value for flag in deployment.flags],
        "expected_faces": deployment.expected_faces,
        "authority": deployment.authority.model_dump(),
        "intelligence": _dumped(deployment.intelligence),
        "assessments": [
            asdict(each) | {"review_date": each.review_date.isoformat()}
            for each in deployment.assessments
        ],
        "watchlist": str(deployment.watchlist),
        "images": str(deployment.images),
        "policy": {"version": deployment.policy.version, "sha256": deployment.policy.sha256},
        "decision": deployment.decision.model_dump(),
        "pack": deployment.pack,
        "cameras": [
            {
                "name": camera.name,
                "source": camera.source.shown,
                "source_kind": camera.source.kind.value,
                "zone": camera.zone,
                "smallest_face_px": camera.smallest_face_px,
                "detection_width_px": camera.detection_width_px,
                "transport": camera.transport,
            }
            for camera in deployment.cameras
        ],
    }


def _dumped(intelligence: Intelligence | None) -> dict[str, Any] | None:
    return intelligence.model_dump(mode="json") if intelligence else None


def _safeguards(deployment: Deployment) -> dict[str, str]:
    """Return what a live deployment has to say, where it is said."""
    basis, faces = deployment.intelligence, deployment.expected_faces
    assessments = ", ".join(
        f"{each.id} {each.version} ({each.sha256[:12]}, review {each.review_date})"
        for each in deployment.assessments
    )
    said = {
        "Unit": deployment.unit,
        "Flags": ", ".join(deployment.flags),
        "Intelligence": f"{basis.reference}, assessed on {basis.assessed_on}" if basis else "",
        "Assessments": assessments,
        "Footfall": f"{faces:,} faces expected" if faces else "",
    }
    return {name: words for name, words in said.items() if words}


def _kept(kept: RetentionSettings) -> str:
    false = f"{kept.false_alerts_hours:g} h" if kept.false_alerts_hours else "not at all"
    return (
        f"after the end, the list {kept.list_hours:g} h, alerts {kept.alerts_days:g} days, "
        f"false ones {false}; the log {kept.log_months} months; other faces never"
    )


def _coverage(asked: CoverageSettings) -> str:
    return (
        f"each camera looks at {asked.min_frames_per_second:g} to "
        f"{asked.max_frames_per_second:g} frames a second, reduced to "
        f"{asked.min_detection_width_px} px at the least; what falls short is shown and counted"
    )


def _standing(deployment: Deployment, now: datetime) -> str:
    if deployment.kind is DeploymentKind.REHEARSAL:
        return "it may start: a rehearsal may run at any time"
    if now >= deployment.end:
        return "its window is over"
    if now < deployment.start:
        return f"its window begins in {spell_duration(deployment.start - now)}"
    return f"{spell_duration(deployment.end - now)} of its window are left"


def _evidence(deployment: Deployment) -> str:
    decision = deployment.decision
    threshold = (
        f"{decision.threshold:g}"
        if decision.threshold is not None
        else f"the pack's threshold for {decision.fpir_percent:g} % false positive identifications"
    )
    shots = "1 shot" if decision.min_agreeing_shots == 1 else f"{decision.min_agreeing_shots} shots"
    return (
        f"a normalised comparison score of at least {threshold}, {shots} that agree, "
        f"eyes at least {decision.min_inter_eye_px:g} px apart"
    )


def _view(camera: Camera) -> str:
    zone = "the whole picture"
    if camera.zone != WHOLE_PICTURE:
        zone = f"a zone of {len(camera.zone)} corners, {area(camera.zone):.0%} of the picture"
    reduced = f", looked for at {camera.detection_width_px} px" if camera.detection_width_px else ""
    by = " over UDP" if camera.transport == "udp" else ""
    return (
        f"{camera.source.kind} {camera.source.shown}{by}; {zone}; "
        f"faces from {camera.smallest_face_px} px wide{reduced}"
    )

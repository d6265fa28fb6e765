"""A new application filled in from an earlier one: what was asked for then, to be changed."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from overt.deployment.policy import DEFAULT_POLICY
from overt.web.pages.application_file import AUTHORITY, INTELLIGENCE, MOST_CAMERAS, policy_choice
from overt.web.pages.application_reading import CLOCKS
from overt.web.pages.forms import Form
from overt.web.pages.incoming import Incoming

CUT_DOWN = "…"
"""What stands in an address that a record has cut down, since it may hold a password."""

_PLAIN = ("name", "kind", "use_case", "location", "expected_faces", "flags")
_DECISION = ("threshold", "fpir", "min_agreeing_shots", "min_inter_eye_px")


def blank(applicant: str) -> Form:
    """Return an application in which only what is usual is filled in."""
    return Form.of(
        policy=policy_choice("name", DEFAULT_POLICY),
        pack="standard",
        clock=next(iter(CLOCKS)),
        **{"authority-applicant": applicant},
    )


def filled_in_from(text: str, incoming: Incoming) -> Form:
    """Return the form that a deployment file's text makes; what it lacks is left empty.

    Addresses that a record has cut down are left empty: they are typed again.
    """
    values = tomllib.loads(text)
    filled: dict[str, object] = {name: values.get(name) for name in _PLAIN}
    filled |= _times(values) | _policy(values)
    for section, keys in (
        ("authority", AUTHORITY),
        ("intelligence", INTELLIGENCE),
        ("decision", _DECISION),
    ):
        given = values.get(section, {})
        filled |= {f"{section}-{key}": given.get(key) for key in keys}
    for each in values.get("assessment", []):
        names = f"assessment-{each.get('id')}-"
        filled |= {f"{names}{key}": value for key, value in each.items() if key != "id"}
    filled |= _list(values.get("watchlist", {}), incoming)
    cameras = values.get("camera", [])[:MOST_CAMERAS]
    for number, camera in enumerate(cameras, start=1):
        filled |= {f"camera-{number}-{key}": value for key, value in _camera(camera, incoming)}
    return Form.of(cameras=len(cameras), **filled)


def _times(values: Mapping[str, Any]) -> dict[str, object]:
    clock = next(iter(CLOCKS))
    times = {key: values[key] for key in ("start", "end") if isinstance(values.get(key), datetime)}
    typed: dict[str, object] = {
        key: f"{time.replace(tzinfo=time.tzinfo or UTC).astimezone(CLOCKS[clock]):%Y-%m-%dT%H:%M}"
        for key, time in times.items()
    }
    return {"clock": clock, **typed}


def _policy(values: Mapping[str, Any]) -> dict[str, object]:
    policy = values.get("policy", {})
    key = "file" if "file" in policy else "name"
    return {
        "policy": policy_choice(key, policy.get(key, DEFAULT_POLICY)),
        "pack": values.get("models", {}).get("pack", "standard"),
    }


def _list(files: Mapping[str, Any], incoming: Incoming) -> dict[str, object]:
    table = files.get("csv") or files.get("json")
    images = files.get("images")
    return {
        "list": table if table in incoming.lists else None,
        "pictures": images if images in incoming.pictures else None,
    }


def _camera(camera: Mapping[str, Any], incoming: Incoming) -> list[tuple[str, object]]:
    source = str(camera.get("source", ""))
    recorded = source in incoming.recordings
    zone = " ".join(",".join(f"{part:g}" for part in point) for point in camera.get("zone", []))
    return [
        ("name", camera.get("name")),
        ("source", None if recorded or CUT_DOWN in source else source),
        ("recording", source if recorded else None),
        ("transport", camera.get("transport")),
        ("zone", zone),
        ("smallest_face_px", camera.get("smallest_face_px")),
        ("detection_width_px", camera.get("detection_width_px")),
    ]

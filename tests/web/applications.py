"""Applications as people fill them in: a form with nothing wrong in it, and what lies on the server."""

from collections.abc import Sequence
from pathlib import Path

from overt.home import Home

FILES = {
    "watchlist.csv": b"reference_id,subject_id\n",
    "dpia.pdf": b"What it does to passers-by.\n",
    "equality.pdf": b"Whom it errs about.\n",
    "community.pdf": b"What people here make of it.\n",
    "street.mp4": b"no film",
}

Fields = dict[str, str | Sequence[str]]


def put_incoming(home: Home) -> Path:
    """Put what an application chooses from in a folder on the server, and return the folder."""
    folder = home.path / "incoming" / "north-end"
    (folder / "pictures").mkdir(parents=True)
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    return folder


def an_application(**changes: str | Sequence[str]) -> Fields:
    """A form for a live deployment, as a browser sends it."""
    filled: Fields = {
        "do": "check",
        "cameras": "1",
        "policy": "name:uk-policing",
        "pack": "standard",
        "name": "North End, Saturday",
        "kind": "live",
        "use_case": "crime-hotspot",
        "location": "North End, Croydon",
        "clock": "Europe/London",
        "start": "2026-07-04T11:00",
        "end": "2026-07-04T17:00",
        "expected_faces": "2,500",
        "authority-applicant": "Insp Ada Byron 123",
        "authority-authorising_officer": "Supt Grace Hopper 456",
        "authority-rank": "superintendent",
        "authority-why": "To find people wanted for violence.",
        "authority-where": "Recorded intelligence places them here on market days.",
        "authority-who": "People wanted by the courts for offences in the borough.",
        "authority-necessity": "Patrols looking for them have failed.",
        "authority-proportionality": 'The offences are "grave";\r\nother faces are dropped at once.',
        "authority-less_intrusive_alternatives": "House visits, tried twice each.",
        "authority-urgent_reason": "",
        "intelligence-reference": "INT-2026-0117",
        "intelligence-assessed_on": "2026-07-01",
        "intelligence-recorded_by": "DC Alan Kay 789",
        "list": "north-end/watchlist.csv",
        "pictures": "north-end/pictures",
        "camera-1-name": "north-end",
        "camera-1-source": "rtsps://viewer:hunter2@10.0.0.5:554/north",
        "camera-1-recording": "",
        "camera-1-zone": "0.1,0.2 0.9,0.2 0.9,1 0.1,1",
        "camera-1-smallest_face_px": "40",
        "camera-1-detection_width_px": "",
        "decision-threshold": "",
        "decision-fpir": "",
        "decision-min_agreeing_shots": "",
        "decision-min_inter_eye_px": "",
    }
    for assessment, file in (
        ("data-protection", "dpia.pdf"),
        ("equality", "equality.pdf"),
        ("community", "community.pdf"),
    ):
        filled[f"assessment-{assessment}-file"] = f"north-end/{file}"
        filled[f"assessment-{assessment}-version"] = "3.1"
        filled[f"assessment-{assessment}-review_date"] = "2026-12-31"
    return filled | changes

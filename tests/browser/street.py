"""The drawn street of the browser tests, its list, and the application for it.

The street was chosen for its beginning: one listed person comes by after some seconds, nobody
else is near, and nobody else of the list ever comes. Its picture is drawn as it is needed, which
leaves a machine of two cores time for cameras, server and browsers.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from overt.synthetic.source import street_from_source
from overt.synthetic.watchlist import listed_people, write_watchlist

SOURCE = "drawn:seed=21,people=24,listed=1,seconds=240"
FOLDER = "drawn"
LISTED = 60
"""Scores are normalised to lists of such a length; shorter ones are compared otherwise."""

THRESHOLD = "0.022"
"""For drawn people only; see `overt.cli.drawn_deployment`."""

ANSWERS = {
    "name": "North End, Saturday",
    "location": "North End, by the clock",
    "expected_faces": "20",
    "authority-applicant": "Example Applicant 123",
    "authority-authorising_officer": "Example Authoriser 456",
    "authority-why": "To show the whole way from a camera to an outcome.",
    "authority-where": "The street is drawn, and everybody in it.",
    "authority-who": "Drawn people, of whom one passes.",
    "authority-necessity": "A promise is kept or not; only a run shows which.",
    "authority-proportionality": "Nobody is there to be intruded upon.",
    "authority-less_intrusive_alternatives": "Reading the code, which was done as well.",
    "camera-1-name": "clock",
    "camera-1-source": SOURCE,
    "camera-1-zone": "0.05,0.1 0.95,0.1 0.95,1 0.05,1",
    "decision-threshold": THRESHOLD,
}
"""What is typed into an application, by field."""

CHOICES = {
    "authority-rank": "superintendent",
    "list": f"{FOLDER}/watchlist.csv",
    "pictures": FOLDER,
    "clock": "UTC",
}
"""What is picked in it, by field."""


def window(now: datetime | None = None) -> dict[str, str]:
    """Return the window as an application's fields: from an hour ago for three hours."""
    now = now or datetime.now(UTC)
    start = now - timedelta(hours=1)
    return {
        "start": f"{start:%Y-%m-%dT%H:%M}",
        "end": f"{start + timedelta(hours=3):%Y-%m-%dT%H:%M}",
    }


def put_list(home: Path, size: int = LISTED) -> Path:
    """Put the street's list where an application may choose it, as somebody with access would."""
    passing = {each.person_seed for each in street_from_source(SOURCE).passages if each.listed}
    people = [each for each in listed_people() if each.seed in passing]
    people += [each for each in listed_people() if each.seed not in passing][: size - len(people)]
    return write_watchlist(home / "incoming" / FOLDER, people)

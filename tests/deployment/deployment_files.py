"""A deployment file with nothing wrong in it, to be spoilt."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from overt.deployment.problems import Problem

REHEARSAL = '''\
name = "Croydon, North End"
kind = "rehearsal"
use_case = "crime-hotspot"
location = "North End, Croydon"
start = 2024-01-19T10:00:00+00:00
end = 2024-01-19T16:30:00+00:00

[authority]
applicant = "Insp Ada Byron 123"
authorising_officer = "Supt Grace Hopper 456"
rank = "Superintendent"
why = "To find people wanted for violence."
where = "Recorded intelligence places them here on market days."
who = "People wanted by the courts for offences in the borough."
necessity = "Patrols looking for them have failed."
proportionality = """
The offences are grave; faces that raise no alert
are dropped at once."""
less_intrusive_alternatives = "House visits, tried twice each."

[watchlist]
csv = "watchlist.csv"
images = "pictures"

[[camera]]
name = "north-end"
source = "street.mp4"
zone = [[0.1, 0.2], [0.9, 0.2], [0.9, 1.0], [0.1, 1.0]]
smallest_face_px = 40

[[camera]]
name = "church-street"
source = "drawn:street"
'''

ASSESSMENTS = {
    "data-protection": ("dpia.odt", b"What it does to passers-by.\n"),
    "equality": ("equality.pdf", b"Whom it errs about.\n"),
    "community": ("community.txt", b"What people here make of it.\n"),
}
"""The files that `LIVE` attaches, and what is in them."""

ATTACHED = "".join(
    f"""
[[assessment]]
id = "{name}"
file = "{file}"
version = "3.1"
review_date = 2024-06-30
"""
    for name, (file, _) in ASSESSMENTS.items()
)

INTELLIGENCE = """
[intelligence]
reference = "INT-2024-0117"
assessed_on = 2024-01-17
recorded_by = "DC Alan Kay 789"
"""

LIVE = (
    REHEARSAL.replace('"rehearsal"', '"live"')
    .replace("\n[authority]", 'unit = "croydon-north"\nexpected_faces = 2500\n\n[authority]')
    .replace('"street.mp4"', '"rtsps://viewer:hunter2@10.0.0.5:554/north?token=hunter3"')
    .replace('"drawn:street"', '"webcam:/dev/video0"')
    + INTELLIGENCE
    + ATTACHED
)

Write: TypeAlias = Callable[[str | bytes], Path]
Find: TypeAlias = Callable[[str | bytes], list[Problem]]

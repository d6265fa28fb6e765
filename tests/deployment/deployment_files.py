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

LIVE = (
    REHEARSAL.replace('"rehearsal"', '"live"')
    .replace('"street.mp4"', '"rtsps://viewer:hunter2@10.0.0.5:554/north?token=hunter3"')
    .replace('"drawn:street"', '"webcam:/dev/video0"')
)

Write: TypeAlias = Callable[[str | bytes], Path]
Find: TypeAlias = Callable[[str | bytes], list[Problem]]

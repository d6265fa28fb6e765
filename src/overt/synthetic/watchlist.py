"""A watchlist of drawn people, as files that the ordinary watchlist import reads."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import cv2

from overt.errors import StorageError
from overt.synthetic.choreography import LISTED_SEEDS
from overt.synthetic.faces import portrait
from overt.synthetic.identity import Person

COLUMNS = (
    "reference_id",
    "subject_id",
    "name",
    "picture",
    "category",
    "reason",
    "lawful_basis",
    "picture_source",
    "picture_date",
    "added_by",
    "expected_response",
)


@dataclass(frozen=True, slots=True)
class ListingTerms:
    """What every row says of why a drawn person is listed, in the words of the policy."""

    category: str = "wanted-by-court"
    reason: str = "Rehearsal: nobody is sought"
    lawful_basis: str = "None needed: a drawn person, in a rehearsal"
    picture_source: str = "drawn"
    picture_date: date = date(2024, 1, 1)
    added_by: str = "Overt rehearsal"
    expected_response: str = "arrest"


def listed_people(count: int = len(LISTED_SEEDS)) -> list[Person]:
    """Return the people of the drawn watchlist.

    The listed people of every drawn street are among the 200 that there are.
    """
    return [Person.from_seed(seed) for seed in LISTED_SEEDS[:count]]


def subject_id(person: Person) -> str:
    """Return the subject id that a drawn person has on the list."""
    return f"DP-{person.seed:03d}"


def write_watchlist(
    folder: Path,
    people: Iterable[Person] | None = None,
    terms: ListingTerms = ListingTerms(),
    progress: Callable[[int], None] = lambda _written: None,
) -> Path:
    """Write `watchlist.csv` and a folder `pictures` beside it, and return the CSV's path.

    Without `people`, the whole drawn list of 200 is written. `progress` is told how many
    pictures are done.

    Raises:
        StorageError: the files cannot be written.
    """
    rows = []
    try:
        (folder / "pictures").mkdir(parents=True, exist_ok=True)
        for number, person in enumerate(listed_people() if people is None else people, 1):
            rows.append(_row(person, terms))
            _write_picture(folder / str(rows[-1]["picture"]), person)
            progress(number)
        path = folder / "watchlist.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise StorageError(
            f"The drawn watchlist cannot be written: {error.strerror}.",
            remedy="Check the folder's permissions and the free space.",
        ) from error
    return path


def _row(person: Person, terms: ListingTerms) -> dict[str, str]:
    who = subject_id(person)
    return {
        "reference_id": f"{who}-1",
        "subject_id": who,
        "name": person.name,
        "picture": f"pictures/{who}.jpg",
        "category": terms.category,
        "reason": terms.reason,
        "lawful_basis": terms.lawful_basis,
        "picture_source": terms.picture_source,
        "picture_date": terms.picture_date.isoformat(),
        "added_by": terms.added_by,
        "expected_response": terms.expected_response,
    }


def _write_picture(path: Path, person: Person) -> None:
    picture = cv2.cvtColor(portrait(person), cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
    path.write_bytes(encoded.tobytes())

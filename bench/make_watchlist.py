"""Write a watchlist for a folder that holds one folder of photographs a person, as LFW's does.

    python bench/make_watchlist.py FOLDER LIST.csv [--per-person N]

The rows are for measuring on a benchmark set, and say so in every field.
"""

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from overt.watchlist.rows import Row, write_rows

PICTURES = (".jpg", ".jpeg", ".png", ".webp")


def person_rows(
    folder: Path, *, per_person: int | None = 1, category: str = "benchmark"
) -> Iterator[Row]:
    """Give a row for each of the first `per_person` photographs of every person, by name."""
    number = 1
    for person in sorted(path for path in folder.iterdir() if path.is_dir()):
        pictures = sorted(path for path in person.iterdir() if path.suffix.lower() in PICTURES)
        for picture in islice(pictures, per_person):
            number += 1
            yield Row(
                number,
                reference_id=picture.stem,
                subject_id=person.name,
                picture=picture.relative_to(folder).as_posix(),
                category=category,
                reason="measurement on a public benchmark set",
                lawful_basis="research on public figures' published photographs",
                picture_source=category,
                picture_date="2007-10-01",
                added_by="bench/make_watchlist.py",
            )


def main() -> None:
    """Read the command line and write the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("list", type=Path)
    parser.add_argument("--per-person", type=int, default=1, help="0 for all")
    given = parser.parse_args()
    rows = list(person_rows(given.folder, per_person=given.per_person or None))
    write_rows(given.list, rows)
    print(f"{len(rows):,} rows written to {given.list}")


if __name__ == "__main__":
    main()

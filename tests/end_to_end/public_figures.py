"""Lists of real photographs beside the project: the references, and one picture each of others."""

from itertools import islice
from pathlib import Path


def strangers(data_dir: Path, count: int) -> dict[str, Path]:
    """Return `count` people of LFW with one photograph each, as paths within `data_dir`."""
    people = sorted((data_dir / "lfw-dev").iterdir())
    chosen = islice(people, 0, None, len(people) // count)
    pictures = {person.name: min(person.iterdir()) for person in islice(chosen, count)}
    return {name: path.relative_to(data_dir) for name, path in pictures.items()}


def references(data_dir: Path) -> dict[str, Path]:
    """Return the three people who appear in the stage clip, as paths within `data_dir`."""
    pictures = sorted((data_dir / "references").iterdir())
    return {path.stem: path.relative_to(data_dir) for path in pictures}

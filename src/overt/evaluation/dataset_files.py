"""Data sets as files: a folder for each person, or a manifest with groups.

Every picture's bytes are read once. Nothing is decoded here; a picture that turns out to be
damaged is a failure to acquire, which `overt.evaluation.extraction` counts.
"""

import csv
import hashlib
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from overt.errors import ConfigurationError, ImageError, WatchlistError
from overt.evaluation.datasets import Dataset, Photograph, Problem, ProblemKind, counted, dataset_of
from overt.reporting.files import write_whole
from overt.watchlist.pictures import picture_path, read_picture
from overt.watchlist.rows import neutralised, plain
from overt.watchlist.tables import read_table

COLUMNS = ("photograph_id", "subject_id", "path", "group", "consent")
"""A manifest's columns; the last two may be missing."""

_OPTIONAL = ("group", "consent")
_CONSENT = {
    "yes": True,
    "true": True,
    "1": True,
    "no": False,
    "false": False,
    "0": False,
    "": False,
}
_MOST_CHARACTERS = 200
_REMEDY = "Name the columns in the first row: photograph_id, subject_id, path, group, consent."


def read_folders(folder: Path) -> Dataset:
    """Read a folder that holds a folder for each person, named by the person's id.

    A photograph's id is its path from `folder`, `PERSON/FILE`. Nobody has a group or has given
    consent. Links are followed inside `folder` only.

    Raises:
        ConfigurationError: it is no folder, or no photograph in it can be used.
    """
    if not folder.is_dir():
        raise ConfigurationError(
            f"{folder} is not a folder.", remedy="Name the folder that holds one for each person."
        )
    problems: list[Problem] = []
    rows = list(_folder_rows(folder, problems))
    return _assembled(folder.resolve().name, folder, rows, problems, None)


def write_folders(dataset: Dataset, folder: Path) -> None:
    """Copy every picture to where `read_folders` finds it: `PERSON/FILE`, in a new folder.

    A photograph whose id is not `PERSON/FILE` gets its id for a file name.

    Raises:
        ConfigurationError: the folder is not empty, a photograph has a group or consent, which
            folders cannot tell, an id is no file's name, or a picture is no longer there.
        StorageError: a picture cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(
            f"{folder} is there already, and is not empty.", remedy="Name a new folder."
        )
    places = [(each, folder / _person_and_file(each)) for each in dataset.photographs]
    for photograph, place in places:
        try:
            write_whole(place, read_picture(photograph.path))
        except ImageError as error:
            raise ConfigurationError(
                f"The picture of {photograph.photograph_id!a} is gone: {error.message}",
                remedy="Read the data set again.",
            ) from error


def read_manifest(
    path: Path, *, folder: Path | None = None, groups: Collection[str] | None = None
) -> Dataset:
    """Read a manifest: a CSV, or a JSON list of objects, with `COLUMNS`; a row a photograph.

    Pictures' paths start from `folder`, by default the manifest's own. Consent is "yes" or
    "no", and "no" where it is empty. With `groups`, a group that is not among them is a problem,
    and its photographs then belong to no group.

    Raises:
        ConfigurationError: the file cannot be read or lacks columns, or none of its photographs
            can be used.
    """
    problems: list[Problem] = []
    try:
        table = read_table(path, lambda heading: _column(heading) in COLUMNS)
        columns = _columns(table.columns, problems)
        rows = list(_manifest_rows(table.records, columns, problems))
    except WatchlistError as error:  # it was written for lists of people who are sought
        message = error.message.replace("The list", "The manifest", 1)
        raise ConfigurationError(message, remedy=error.remedy) from error
    return _assembled(path.stem, folder or path.parent, rows, problems, groups)


def write_manifest(dataset: Dataset, path: Path) -> None:
    """Write the manifest that `read_manifest` reads back as the same photographs.

    Raises:
        ConfigurationError: a picture does not lie in the manifest's folder, or below it.
        StorageError: the file cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for each in dataset.photographs:
        consent = "yes" if each.consent else "no"
        cells = (each.photograph_id, each.subject_id, _relative(each, path), each.group, consent)
        writer.writerow([neutralised(cell) for cell in cells])
    write_whole(path, text.getvalue().encode())


def read_dataset(path: Path, *, groups: Collection[str] | None = None) -> Dataset:
    """Read either kind of data set: a folder as `read_folders`, a file as `read_manifest`.

    `groups` are the declared ones; folders have none.

    Raises:
        ConfigurationError: as those do.
    """
    return read_folders(path) if path.is_dir() else read_manifest(path, groups=groups)


@dataclass(frozen=True, slots=True)
class _Row:
    """What a row, or a file of a person's folder, says of a photograph. Nothing is opened yet."""

    photograph_id: str
    subject_id: str
    picture: str
    group: str = ""
    consent: bool = False
    line: int | None = None

    def problem(self, kind: ProblemKind, detail: str) -> Problem:
        return Problem(kind, detail, (self.photograph_id,), (self.subject_id,), self.line)


def _folder_rows(folder: Path, problems: list[Problem]) -> Iterator[_Row]:
    for person in sorted(folder.iterdir()):
        if not person.is_dir():
            problems.append(Problem(ProblemKind.STRAY, ascii(person.name)))
        elif not _inside(folder, person):
            problems.append(Problem(ProblemKind.OUTSIDE, ascii(person.name)))
        else:
            yield from _person_rows(person, problems)


def _person_rows(person: Path, problems: list[Problem]) -> Iterator[_Row]:
    files = sorted(person.iterdir())
    if not files:
        detail = f"the folder {person.name!a} is empty"
        problems.append(Problem(ProblemKind.NO_PHOTOGRAPH, detail, subject_ids=(person.name,)))
    for file in files:
        named = f"{person.name}/{file.name}"
        if file.is_dir():
            problems.append(Problem(ProblemKind.STRAY, ascii(named)))
        elif fault := _fault(person.name) or _fault(named) or _unlike_a_path(named):
            problems.append(Problem(ProblemKind.UNUSABLE_NAME, f"{named!a} {fault}"))
        else:
            yield _Row(named, person.name, named)


def _inside(folder: Path, person: Path) -> bool:
    return not person.is_symlink() or person.resolve().is_relative_to(folder.resolve())


def _unlike_a_path(named: str) -> str:
    """Say what keeps a name from being written into a manifest and found again."""
    return "holds a backslash or a colon" if "\\" in named or ":" in named else ""


def _person_and_file(photograph: Photograph) -> str:
    """Return where a photograph belongs among folders, from the folder of all of them."""
    person = photograph.subject_id
    file = photograph.photograph_id.removeprefix(f"{person}/")
    if photograph.group or photograph.consent:
        raise ConfigurationError(
            f"The photograph {photograph.photograph_id!a} has a group or consent, which folders "
            "cannot tell.",
            remedy="Write a manifest instead.",
        )
    for name in (person, file):
        if "/" in name or name in (".", "..") or _unlike_a_path(name):
            raise ConfigurationError(
                f"{name!a} cannot be the name of a file or folder.",
                remedy="Write a manifest instead.",
            )
    return f"{person}/{file}"


def _column(heading: str) -> str:
    return heading.strip().lower().replace(" ", "_").replace("-", "_")


def _columns(headings: Sequence[str], problems: list[Problem]) -> list[str]:
    """Return the column behind each heading, empty for those that are not used."""
    found = [column if (column := _column(each)) in COLUMNS else "" for each in headings]
    missing = [each for each in COLUMNS if each not in found and each not in _OPTIONAL]
    twice = sorted({column for column in found if column and found.count(column) > 1})
    if missing:
        raise ConfigurationError(
            f"The manifest has no column {', '.join(missing)}.", remedy=_REMEDY
        )
    if twice:
        raise ConfigurationError(
            f"The manifest has the column {', '.join(twice)} twice.", remedy="Remove one of them."
        )
    for heading, column in zip(headings, found, strict=True):
        if not column:
            problems.append(Problem(ProblemKind.UNUSED_COLUMN, ascii(heading)[:62], line=1))
    return found


def _manifest_rows(
    records: Iterable[tuple[int, Sequence[str] | str]],
    columns: Sequence[str],
    problems: list[Problem],
) -> Iterator[_Row]:
    for line, cells in records:
        read = cells if isinstance(cells, str) else _manifest_row(columns, cells, line)
        if isinstance(read, str):
            problems.append(Problem(ProblemKind.UNREADABLE_ROW, read, line=line))
        else:
            yield read


def _manifest_row(columns: Sequence[str], cells: Sequence[str], line: int) -> _Row | str:
    """Return a row, or what is wrong with it."""
    given = {name: plain(cell) for name, cell in zip(columns, cells, strict=True) if name}
    for name, cell in given.items():
        if fault := "" if name in _OPTIONAL and not cell else _fault(cell, path=name == "path"):
            return f"{name} {fault}"
    consent = _CONSENT.get(given.get("consent", "").lower())
    if consent is None:
        return "consent is neither yes nor no"
    return _Row(
        given["photograph_id"],
        given["subject_id"],
        given["path"],
        given.get("group", ""),
        consent,
        line,
    )


def _fault(text: str, *, path: bool = False) -> str:
    """Say what keeps a text from being an id: two that differ in nothing visible would be one."""
    most = 4_000 if path else _MOST_CHARACTERS
    if not text:
        return "is empty"
    if len(text) > most:
        return f"is longer than {most:,} characters"
    if text != plain(neutralised(text)) or not text.isprintable():
        return "begins or ends with a blank, or holds a character that cannot be shown"
    return ""


def _assembled(
    name: str,
    folder: Path,
    rows: Sequence[_Row],
    problems: list[Problem],
    groups: Collection[str] | None,
) -> Dataset:
    """Look at every row's picture and bring the set in order."""
    unclear = list(_used_twice(rows))
    refused = {each for problem in unclear for each in problem.photograph_ids}
    problems.extend(unclear)
    found = [
        photograph
        for row in rows
        if row.photograph_id not in refused
        and (photograph := _photograph(row, folder, problems)) is not None
    ]
    found.sort(key=lambda each: each.photograph_id)
    found = _once_each(found, problems)
    found = _agreeing(_grouped(found, groups, problems), problems)
    problems.extend(_left_without(rows, found))
    return dataset_of(name, tuple(found), problems)


def _used_twice(rows: Sequence[_Row]) -> Iterator[Problem]:
    """Name the ids that several rows use: nobody can tell which of them is right."""
    lines: defaultdict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        lines[row.photograph_id].append(row)
    for photograph_id, sharing in lines.items():
        if len(sharing) > 1:
            where = ", ".join(str(row.line) for row in sharing)
            yield sharing[0].problem(ProblemKind.DUPLICATE_ID, f"{photograph_id!a} in rows {where}")


def _photograph(row: _Row, folder: Path, problems: list[Problem]) -> Photograph | None:
    """Return a row's photograph if there is a picture behind it; say what else there is."""
    try:
        path = picture_path(folder, row.picture)
        data = read_picture(path)
    except FileNotFoundError:
        problems.append(row.problem(ProblemKind.MISSING, ascii(row.picture)))
    except PermissionError:
        problems.append(row.problem(ProblemKind.OUTSIDE, ascii(row.picture)))
    except ImageError as error:
        problems.append(row.problem(ProblemKind.NO_PICTURE, error.message))
    else:
        if _begins_as_a_picture(data):
            digest = hashlib.sha256(data).hexdigest()
            return Photograph(
                row.photograph_id, row.subject_id, path, row.group, row.consent, digest
            )
        problems.append(row.problem(ProblemKind.NO_PICTURE, ascii(row.picture)))
    return None


def _begins_as_a_picture(data: bytes) -> bool:
    """Whether it may be a JPEG, PNG or WebP, the formats that references come in."""
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return webp or data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))


def _once_each(found: list[Photograph], problems: list[Problem]) -> list[Photograph]:
    """Keep one of a person's equal pictures; name those that several people share."""
    kept: list[Photograph] = []
    for same in _together(found, lambda each: each.picture_sha256).values():
        people = _together(same, lambda each: each.subject_id)
        kept.extend(photographs[0] for photographs in people.values())
        problems.extend(
            Problem(ProblemKind.REPEATED, "the first is used", _ids(photographs), (subject,))
            for subject, photographs in people.items()
            if len(photographs) > 1
        )
        if len(people) > 1:
            problems.append(Problem(ProblemKind.SHARED, "all are used", _ids(same), tuple(people)))
    return sorted(kept, key=lambda each: each.photograph_id)


def _grouped(
    found: list[Photograph], declared: Collection[str] | None, problems: list[Problem]
) -> list[Photograph]:
    """Take photographs of groups that nobody declared out of any group."""
    if declared is None:
        return found
    unknown = {each.group for each in found if each.group} - set(declared)
    for group in sorted(unknown):
        ids = _ids(each for each in found if each.group == group)
        problems.append(Problem(ProblemKind.UNKNOWN_GROUP, ascii(group), ids))
    return [replace(each, group="") if each.group in unknown else each for each in found]


def _agreeing(found: list[Photograph], problems: list[Problem]) -> list[Photograph]:
    """Take people whose rows disagree out of any group, or out of those who consented."""
    people = _together(found, lambda each: each.subject_id)
    torn = {who for who, of in people.items() if len({each.group for each in of}) > 1}
    unsure = {who for who, of in people.items() if len({each.consent for each in of}) > 1}
    for kind, whom in ((ProblemKind.GROUPS_DIFFER, torn), (ProblemKind.CONSENTS_DIFFER, unsure)):
        problems.extend(
            Problem(kind, ascii(who), _ids(people[who]), (who,)) for who in sorted(whom)
        )
    return [
        replace(
            each,
            group="" if each.subject_id in torn else each.group,
            consent=each.consent and each.subject_id not in unsure,
        )
        for each in found
    ]


def _left_without(rows: Sequence[_Row], found: Sequence[Photograph]) -> Iterator[Problem]:
    given = Counter(row.subject_id for row in rows)
    for subject in sorted(given.keys() - {each.subject_id for each in found}):
        detail = f"none of {counted(given[subject], 'photograph')} can be used"
        yield Problem(ProblemKind.NO_PHOTOGRAPH, detail, subject_ids=(subject,))


def _together(
    found: Iterable[Photograph], key: Callable[[Photograph], str]
) -> dict[str, list[Photograph]]:
    together: defaultdict[str, list[Photograph]] = defaultdict(list)
    for each in found:
        together[key(each)].append(each)
    return together


def _ids(photographs: Iterable[Photograph]) -> tuple[str, ...]:
    return tuple(each.photograph_id for each in photographs)


def _relative(photograph: Photograph, manifest: Path) -> str:
    folder = manifest.parent.resolve()
    if not photograph.path.is_relative_to(folder):
        raise ConfigurationError(
            f"The picture of {photograph.photograph_id!a} does not lie in the manifest's folder.",
            remedy="Write the manifest into the data set's own folder.",
        )
    return photograph.path.relative_to(folder).as_posix()

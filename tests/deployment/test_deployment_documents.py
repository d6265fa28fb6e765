"""Whatever is given as a deployment file is read, or refused in one clear line."""

import os
import sys
from pathlib import Path

import pytest
from deployment_files import REHEARSAL, Find, Write

from overt.deployment.document import MAX_BYTES, label
from overt.deployment.file import Deployment, examine
from overt.errors import DeploymentFileError


@pytest.mark.parametrize(
    "data",
    [
        REHEARSAL.encode("utf-8-sig"),
        REHEARSAL.replace("\n", "\r\n").encode(),
        REHEARSAL.replace("Croydon", "Zürich 東京 🎪").encode(),
    ],
    ids=["byte order mark", "CRLF", "any script"],
)
def test_utf_8_is_read_however_it_was_saved(problems_of: Find, data: bytes) -> None:
    assert problems_of(data) == []


@pytest.mark.parametrize(
    ("data", "line", "message", "remedy"),
    [
        (REHEARSAL.encode("utf-16"), None, "UTF-16", "UTF-8"),
        (REHEARSAL.encode("utf-16-be"), None, "not a text file", "UTF-8"),
        (REHEARSAL.replace("Ada", "Zoë").encode("latin-1"), 9, "not UTF-8", "UTF-8"),
        (REHEARSAL.replace("Ada", "“Ada”").encode("cp1252"), 9, "not UTF-8", "UTF-8"),
        (b"", None, "is empty", "overt deployment new"),
        (b" \r\n\t\n", None, "is empty", "overt deployment new"),
        (b"\x00\x00\x00\x20ftypisom", None, "not a text file", "TOML"),
        (b"x" * (MAX_BYTES + 1), None, "larger than", "TOML"),
        (b"a = 1\n" + b"x" * 20_000, 2, "longer than", "break it into lines"),
    ],
)
def test_other_encodings_and_other_files_are_refused_in_one_line(
    problems_of: Find, data: bytes, line: int | None, message: str, remedy: str
) -> None:
    (found,) = problems_of(data)

    assert message in found.message
    assert remedy in found.remedy
    assert found.line == line


def test_what_is_not_a_file_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, message in [
        ("gone.toml", "no such file"),
        ("no/where.toml", "no such file"),
        (".", "is a folder"),
        ("pipe", "not an ordinary file"),
        ("x" * 300, "cannot be read"),
        ("a\0b", "cannot be a file's name"),
    ]:
        with pytest.raises(DeploymentFileError, match=message) as caught:
            Deployment.load(tmp_path / name)
        assert caught.value.remedy
        assert "\n" not in caught.value.message


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read anything")
def test_a_file_that_may_not_be_read_is_refused(write: Write) -> None:
    path = write(REHEARSAL)
    path.chmod(0)

    assert "Permission denied" in examine(path).problems[0].message


def test_a_misspelt_file_is_guessed_from_its_folder(write: Write) -> None:
    path = write(REHEARSAL)

    (found,) = examine(path.with_name("croyden.toml")).problems

    assert found.remedy == "Did you mean croydon.toml?"


@pytest.mark.parametrize(
    ("line", "message", "remedy"),
    [
        ("name = Croydon", "cannot be read", "straight quotation marks"),
        ("name = “Croydon”", "cannot be read", "curly"),
        ('csv = "C:\\Users\\me.csv"', "cannot be read", "backslash"),
        ("start = 19/01/2024", "cannot be read", "2024-01-19T10:00:00+00:00"),
        ("start = 2024-01-19 10:00", "cannot be read", "seconds"),
        ("start = 2024-01-19T10.00", "cannot be read", "seconds"),
        ("start = 2024\u201301\u201319T10:00:00Z", "cannot be read", "seconds"),
        ("face_px = 40px", "cannot be read", "without a unit"),
        ("name\u00a0= 1", "cannot be read", "invisible"),
        ("flag = True", "cannot be read", "small letters"),
        ("threshold = 0,5", "cannot be read", "decimal point"),
        ("name =", "cannot be read", "empty text"),
        ('name: "Croydon"', "cannot be read", "not a colon"),
        ("Croydon", "cannot be read", "setting ="),
        ('name = "Croydon', "quotation mark is not closed", "Close the text"),
        ('name = """Croydon', "quotation mark is not closed", "Close the text"),
        ("zone = [1, 2", "bracket is not closed", "Close the list"),
        ("[authority", "bracket is not closed", "[authority]"),
        ("other = 1\nother = 2", "given twice", "Keep one"),
        ("[a]\n[a]", "begun twice", "[[camera]]"),
        ("n = " + "9" * 5000, "too many digits", "numbers"),
        ("n = " + "[" * 9000, "nested too deeply", ""),
        ("start = 2024-02-31T10:00:00Z", "cannot be read", "time"),
    ],
)
def test_what_is_not_toml_is_explained(
    problems_of: Find, line: str, message: str, remedy: str
) -> None:
    (found,) = problems_of(f"first = 1\n{line}")

    assert message in found.message
    assert remedy in found.remedy
    assert found.line in {None, 2, 3}


def test_unquoted_values_are_all_reported_together(problems_of: Find) -> None:
    found = problems_of(
        "name = Croydon\nkind = rehearsal\nlocation = “here”\nok = 1\nstart = now\n"
    )

    assert [each.line for each in found] == [1, 2, 3, 5]


def test_a_setting_is_named_as_the_file_writes_it() -> None:
    assert label(("decision", "threshold")) == "[decision] threshold"
    assert label(("camera", 0)) == "[[camera]] 1"
    assert label(("camera", 0, "zone", 3, 1)) == "[[camera]] 1 zone"
    assert label(("kind",)) == "kind"

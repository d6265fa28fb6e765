"""Bad input, through the command line: a plain word, a remedy, and a record that stays whole."""

import re
import resource
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from overt.storage import Record
from overt.vocabulary import RunEnding
from rehearsals import (
    overt,
    overt_here,
    save_picture,
    write_clip,
    write_deployment,
    write_drawn_list,
    write_list,
    write_portrait_clip,
)

pytestmark = pytest.mark.models
LISTED = 14


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of one drawn person, and a short recording of them."""
    folder = tmp_path_factory.mktemp("drawn")
    write_drawn_list(folder, (LISTED,))
    write_portrait_clip(folder / "gate.mp4", LISTED, seconds=2)
    return folder


@pytest.fixture
def home(scratch_home: Path, drawn: Path) -> Path:
    """A home with the drawn list and recording."""
    shutil.copytree(drawn, scratch_home, dirs_exist_ok=True)
    return scratch_home


def _demand_plain_words(ended: subprocess.CompletedProcess[str], *words: str) -> None:
    """Expect a refusal: one line that says this, with a remedy, and no traceback."""
    assert ended.returncode == 1, ended.stdout + ended.stderr
    complaints = ended.stderr[ended.stderr.index("overt: ") :]
    for word in words:
        assert word in complaints
    assert "→" in complaints
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "went wrong that should not have" not in ended.stderr


def _demand_whole_record(home: Path, *, runs: int) -> Record:
    """Expect a record that can be read, with so many runs, each of which has its ending."""
    with Record.open(home / "overt.sqlite3") as record:
        found = record.runs.all()
    assert len(found) == runs
    assert all(run.ending is not None for run in found)
    assert not list(home.glob("runs/*/.*"))
    return record


def _audio_only(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("aac", rate=8000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _grey(path: Path, width: int, height: int, count: int) -> Path:
    return write_clip(path, [np.full((height, width, 3), 90, np.uint8)] * count)


def test_recordings_that_cannot_be_used_are_each_refused_by_name(home: Path) -> None:
    whole = (home / "gate.mp4").read_bytes()
    (home / "diary.mp4").write_text("Dear diary, this is not a video.\n" * 200)
    (home / "empty.mp4").touch()
    (home / "cut.mp4").write_bytes(whole[: len(whole) // 3])
    _audio_only(home / "sound.mp4")
    (home / "bare").mkdir()
    (home / "bare/notes.txt").write_text("No picture here.")
    names = {
        "diary": "diary.mp4 is not a video",
        "empty": "empty.mp4 is empty",
        "cut": "cut.mp4",
        "sound": "sound.mp4 holds no video",
        "bare": "bare holds no picture",
    }
    sources = {name: home / (name if name == "bare" else f"{name}.mp4") for name in names}
    path = write_deployment(home, sources)

    ended = overt("run", path, home=home)

    _demand_plain_words(ended, *names.values())
    assert ended.stderr.count("  → ") == len(names)
    assert ended.stdout.startswith("Failed after")
    _demand_whole_record(home, runs=1)


def _list_with_one_good_row(home: Path) -> None:
    (home / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\nnot quite")
    save_picture(home / "nobody.png", np.full((200, 200, 3), 128, np.uint8))
    pictures = [f"drawn-{LISTED}.png", "gone.png", "bomb.png", "nobody.png"]
    write_list(home, {Path(picture).stem: Path(picture) for picture in pictures})


def test_odd_recordings_and_a_list_of_one_are_taken_and_a_failure_stops_no_other(
    home: Path,
) -> None:
    _list_with_one_good_row(home)
    small = _grey(home / "small.ts", 64, 48, 5).read_bytes()
    large = _grey(home / "large.ts", 96, 128, 5).read_bytes()
    (home / "changing.ts").write_bytes(small + large)
    for number in range(3):
        save_picture(home / f"pixels/{number}.png", np.zeros((1, 1, 3), np.uint8))
    _grey(home / "huge.mp4", 7680, 4320, 1)
    (home / "broken.mp4").write_bytes(b"broken")
    cameras = {"changing": "changing.ts", "pixels": "pixels", "huge": "huge.mp4"}
    path = write_deployment(home, {**cameras, "gate": "gate.mp4", "broken": "broken.mp4"})

    ended = overt("run", path, home=home)

    assert ended.returncode == 0, ended.stderr
    assert "1 people listed, 1 references, 3 rows refused" in ended.stderr
    for camera, frames in {"changing": 10, "pixels": 3, "huge": 1, "gate": 10}.items():
        assert f"{camera}: {frames} frames" in ended.stderr
        assert f"{camera}: ended" in ended.stderr
    assert "overt: " in ended.stderr
    assert "broken.mp4 is not a video" in ended.stderr
    assert ": 1 face seen, 1 alert." in ended.stdout
    record = _demand_whole_record(home, runs=1)
    assert record.runs.all()[0].ending is RunEnding.COMPLETED
    assert {video.stem for video in home.glob("runs/*/*.mp4")} == {*cameras, "gate"}


@pytest.mark.parametrize(
    "text",
    [b"name = [unfinished", b"\xff\xfe\x00n\x00a", "name = 'Café'".encode("latin-1"), b""],
    ids=["malformed", "UTF-16", "Latin-1", "empty"],
)
def test_a_deployment_file_that_cannot_be_read_is_refused(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "deployment.toml").write_bytes(text)

    ended = overt_here("run", "deployment.toml", home=tmp_path)

    assert ended.returncode == 1
    assert ended.stderr.startswith("overt: ")
    assert "deployment.toml" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "overt.sqlite3").exists()


def test_a_deployment_that_names_what_is_not_there_is_refused(tmp_path: Path) -> None:
    path = write_deployment(tmp_path, {"gate": "nowhere.mp4"}, images="nowhere")

    ended = overt_here("run", path, home=tmp_path)

    assert ended.returncode == 1
    for missing in ("no such file", "no such folder"):
        assert missing in ended.stderr


def _header(home: Path) -> str:
    return (home / "watchlist.csv").read_text().splitlines()[0] + "\n"


LISTS: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "empty": (lambda _: b"", "list"),
    "header only": (lambda home: _header(home).encode(), "no rows"),
    "wrong columns": (lambda _: b"colour,shape\nred,round\n", "column"),
    "unclosed quote": (lambda home: (_header(home) + 'a,"b').encode(), "list"),
    "UTF-16": (lambda home: (home / "watchlist.csv").read_text().encode("utf-16"), "UTF-8"),
    "every row refused": (
        lambda home: (home / "watchlist.csv").read_bytes().replace(b"wanted-by-court", b"disliked"),
        "category is not in the policy",
    ),
}


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_of_which_nothing_can_be_used_is_refused(kind: str, home: Path) -> None:
    write, said = LISTS[kind]
    (home / "watchlist.csv").write_bytes(write(home))

    ended = overt_here("run", write_deployment(home, {"gate": "gate.mp4"}), home=home)

    _demand_plain_words(ended, said)
    _demand_whole_record(home, runs=0)


@pytest.mark.parametrize("harm", ["missing", "changed"])
def test_models_that_are_missing_or_changed_are_refused(harm: str, home: Path) -> None:
    store = (home / "models").resolve()
    (home / "models").unlink()
    shutil.copytree(store / "standard", home / "models/standard")
    model = home / "models/standard/centerface.onnx"
    if harm == "missing":
        model.unlink()
    else:
        content = bytearray(model.read_bytes())
        content[len(content) // 2] ^= 1
        model.write_bytes(content)

    ended = overt_here("run", write_deployment(home, {"gate": "gate.mp4"}), home=home)

    _demand_plain_words(ended, "centerface.onnx", "overt models pull standard")
    _demand_whole_record(home, runs=0)


@pytest.mark.parametrize("what", ["a file", "damaged", "another program's"])
def test_a_record_that_cannot_be_used_is_refused_and_left_as_it_is(what: str, home: Path) -> None:
    database = home / "overt.sqlite3"
    if what == "a file":
        (home / "blocked").write_text("a file where a folder should be")
        database = home / "blocked/overt.sqlite3"
    elif what == "damaged":
        database.write_bytes(b"SQLite format 3\0" + b"\x07" * 4_000)
    else:
        database.write_bytes(b"Somebody's letter." * 300)
    before = database.read_bytes() if database.exists() else b""
    path = write_deployment(home, {"gate": "gate.mp4"})

    ended = overt_here("run", path, home=home, into=database.parent)

    _demand_plain_words(ended)
    assert (database.read_bytes() if database.exists() else b"") == before


@pytest.mark.parametrize("room", [40_000, 300_000], ids=["for no record", "for no video"])
def test_a_full_disk_is_said_plainly_and_loses_nothing_that_was_stored(
    room: int, home: Path
) -> None:
    path = write_deployment(home, {"gate": "gate.mp4"})
    noise = np.random.default_rng(0).integers(0, 255, (20, 240, 320, 3)).astype(np.uint8)
    write_clip(home / "gate.mp4", list(noise))

    def fill_up() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    ended = overt("run", path, home=home, preexec_fn=fill_up)

    _demand_plain_words(ended)
    assert re.search(r"disk|space|written", ended.stderr)
    with Record.open(home / "overt.sqlite3") as record:
        record.runs.all()
    assert not list(home.glob("runs/*/.*"))

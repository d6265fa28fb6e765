"""What `overt doctor` finds: every finding both ways, from facts that are given as values."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from acts import change_behind
from overt.audit.events import RunEnded
from overt.deployment.file import Camera
from overt.deployment.source import Source
from overt.errors import SourceError
from overt.home import Home
from overt.keys.memory import Hardening
from overt.people.office import Office
from overt.runtime.doctor import Finding, Standing, checkup, clock, facts, keeping, machine, seeing
from overt.runtime.doctor.checkup import of_machine
from overt.values import SourceInfo
from overt.vision.store import ModelStore, Pack
from rehearsals import write_deployment, write_drawn_list, write_portrait_clip

_GB = 1_000_000_000
FINE, ATTENTION, WRONG = Standing

_JUDGED = [
    (machine.python((3, 11, 0), "Linux"), FINE),
    (machine.python((3, 10, 9), "Linux"), WRONG),
    (machine.python((3, 12, 1), "Darwin"), ATTENTION),
    (machine.processor(2, 4 * _GB), FINE),
    (machine.processor(1, 8 * _GB), ATTENTION),
    (machine.processor(4, 2 * _GB), ATTENTION),
    (machine.instructions({"sse2", "avx2"}, "x86_64"), FINE),
    (machine.instructions({"sse2"}, "x86_64"), ATTENTION),
    (machine.instructions(set(), "aarch64"), FINE),
    (machine.disk_space("disk", 6 * _GB), FINE),
    (machine.disk_space("disk", 1 * _GB), ATTENTION),
    (machine.disk_space("disk", 100_000), WRONG),
    (machine.file_system("ext4"), FINE),
    (machine.file_system("nfs4"), WRONG),
    (machine.file_system("overlay"), ATTENTION),
    (machine.file_system(""), ATTENTION),
    (machine.entropy(ready=True), FINE),
    (machine.entropy(ready=False), WRONG),
    (machine.open_files(1024), FINE),
    (machine.open_files(1023), ATTENTION),
    (machine.open_files(255), WRONG),
    (machine.core_dumps(Hardening(no_core_files=True, not_dumpable=True)), FINE),
    (machine.core_dumps(Hardening(no_core_files=True, not_dumpable=False)), ATTENTION),
    (machine.core_dumps(Hardening(no_core_files=False, not_dumpable=True)), WRONG),
    (machine.swap([]), FINE),
    (machine.swap([facts.Swap("/dev/dm-1", safe=True)]), FINE),
    (machine.swap([facts.Swap("/dev/dm-1", True), facts.Swap("/swapfile", False)]), ATTENTION),
    (clock.synchronised(True), FINE),
    (clock.synchronised(False), WRONG),
    (clock.synchronised(None), ATTENTION),
    (clock.steady(0.0003), FINE),
    (clock.steady(-0.03), ATTENTION),
    (keeping.permissions({"overt.sqlite3": 0o600, "Overt's home": 0o700}), FINE),
    (keeping.permissions({"overt.sqlite3": 0o640}), WRONG),
    (seeing.pack("standard", ["", ""]), FINE),
    (seeing.pack("standard", ["", "a.onnx is missing."]), WRONG),
    (seeing.looked(1, 0.05), FINE),
    (seeing.looked(1, 2.0), ATTENTION),
    (seeing.looked(0, 0.05), WRONG),
]


@pytest.mark.parametrize(("found", "standing"), _JUDGED)
def test_every_fact_is_judged(found: Finding, standing: Standing) -> None:
    assert found.standing is standing
    assert found.words.endswith(".")
    assert bool(found.remedy) is (standing is not FINE), "who reads it is told what to do"


def test_judgements_say_what_they_are_of() -> None:
    assert (
        "AVX2, AVX-512, AMX"
        in machine.instructions({"avx2", "avx512f", "amx_tile"}, "x86_64").words
    )
    assert "/swapfile" in machine.swap([facts.Swap("/swapfile", safe=False)]).words
    assert "keys.sqlite3" in keeping.permissions({"keys.sqlite3": 0o644}).words
    assert "+40 ms" in clock.steady(0.04).words


# --- facts ----------------------------------------------------------------------------------

_MOUNTS = """\
22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /srv rw - nfs4 server:/x rw
31 22 0:41 / /srv/local\\040disk rw - xfs /dev/sdb1 rw
32 22 0:42 / /srvs rw - tmpfs none rw
malformed
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/srv/overt", "nfs4"),
        ("/srv/local disk/x", "xfs"),
        ("/srvs", "tmpfs"),
    ],
)
def test_the_file_system_is_that_of_the_nearest_mount(tmp_path: Path, path: str, kind: str) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(_MOUNTS.replace("malformed\n", ""))

    assert facts.file_system_of(Path(path), table) == kind
    assert facts.file_system_of(Path(path), tmp_path / "none") == ""


def test_swap_is_safe_where_it_is_encrypted_or_memory(tmp_path: Path) -> None:
    table, devices = tmp_path / "swaps", tmp_path / "block"
    (devices / "dm-7" / "dm").mkdir(parents=True)
    (devices / "dm-7" / "dm" / "uuid").write_text("CRYPT-PLAIN-swap\n")
    (devices / "dm-8" / "dm").mkdir(parents=True)
    (devices / "dm-8" / "dm" / "uuid").write_text("LVM-abc\n")
    names = ("/dev/dm-7", "/dev/dm-8", "/dev/zram0", "/swapfile", "/dev/sda3")
    lines = [f"{name} partition 1 0 -2" for name in names]
    table.write_text("\n".join(["Filename Type Size Used Priority", *lines, ""]))

    found = {each.name: each.safe for each in facts.swaps(table, devices)}

    assert found == dict(zip(names, (True, False, True, False, False), strict=True))
    assert facts.swaps(tmp_path / "none") == []


def test_a_containers_limit_counts(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    whole = facts.memory_bytes(tmp_path / "none")

    limit.write_text("1000000\n")
    assert facts.memory_bytes(limit) == 1_000_000
    limit.write_text("max\n")
    assert facts.memory_bytes(limit) == whole > 0


def test_flags_are_those_of_the_first_processor(tmp_path: Path) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text("processor : 0\nflags\t\t: fpu avx2\nprocessor : 1\nflags : fpu\n")

    assert facts.processor_flags(info) == {"fpu", "avx2"}
    assert facts.processor_flags(tmp_path / "none") == set()


def test_what_keeps_the_clock_right_is_believed(tmp_path: Path) -> None:
    mark = tmp_path / "synchronized"
    mark.touch()

    assert facts.synchronised(mark) is True
    assert facts.chrony_says("Stratum : 3\nLeap status     : Normal\n") is True
    assert facts.chrony_says("Leap status     : Not synchronised\n") is False
    assert facts.chrony_says("") is None


# --- what is kept ---------------------------------------------------------------------------


def _by_name(home: Home, setting: str = "local") -> dict[str, Finding]:
    return {each.name: each for each in keeping.keeping(home, setting)}


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """An office whose master key lies beside the record, with one entry on its log."""
    monkeypatch.delenv("OVERT_MASTER_KEY", raising=False)
    with Office.open(Home(tmp_path)) as made:
        made.note(RunEnded("", "completed", 0, 0, 0))
        made.log.checkpoint()
        yield made


def test_a_new_machine_has_nothing_and_is_given_nothing(tmp_path: Path) -> None:
    found = _by_name(Home(tmp_path))

    assert {each.standing for each in found.values()} == {FINE, ATTENTION}
    assert found["master key"].standing is ATTENTION, "it would lie beside the record"
    assert "log" not in found
    assert list(tmp_path.iterdir()) == []


def test_an_installation_that_stands_is_fine(office: Office) -> None:
    office.home.path.chmod(0o700)
    found = _by_name(office.home)

    assert list(found) == ["permissions", "record", "master key", "key store", "log"]
    assert {name for name, each in found.items() if each.standing is not FINE} == {"master key"}
    assert found["master key"].standing is ATTENTION
    assert "log: 1." in found["record"].words


def test_files_that_others_may_read_are_named(office: Office) -> None:
    office.home.keys.chmod(0o644)

    found = keeping.permissions(keeping.modes(office.home))

    assert (found.standing, "keys.sqlite3" in found.words) == (WRONG, True)


def test_a_record_of_another_program_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "overt.sqlite3").write_bytes(b"not a database at all" * 100)

    found = _by_name(Home(tmp_path))

    assert found["record"].standing is WRONG
    assert found["record"].remedy
    assert "log" not in found


def test_a_master_key_that_is_gone_is_wrong_and_none_is_made(office: Office) -> None:
    key = office.home.path / "master.key"
    key.unlink()

    found = _by_name(office.home)

    assert found["master key"].standing is WRONG
    assert not key.exists()


def test_another_master_key_opens_nothing(
    office: Office, tmp_path_factory: pytest.TempPathFactory
) -> None:
    passphrase = tmp_path_factory.mktemp("elsewhere") / "passphrase"
    passphrase.write_text("correct horse battery staple, and then some")
    passphrase.chmod(0o600)

    found = _by_name(office.home, f"passphrase-file:{passphrase}")

    assert found["master key"].standing is FINE
    assert found["key store"].standing is WRONG


def test_a_setting_that_is_none_is_wrong_and_not_shown(office: Office) -> None:
    found = _by_name(office.home, "hunter2")

    assert found["master key"].standing is WRONG
    assert "hunter2" not in found["master key"].words + found["master key"].remedy


def test_a_log_that_was_altered_is_wrong(office: Office) -> None:
    assert keeping.log(office.home, office.log.verifier).standing is FINE

    change_behind(office, "UPDATE audit_entries SET leaf_hash = zeroblob(32)")

    assert keeping.log(office.home, office.log.verifier).standing is WRONG


def test_a_long_log_is_left_to_its_own_command(office: Office) -> None:
    found = keeping.log(office.home, office.log.verifier, most_entries=0)

    assert (found.standing, "overt audit verify" in found.remedy) == (ATTENTION, True)


# --- what looks -----------------------------------------------------------------------------


def test_a_pack_that_is_not_there_is_wrong(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)

    assert [each.standing for each in seeing.packs(store, "standard")] == [WRONG]
    assert [each.standing for each in seeing.packs(store, "no-such")] == [WRONG]
    assert seeing.inference(store, "standard").standing is WRONG


_INFO = SourceInfo("a camera", 1920, 1080, 25.0, None, None, live=True, codec="h264")


def _fine(rate: float | None = 25.0) -> SourceInfo:
    return replace(_INFO, frames_per_second=rate)


def _refused() -> SourceInfo:
    raise SourceError("It refused.", remedy="Ask it again.")


def _hanging() -> SourceInfo:
    Event().wait()
    return _INFO


def _dying() -> SourceInfo:
    os.kill(os.getpid(), signal.SIGSEGV)
    return _INFO


def _told_a_secret() -> SourceInfo:
    if "OVERT_MASTER_KEY" in os.environ:
        raise SourceError("It was told where the master key is.")
    return _INFO


def test_a_camera_says_what_comes_from_it() -> None:
    found = seeing.seen("gate", _fine)

    assert found.words == "1920x1080 pixels, 25 frames a second, h264."
    assert seeing.seen("gate", partial(_fine, None)).standing is FINE


def test_a_camera_that_fails_says_why() -> None:
    assert seeing.seen("gate", _refused) == Finding(
        "camera gate", WRONG, "It refused.", "Ask it again."
    )


def test_a_camera_that_hangs_is_given_up() -> None:
    found = seeing.seen("gate", _hanging, longest_s=0.05)

    assert found.standing is WRONG
    assert "No picture came" in found.words


def test_a_camera_that_crashes_a_decoder_is_told_of_and_ends_nothing_else() -> None:
    found = seeing.seen("gate", _dying)

    assert found.standing is WRONG
    assert "cannot be decoded" in found.words


def test_what_decodes_a_camera_is_given_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVERT_MASTER_KEY", "environment:KEY")

    assert seeing.seen("gate", _told_a_secret).standing is FINE


def test_credentials_are_never_shown() -> None:
    address = "rtsp://viewer:hunter2@127.0.0.1:1/secret"
    source = Source.of(address, Path())
    given = Camera("gate", source, ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)), 40, None)

    found = seeing.camera(given)

    assert found.standing is WRONG
    assert "hunter2" not in found.words + found.remedy


def test_a_drawn_street_needs_no_opening() -> None:
    given = Camera("gate", Source.of("drawn:street", Path()), ((0.0, 0.0),), 40, None)

    assert seeing.camera(given).standing is FINE


def test_a_deployment_file_that_cannot_be_used_is_told_without_its_words(tmp_path: Path) -> None:
    path = tmp_path / "deployment.toml"
    path.write_text('name = "Somebody\'s name"\n')

    deployment, found = seeing.deployment_file(path)

    assert deployment is None
    assert found.standing is WRONG
    assert "Somebody" not in found.words


@pytest.mark.models
def test_everything_is_looked_at_in_one_go(tmp_path: Path, store: ModelStore, pack: Pack) -> None:
    """Also a whole pack that finds a drawn face, and a camera that is a recording."""
    clip = write_portrait_clip(tmp_path / "clip.mp4", 14, seconds=2)
    write_drawn_list(tmp_path, (14,))
    path = write_deployment(tmp_path, {"gate": clip})
    home = Home(tmp_path / "home")
    home.path.mkdir(mode=0o700)
    home.models.symlink_to(store.folder)

    found = {each.name: each for each in checkup(home, "local", path)}

    assert found["deployment file"].standing is FINE
    assert found["pack standard"] == seeing.pack("standard", [])
    assert " ms." in found["inference"].words
    assert found["inference"].standing is not WRONG
    assert "pixels, " in found["camera gate"].words
    assert {"python", "clock", "permissions", "record", "swap"} <= set(found)
    assert [each.name for each in home.path.iterdir()] == ["models"], "nothing was begun"


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    found = {each.name: each for each in of_machine(Home(tmp_path / "gone"))}

    assert found["disk of the record"].standing is WRONG

"""What a deployment file with nothing wrong in it becomes."""

import hashlib
import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest
from deployment_files import LIVE, REHEARSAL, Write

from overt.deployment.file import WHOLE_PICTURE, Deployment
from overt.deployment.policy import Policy
from overt.deployment.source import SourceKind
from overt.errors import AuthorityError
from overt.vocabulary import DeploymentKind

_START = datetime(2024, 1, 19, 10, tzinfo=UTC)
_END = datetime(2024, 1, 19, 16, 30, tzinfo=UTC)


@pytest.fixture
def live(write: Write) -> Deployment:
    """A live deployment whose window is `_START` to `_END`."""
    return Deployment.load(write(LIVE))


def test_a_rehearsal_is_read_whole(write: Write, tmp_path: Path) -> None:
    deployment = Deployment.load(write(REHEARSAL))

    assert deployment.name == "Croydon, North End"
    assert deployment.kind is DeploymentKind.REHEARSAL
    assert deployment.use_case.paragraph == "MPS LFR policy, paragraph 2.3(a)"
    assert (deployment.start, deployment.end) == (_START, _END)
    assert deployment.start.tzinfo is UTC
    assert deployment.authority.proportionality.startswith("The offences")
    assert deployment.watchlist == tmp_path / "watchlist.csv"
    assert deployment.images == tmp_path / "pictures"
    assert deployment.pack == "standard"
    assert deployment.policy == Policy.shipped("uk-policing")
    assert deployment.decision == deployment.policy.decision
    first, second = deployment.cameras
    assert (first.name, first.smallest_face_px, first.detection_width_px) == ("north-end", 40, None)
    assert first.zone == ((0.1, 0.2), (0.9, 0.2), (0.9, 1.0), (0.1, 1.0))
    assert (first.source.address, first.source.kind) == (
        str(tmp_path / "street.mp4"),
        SourceKind.RECORDING,
    )
    assert (second.source.address, second.source.kind) == ("drawn:street", SourceKind.DRAWN)
    assert second.zone == WHOLE_PICTURE


def test_a_camera_sends_over_tcp_unless_its_section_says_otherwise(write: Write) -> None:
    text = LIVE.replace("rtsps://", "rtsp://")
    first, webcam = Deployment.load(write(text)).cameras
    assert (first.transport, webcam.transport) == ("tcp", "tcp")

    text = text.replace("smallest_face_px = 40", 'smallest_face_px = 40\ntransport = "udp"')
    first, webcam = Deployment.load(write(text)).cameras
    assert (first.transport, webcam.transport) == ("udp", "tcp")


def test_the_hash_is_over_the_files_bytes(write: Write) -> None:
    path = write(b"\xef\xbb\xbf" + REHEARSAL.encode())

    deployment = Deployment.load(path)

    assert deployment.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert deployment.text == REHEARSAL


def test_offsets_become_utc(write: Write) -> None:
    text = REHEARSAL.replace("10:00:00+00:00", "11:00:00+01:00").replace(
        "16:30:00+00:00", "16:30:00Z"
    )

    deployment = Deployment.load(write(text))

    assert (deployment.start, deployment.end) == (_START, _END)


def test_paths_begin_from_the_files_folder_and_not_from_here(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(REHEARSAL)
    monkeypatch.chdir(tmp_path)

    relative = Deployment.load(Path(path.name))

    assert relative.watchlist == tmp_path / "watchlist.csv"


def test_a_json_list_and_a_policy_of_ones_own_are_taken(write: Write, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[]")
    shipped = Path(__file__).parents[2] / "src/overt/deployment/policies/self-exclusion.toml"
    (tmp_path / "ours.toml").write_bytes(shipped.read_bytes())
    text = (
        REHEARSAL.replace('csv = "watchlist.csv"', 'json = "list.json"')
        .replace("crime-hotspot", "self-exclusion")
        .replace('"Superintendent"', '"Duty manager"')
        .replace("[watchlist]", '[policy]\nfile = "ours.toml"\n[watchlist]')
    )

    deployment = Deployment.load(write(text))

    assert deployment.watchlist == tmp_path / "list.json"
    assert deployment.policy.sha256 == hashlib.sha256(shipped.read_bytes()).hexdigest()


def test_a_stricter_wish_overrides_the_policy(write: Write) -> None:
    wish = '[decision]\nfpir = "fpir_0_3_percent"\nmin_agreeing_shots = 3\n[watchlist]'

    decision = Deployment.load(write(LIVE.replace("[watchlist]", wish))).decision

    assert decision.fpir_percent == 0.3
    assert decision.min_agreeing_shots == 3
    assert decision.min_inter_eye_px == Policy.shipped().decision.min_inter_eye_px
    assert decision.threshold is None


def test_a_rehearsal_may_try_any_threshold(write: Write) -> None:
    wish = "[decision]\nthreshold = 0.05\nmin_agreeing_shots = 1\n[watchlist]"

    decision = Deployment.load(write(REHEARSAL.replace("[watchlist]", wish))).decision

    assert (decision.threshold, decision.min_agreeing_shots) == (0.05, 1)


def test_no_repr_shows_a_password_or_an_officer(write: Write) -> None:
    deployment = Deployment.load(write(LIVE))

    shown = repr(deployment) + repr(deployment.redacted_text)

    assert "hunter2" not in shown
    assert "hunter3" not in shown
    assert "Byron" not in repr(deployment)
    assert "rtsps://10.0.0.5:554/…" in shown


def test_a_comment_cannot_carry_a_password_into_the_record(write: Write) -> None:
    note = "# the old one was rtsp://admin:s3cret@10.0.0.9/live\n"

    assert "s3cret" not in Deployment.load(write(note + LIVE)).redacted_text


def test_a_deployment_crosses_processes_unchanged(write: Write) -> None:
    deployment = Deployment.load(write(LIVE))

    again = pickle.loads(pickle.dumps(deployment))  # noqa: S301  our own, just made

    assert again == deployment
    assert again.policy.stamp == deployment.policy.stamp


def test_only_a_rehearsal_runs_from_its_file(write: Write, live: Deployment) -> None:
    """R-1: a live deployment starts from an authority that people gave."""
    Deployment.load(write(REHEARSAL)).demand_rehearsal()

    with pytest.raises(AuthorityError, match="starts from its authority") as caught:
        live.demand_rehearsal()
    assert caught.value.remedy


def test_what_a_record_keeps_of_a_deployment_makes_the_same_deployment(live: Deployment) -> None:
    """Both directions: the file's bytes and the policy's, and back."""
    hashes = tuple(each.sha256 for each in live.assessments)
    policy = Policy.recorded(live.policy.data)

    again = Deployment.recorded(live.path, live.data, policy, hashes)

    assert again == live
    assert policy.sha256 == live.policy.sha256

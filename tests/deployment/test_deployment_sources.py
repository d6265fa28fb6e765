"""Sources are told apart, and none is shown with its password."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overt.capture.addresses import SourceKind as CaptureKind
from overt.capture.addresses import parse_address
from overt.deployment.source import Source, SourceKind, redacted
from overt.vocabulary import DeploymentKind


@pytest.mark.parametrize(
    ("written", "kind", "suited"),
    [
        ("rtsp://10.0.0.5/live", SourceKind.STREAM, DeploymentKind.LIVE),
        ("RTSPS://cam.example:322/live?user=a@b", SourceKind.STREAM, DeploymentKind.LIVE),
        ("rtsp://[fe80::1]:554/x", SourceKind.STREAM, DeploymentKind.LIVE),
        ("/dev/video0", SourceKind.WEBCAM, DeploymentKind.LIVE),
        ("webcam:/dev/video12", SourceKind.WEBCAM, DeploymentKind.LIVE),
        (
            "webcam:/dev/v4l/by-path/pci-0000:00:14.0-usb-0:1:1.0-video-index0",
            SourceKind.WEBCAM,
            DeploymentKind.LIVE,
        ),
        ("clip.mp4", SourceKind.RECORDING, DeploymentKind.REHEARSAL),
        ("a:b.mp4", SourceKind.RECORDING, DeploymentKind.REHEARSAL),
        (".", SourceKind.FOLDER, DeploymentKind.REHEARSAL),
        ("drawn:street", SourceKind.DRAWN, DeploymentKind.REHEARSAL),
    ],
)
def test_a_source_is_live_or_recorded_and_never_both(
    tmp_path: Path, written: str, kind: SourceKind, suited: DeploymentKind
) -> None:
    source = Source.of(written, tmp_path)

    assert source.kind is kind
    assert [each for each in DeploymentKind if source.suits(each)] == [suited]


@pytest.mark.parametrize(
    "written",
    [
        "http://h/x",
        "https://h/x",
        "udp://@:1234",
        "concat://a|b",
        "rtsp://",
        "rtsp://h:port/",
        "drawn:",
    ],
)
def test_anything_else_suits_no_deployment(tmp_path: Path, written: str) -> None:
    source = Source.of(written, tmp_path)

    assert source.kind is SourceKind.UNKNOWN
    assert not any(source.suits(kind) for kind in DeploymentKind)


def test_capture_reads_an_address_as_the_same_kind(tmp_path: Path) -> None:
    expected = {
        "rtsp://u:p@10.0.0.5:554/live": CaptureKind.RTSP,
        "/dev/video0": CaptureKind.WEBCAM,
        "a:b.mp4": CaptureKind.PATH,
        "~/clip.mp4": CaptureKind.PATH,
        ".": CaptureKind.PATH,
    }
    for written, kind in expected.items():
        source = Source.of(written, tmp_path)
        address = parse_address(source.address)
        assert address.kind is kind
        assert address.target.removeprefix("webcam:") == source.address.removeprefix("webcam:")


_SECRETS = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1).map(
    lambda tail: f"hunter2{tail}"
)


@given(
    _SECRETS,
    st.sampled_from(["rtsp://a:{}@h:1/x", "rtsp://{}@h/x", "rtsp://h/{}", "rtsp://h/?p={}"]),
)
def test_what_is_shown_of_an_address_never_holds_its_secret(secret: str, form: str) -> None:
    assert "hunter2" not in redacted(form.format(secret))

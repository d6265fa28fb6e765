"""What a source string may say, and that it is never shown with its secrets."""

import socket
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overt.capture import CaptureSettings, SourceKind, open_source, parse_address, redact
from overt.capture.addresses import pin_host
from overt.errors import SourceError

SECRET = "s3cr3t"  # noqa: S105  what no message may hold
printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12)


@pytest.mark.parametrize(
    ("source", "kind", "target"),
    [
        ("clips/street.mp4", SourceKind.PATH, "clips/street.mp4"),
        ("file:street 1.mp4", SourceKind.PATH, "street 1.mp4"),
        ("file:a:b.mp4", SourceKind.PATH, "a:b.mp4"),
        ("file:///srv/street%201.mp4", SourceKind.PATH, "/srv/street 1.mp4"),
        ("file:///srv/q?x#y", SourceKind.PATH, "/srv/q"),
        ("~nobody-of-this-name/street.mp4", SourceKind.PATH, "~nobody-of-this-name/street.mp4"),
        (" rtsp://10.0.0.5/live ", SourceKind.RTSP, "rtsp://10.0.0.5/live"),
        ("RTSPS://cam.example:322/", SourceKind.RTSP, "RTSPS://cam.example:322/"),
        ("webcam:/dev/video0", SourceKind.WEBCAM, "/dev/video0"),
    ],
)
def test_allowed_kinds_are_understood(source: str, kind: SourceKind, target: str) -> None:
    address = parse_address(source)

    assert (kind, target) == (address.kind, address.target)
    assert (kind is not SourceKind.PATH) == address.live


@pytest.mark.parametrize(
    "source",
    [
        "",
        "  ",
        "street\0.mp4",
        "http://cam.example/live",
        "https://cam.example/live",
        "rtmp://cam.example/live",
        "udp://239.0.0.1:5000",
        "concat:a.mp4|/etc/passwd",
        "concatf:list.txt",
        "subfile:/etc/passwd",
        "crypto:street.mp4",
        "data:video/mp4;base64,AAAA",
        "pipe:0",
        "async:file:street.mp4",
        "lavfi:testsrc",
        "drawn:street",
        "a:b.mp4",
        "file:",
        "file://",
        "file://server/share/street.mp4",
        "file://[/street.mp4",
        "file:///street%00.mp4",
        "rtsp:10.0.0.5/live",
        "rtsp:///live",
        "rtsp://10.0.0.5:port/live",
        "rtsp://10.0.0.5/li ve",
        "rtsp://10.0.0.5/\r\nTEARDOWN",
        "rtsp://10.0.0.5\\@10.0.0.6/live",
        "rtsp://[::1/live",
        "webcam:0",
        "webcam:/etc/passwd",
    ],
)
def test_anything_else_is_refused_with_a_remedy(source: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_address(source)

    assert caught.value.remedy
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("clips/street.mp4", "clips/street.mp4"),
        ("webcam:/dev/video0", "webcam:/dev/video0"),
        ("rtsp://admin:pw@cam.example:8554/live", "rtsp://cam.example:8554/…"),
        ("rtsp://cam.example", "rtsp://cam.example/…"),
        ("rtsps://admin@[2001:db8::1]:322/x", "rtsps://[2001:db8::1]:322/…"),
        ("rtsp://10.0.0.5/user=admin&password=pw", "rtsp://10.0.0.5/…"),
        ("rtsp://admin:p/w@cam.example/live", "rtsp://…"),
        ("rtsp://admin:p@w@cam.example/live", "rtsp://cam.example/…"),
        ("rtsp//admin:pw@cam.example/live", "…cam.example/…"),
        ("admin:pw@10.0.0.5/live", "…"),
        ("10.0.0.5/live?password=pw", "10.0.0.5/…"),
        ("10.0.0.5:554/user=admin&password=pw", "10.0.0.5:554/…"),
        ("rtsp//10.0.0.5/user=admin_password=pw_channel=1.sdp", "rtsp//10.0.0.5/…"),
        ("webcam:rtsp://10.0.0.5/pw", "webcam:rtsp://10.0.0.5/…"),
        ("clips/rtsp/10.0.0.5/street.mp4", "clips/rtsp/10.0.0.5/street.mp4"),
        ("concat:a|b", "concat:…"),
        ("two\nlines\x1b[31m.mp4", "two?lines?[31m.mp4"),
    ],
)
def test_what_is_shown_keeps_the_host_and_nothing_secret(source: str, shown: str) -> None:
    assert shown == redact(source)


@given(
    st.sampled_from(["rtsp", "rtsps", "http", "rtmp", "RTSP"]),
    st.lists(printable, min_size=6, max_size=6),
    st.sampled_from(["user", "password", "path", "query"]),
)
def test_no_secret_survives_redaction(scheme: str, noise: list[str], where: str) -> None:
    part = dict.fromkeys(["user", "password", "path", "query"], "")
    part[where] = noise[0] + SECRET + noise[1]
    # A lone user name without an @ after it cannot be told from a host; with one it can.
    user, password = part["user"] + noise[2], part["password"] + noise[3]
    source = f"{scheme}://{user}:{password}@cam.example:554/{part['path']}?{part['query']}"

    assert SECRET not in redact(source)
    try:
        told = repr(parse_address(source))
    except SourceError as error:
        told = str(error)
    assert SECRET not in told


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[::169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::1]",
        "[fd00:ec2::254]",
        "2852039166",
        "0xA9FEA9FE",
        "0.0.0.0",  # noqa: S104  refused, not bound to
        "[::]",
        "239.1.1.1",
    ],
)
def test_hosts_that_are_no_camera_are_refused_before_connecting(host: str) -> None:
    with pytest.raises(SourceError, match="link-local") as caught:
        open_source(f"rtsp://admin:{SECRET}@{host}/live", CaptureSettings())

    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("url", "pinned"),
    [
        ("rtsp://gate/live?on=gate", "rtsp://10.0.0.5/live?on=gate"),
        ("RTSP://admin:pw@gate:8554/live", "RTSP://admin:pw@10.0.0.5:8554/live"),
        ("rtsp://rtsp/live", "rtsp://10.0.0.5/live"),  # as a container's name may well be
        ("rtsp://s", "rtsp://10.0.0.5"),
    ],
)
def test_a_name_is_replaced_by_its_number_and_nothing_else_is(
    url: str, pinned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.5", 0))]
    monkeypatch.setattr("overt.capture.addresses.socket.getaddrinfo", lambda *_, **__: found)

    assert pin_host(url) == pinned

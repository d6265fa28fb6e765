"""A witness keeps every checkpoint once, and misses none for having been away."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from overt.audit.witness import FolderWitness, HTTPWitness, NoWitness, witness_of
from overt.errors import AuditError, ConfigurationError

_NOTES = [(4, "four\n"), (8, "eight — with a dash\n")]
_KEY = "overt.example/log+00000000+AQ"


class Oversight(HTTPServer):
    """An address of an oversight body; it answers with `status` and keeps what it accepted."""

    def __init__(self) -> None:
        self.status = 200
        self.kept: list[tuple[str, str]] = []
        super().__init__(("127.0.0.1", 0), _Taking)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}/checkpoints"


class _Taking(BaseHTTPRequestHandler):
    server: Oversight

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.server.status == 200:
            self.server.kept.append((self.headers["Overt-Log-Key"], body))
        self.send_response(self.server.status)
        self.send_header("Location", self.server.url)
        self.end_headers()

    def do_GET(self) -> None:
        """Answer well where a redirect is followed, as many addresses do."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
        """Say nothing."""


@pytest.fixture
def oversight() -> Iterator[Oversight]:
    server = Oversight()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_folder_has_one_file_a_checkpoint_and_the_key(tmp_path: Path) -> None:
    FolderWitness(tmp_path).take(_NOTES, _KEY)

    files = {each.name: each.read_text("utf-8") for each in tmp_path.iterdir()}
    assert files == {
        "000000000004.txt": "four\n",
        "000000000008.txt": "eight — with a dash\n",
        "log.key": f"{_KEY}\n",
    }


def test_a_file_of_the_witness_is_never_written_over(tmp_path: Path) -> None:
    """R-58: who holds the log's key cannot take a checkpoint back."""
    witness = FolderWitness(tmp_path)
    witness.take(_NOTES, _KEY)
    witness.take([(4, "another\n"), (12, "twelve\n")], "another key")

    assert (tmp_path / "000000000004.txt").read_text() == "four\n"
    assert (tmp_path / "log.key").read_text() == f"{_KEY}\n"
    assert (tmp_path / "000000000012.txt").read_text() == "twelve\n"


def test_a_folder_that_went_away_is_an_error_and_gets_all_when_it_is_back(tmp_path: Path) -> None:
    folder = tmp_path / "share"
    witness = FolderWitness(folder)

    with pytest.raises(AuditError, match="witness folder") as caught:
        witness.take(_NOTES[:1], _KEY)
    folder.mkdir()
    witness.take(_NOTES, _KEY)

    assert caught.value.remedy
    assert len(list(folder.iterdir())) == 3


def test_an_address_gets_every_checkpoint_once_with_the_key(oversight: Oversight) -> None:
    witness = HTTPWitness(oversight.url)
    witness.take(_NOTES[:1], _KEY)
    witness.take(_NOTES, _KEY)
    witness.take(_NOTES, _KEY)

    assert oversight.kept == [(_KEY, "four\n"), (_KEY, "eight — with a dash\n")]


def test_an_address_that_refuses_gets_all_when_it_accepts_again(oversight: Oversight) -> None:
    witness = HTTPWitness(oversight.url)
    for oversight.status in (503, 403, 302):
        with pytest.raises(AuditError, match="does not take") as caught:
            witness.take(_NOTES[:1], _KEY)
    oversight.status = 200
    witness.take(_NOTES, _KEY)

    assert caught.value.remedy
    assert [note for _, note in oversight.kept] == ["four\n", "eight — with a dash\n"]


def test_an_address_where_nobody_listens_is_an_error() -> None:
    with pytest.raises(AuditError, match="does not take"):
        HTTPWitness(f"http://127.0.0.1:{_free_port()}/").take(_NOTES, _KEY)


def test_an_address_that_answers_with_no_http_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(b"garbage\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(AuditError, match="does not take"):
            HTTPWitness(f"http://127.0.0.1:{server.getsockname()[1]}/").take(_NOTES, _KEY)
        thread.join()


def test_nobody_is_a_witness_too() -> None:
    NoWitness().take(_NOTES, _KEY)

    assert isinstance(witness_of(""), NoWitness)


def test_a_setting_names_a_folder_or_an_address(tmp_path: Path) -> None:
    assert isinstance(witness_of(str(tmp_path)), FolderWitness)
    assert isinstance(witness_of("https://oversight.example/overt"), HTTPWitness)


@pytest.mark.parametrize("setting", ["/nowhere/at/all", "ftp://host/x", "http://", "file:///tmp"])
def test_a_setting_that_names_neither_is_refused(setting: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        witness_of(setting)

    assert "OVERT_WITNESS" in caught.value.remedy

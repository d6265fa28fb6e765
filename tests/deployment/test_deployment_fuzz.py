"""Whatever bytes a file holds, the answer is a deployment or an error with a remedy."""

import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from deployment_files import LIVE, REHEARSAL
from hypothesis import given, settings
from hypothesis import strategies as st

from overt.deployment.file import Deployment
from overt.deployment.policy import Policy
from overt.deployment.template import template
from overt.errors import ConfigurationError, DeploymentFileError, OvertError
from overt.vocabulary import DeploymentKind

_POLICY = (Path(__file__).parents[2] / "src/overt/deployment/policies/uk-policing.toml").read_text()
_TEMPLATE = template(DeploymentKind.LIVE, datetime(2024, 1, 19, 9, 30, tzinfo=UTC))
_SIGNS = (
    '"',
    "'",
    '"""',
    "[",
    "]",
    "[[",
    "{",
    "}",
    "=",
    ".",
    "\n",
    "\r",
    "#",
    "\\",
    "\\u0000",
    "\x00",
)
_NUMBERS = ("1e999", "-0", "nan", "inf", "9" * 400, "9" * 5000, "true", "[]", "{}", "[[]]", '""')
_TIMES = ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2024-01-19", "10:00:00")
_WORDS = ("rtsp://a:b/c@[::1", "drawn:", "name", "camera", "[camera.x]", "\x1b[2J", "é", "\ufeff")
_SCRAPS = st.sampled_from((*_SIGNS, *_NUMBERS, *_TIMES, *_WORDS))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@st.composite
def _edited(draw: st.DrawFn, text: str) -> bytes:
    """Return `text` with a few stretches of it replaced by scraps or by other stretches."""
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(text)))
        end = draw(st.integers(begin, min(len(text), begin + 60)))
        other = draw(st.integers(0, len(text)))
        scrap = draw(st.one_of(_SCRAPS, st.text(max_size=8), st.just(text[other : other + 40])))
        text = text[:begin] + scrap + text[end:]
    return text.encode("utf-8", "surrogatepass")


def _refusal(read: Callable[[Path], object], path: Path, data: bytes) -> OvertError | None:
    """Return the error with which `read` refuses a file of these bytes, if it does."""
    path.write_bytes(data)
    try:
        read(path)
    except OvertError as error:
        return error
    return None


@given(data=st.binary(max_size=200))
def test_random_bytes_are_refused(folder: Path, data: bytes) -> None:
    refused = _refusal(Deployment.load, folder / "d.toml", data)

    assert isinstance(refused, DeploymentFileError)


@settings(max_examples=300)
@given(data=st.sampled_from((REHEARSAL, LIVE, _TEMPLATE)).flatmap(_edited))
def test_random_edits_are_read_or_refused(folder: Path, data: bytes) -> None:
    refused = _refusal(Deployment.load, folder / "d.toml", data)

    assert refused is None or isinstance(refused, DeploymentFileError)
    assert "hunter" not in str(refused)


@given(data=_edited(_POLICY))
def test_random_edits_of_a_policy_are_read_or_refused(folder: Path, data: bytes) -> None:
    refused = _refusal(Policy.load, folder / "policy.toml", data)

    assert refused is None or isinstance(refused, ConfigurationError)

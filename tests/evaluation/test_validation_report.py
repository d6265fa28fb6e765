"""Validation reports: written and read back, and refused where a single byte differs."""

import json
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from overt.audit.log import Signer
from overt.audit.notes import sign_note
from overt.deployment.validation import ReportedThreshold, ValidationReport
from overt.errors import ConfigurationError, MasterKeyError
from overt.evaluation.calibration import Calibrated, Findings, Method
from overt.evaluation.validation_report import (
    measurement,
    report_of,
    reported,
    signer_of,
    write_report,
)
from overt.vision.manifest import shipped_manifests
from overt.watchlist.prediction import predict_false_alerts

AT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
SIGNER = Signer("overt-validation-test", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
PACK = shipped_manifests()["standard"]


@dataclass(frozen=True)
class Data:
    """What was measured on."""

    dataset: str = "people who agreed"
    dataset_sha256: str = "cd" * 32


def row(
    list_size: int, threshold: float, fpir: float = 0.003, method: Method = Method.ORDERED
) -> Calibrated:
    return Calibrated(
        list_size=list_size,
        normalised=list_size >= 50,
        fpir=fpir,
        threshold=threshold,
        low=threshold - 0.002,
        high=threshold + 0.003,
        method=method,
        people=2_000,
        searches=3_100,
        lists=10,
        uncertainty=fpir * (1 - fpir) / 2_001,
        between_lists=0.0,
    )


FOUND = Findings(
    row(600, 0.035),
    (row(30, 0.94), row(100, 0.05), row(600, 0.02, 0.03), row(600, 0.035)),
    2_000,
    3_100,
)


@cache
def report() -> ValidationReport:
    return report_of(FOUND, PACK, Data(), "Dr Ada Byron, chief scientist", AT)


@cache
def signed() -> bytes:
    return report().signed(SIGNER.name, SIGNER.key)


def test_a_report_is_read_back_as_it_was_written() -> None:
    """R-24: pack, data, protocol, thresholds and signer, in one file."""
    read = ValidationReport.read(signed(), SIGNER.verifier)

    assert read == report()
    assert read.at == AT
    assert read.pack.pack_id == PACK.pack_id
    assert read.pack.files["centerface.onnx"] == PACK.file_named("centerface.onnx").sha256
    assert read.signed(SIGNER.name, SIGNER.key) == signed()
    line = signed().decode().split("\n")[0]
    assert json.loads(line)["fpir"] == 0.003  # any program can read it


@given(st.integers(0, len(signed()) - 1), st.integers(1, 255))
def test_any_altered_byte_is_refused(place: int, change: int) -> None:
    """R-24: a report that was altered supports nothing."""
    altered = bytearray(signed())
    altered[place] ^= change

    with pytest.raises(ConfigurationError, match="validation report"):
        ValidationReport.read(bytes(altered), SIGNER.verifier)


@given(st.integers(0, len(signed()) - 1))
def test_a_report_that_was_cut_is_refused(length: int) -> None:
    with pytest.raises(ConfigurationError):
        ValidationReport.read(signed()[:length], SIGNER.verifier)


def test_another_key_does_not_open_it() -> None:
    """R-24: who signed is who the policy names."""
    other = Signer(SIGNER.name, Ed25519PrivateKey.generate())

    with pytest.raises(ConfigurationError, match="is not signed with this key"):
        ValidationReport.read(signed(), other.verifier)
    with pytest.raises(ConfigurationError, match="key that the policy names"):
        ValidationReport.read(signed(), "not a key")


def test_what_is_signed_and_no_report_is_refused() -> None:
    """A signature vouches for bytes, and not that they say what one has to."""
    text = report().text
    for other in (
        "{}\n",
        text.replace('"fpir":0.003', '"fpir":3.0', 1),
        text.replace('","', '", "', 1),  # the same JSON in another form
        text.replace("overt validation report", "another report"),
    ):
        note = sign_note(other, SIGNER.name, SIGNER.key).encode()
        with pytest.raises(ConfigurationError, match=r"does not say|one form"):
            ValidationReport.read(note, SIGNER.verifier)


def test_what_is_supported_depends_on_list_and_rate() -> None:
    """R-24: no lower, no longer, no rarer than was measured."""
    supported = report().supported

    assert supported(0.003, 600, normalised=True) == 0.035
    assert supported(0.01, 600, normalised=True) == 0.035  # a stricter rate serves
    assert supported(0.03, 600, normalised=True) == 0.02
    assert supported(0.001, 600, normalised=True) is None
    assert supported(0.003, 601, normalised=True) is None
    assert supported(0.003, 99, normalised=True) is None
    assert supported(0.003, 30, normalised=False) == 0.94
    between = supported(0.003, 245, normalised=True)
    assert between == pytest.approx(0.0425, abs=1e-4)  # half way from 100 to 600 in log N


def test_an_extrapolated_threshold_supports_its_upper_end_only() -> None:
    (found,) = reported([row(5_000, 0.02, method=Method.EXTRAPOLATED)])

    assert isinstance(found, ReportedThreshold)
    assert found.floor == found.high > found.threshold


def test_false_alerts_are_predicted_from_a_report() -> None:
    """R-20: from one's own measurement where there is one."""
    own = measurement(FOUND, "people who agreed")
    found = predict_false_alerts(own, subjects=600, threshold=0.035, expected_faces=10_000)

    assert found is not None
    assert found.fpir == pytest.approx(0.003)
    assert found.expected == pytest.approx(30)
    assert found.low < 30 < found.high
    assert found.searches == 2_000
    assert not found.extrapolated
    assert "people who agreed" in found.caveats[0]
    assert predict_false_alerts(own, subjects=60, threshold=0.05, expected_faces=9) is None


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "signer.pem"

    made, again = signer_of(path), signer_of(path)

    assert made.verifier == again.verifier
    assert made.name.startswith("overt-validation-")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(MasterKeyError, match="Others than its owner"):
        signer_of(path)


@pytest.mark.parametrize(
    "content",
    [
        b"no key\n",
        X25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ),
    ],
)
def test_another_kind_of_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "signer.pem"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(ConfigurationError, match="holds no Ed25519 key"):
        signer_of(path)


def test_a_report_that_a_policy_may_rest_on_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "standard.report"

    digest = write_report(path, report(), SIGNER)

    assert digest == sha256(path.read_bytes()).hexdigest()
    assert ValidationReport.read(path.read_bytes(), SIGNER.verifier) == report()
    with pytest.raises(ConfigurationError, match="is there already"):
        write_report(path, report(), SIGNER)

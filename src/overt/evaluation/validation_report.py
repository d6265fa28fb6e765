"""Writes validation reports: what a calibration found, signed, for a policy to rest a floor on.

`overt.deployment.validation` has the report itself and reads it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from overt import __version__
from overt.audit.canonical import written_time
from overt.audit.log import Signer
from overt.deployment.validation import (
    ReportedData,
    ReportedPack,
    ReportedThreshold,
    ValidationReport,
)
from overt.errors import ConfigurationError
from overt.evaluation.calibration import Calibrated, Findings
from overt.keys.private_files import read_or_make
from overt.reporting.files import write_whole
from overt.vision.manifest import Manifest
from overt.watchlist.prediction import OwnMeasurement

PROTOCOL = (
    "ISO/IEC 19795-1, open-set 1:N. People of one data set come onto lists in turn, with one "
    "photograph each; whoever is not on a list is searched with every photograph, and each "
    "person counts once. Thresholds are upper order statistics of the best candidates' scores; "
    "where fewer than 10 people are above one, of a fitted generalised Pareto tail; for lists "
    "longer than the data can make, of a line in the logarithm of the list's size. Intervals "
    "are at 95 % and hold the people's and the lists' chance, not how people on a street differ."
)
"""What was done, in the report's words."""

_MOST_KEY_BYTES = 4_096


class DataSet(Protocol):
    """What was measured on, as `overt.evaluation.extraction.Extracted` has it."""

    @property
    def dataset(self) -> str:
        """Its name."""

    @property
    def dataset_sha256(self) -> str:
        """SHA-256 (hex) over its manifest."""


def signer_of(path: Path) -> Signer:
    """Return whoever signs with the Ed25519 key in a PEM file, which is made at first use.

    Its name in signatures is `overt-validation-` and eight digits of the key's own hash.

    Raises:
        MasterKeyError: others than its owner may read the file, or it cannot be read or made.
        ConfigurationError: it is no Ed25519 key, or is locked with a password.
    """
    pem = read_or_make(path, _new_pem, _MOST_KEY_BYTES)
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(
            f"{path} holds no Ed25519 key that can be used without a password.",
            remedy="Name a new file, or make one: openssl genpkey -algorithm ed25519 -out FILE",
        )
    mark = sha256(key.public_key().public_bytes_raw()).hexdigest()[:8]
    return Signer(f"overt-validation-{mark}", key)


def report_of(
    found: Findings, manifest: Manifest, data: DataSet, signed_by: str, at: datetime | None = None
) -> ValidationReport:
    """Return the report of what a calibration found; `at` is an aware time, now if left out."""
    return ValidationReport(
        made_at=written_time(at or datetime.now(UTC)),
        software=f"overt {__version__}",
        signed_by=signed_by,
        pack=ReportedPack(
            name=manifest.name,
            pack_id=manifest.pack_id,
            files={file.name: file.sha256 for file in manifest.file},
        ),
        data=ReportedData(
            name=data.dataset,
            sha256=data.dataset_sha256,
            people=found.people,
            photographs=found.photographs,
        ),
        protocol=PROTOCOL,
        fpir=found.asked.fpir,
        thresholds=reported(found.table),
    )


def reported(table: Sequence[Calibrated]) -> tuple[ReportedThreshold, ...]:
    """Return calibrated thresholds as a report holds them."""
    return tuple(
        ReportedThreshold(
            list_size=each.list_size,
            normalised=each.normalised,
            fpir=each.fpir,
            threshold=each.threshold,
            low=each.low,
            high=each.high,
            floor=each.floor,
            method=each.method.value,
            people=each.people,
            effective_people=each.effective_people,
            searches=each.searches,
        )
        for each in table
    )


def measurement(found: Findings, measured_on: str) -> OwnMeasurement:
    """Return what a prediction of false alerts may rest on."""
    return OwnMeasurement(measured_on, reported(found.table))


def write_report(path: Path, report: ValidationReport, signer: Signer) -> str:
    """Write a report, signed, and return its file's SHA-256 (hex), for the policy.

    Raises:
        ConfigurationError: there is a file already; a policy may rest on it.
        StorageError: it cannot be written.
    """
    if path.exists():
        raise ConfigurationError(
            f"{path} is there already, and a policy may rest on it.", remedy="Choose another name."
        )
    data = report.signed(signer.name, signer.key)
    write_whole(path, data)
    return sha256(data).hexdigest()


def _new_pem() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )

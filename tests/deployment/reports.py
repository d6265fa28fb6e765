"""A signed validation report, and the section of a policy that rests on it."""

from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from overt.audit.notes import verifier_key
from overt.deployment.validation import (
    ReportedData,
    ReportedPack,
    ReportedThreshold,
    ValidationReport,
)

NAME = "overt-validation-test"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNED_WITH = verifier_key(NAME, KEY.public_key())
FILE = "standard.report"
ATTACHED_REPORT = f'[models]\nreport = "{FILE}"\n'


def a_threshold(list_size: int, floor: float, fpir: float = 0.003) -> ReportedThreshold:
    """Return a threshold that is supported as it was measured."""
    return ReportedThreshold(
        list_size=list_size,
        normalised=list_size >= 50,
        fpir=fpir,
        threshold=floor,
        low=floor - 0.01,
        high=floor + 0.01,
        floor=floor,
        method="order statistics",
        people=2_000,
        effective_people=1_500,
        searches=3_000,
    )


def a_report(pack: str = "standard", pack_id: str = "", **changes: Any) -> ValidationReport:
    """Return a report that supports 0.06 at 100 listed, and 0.04 at 1,000."""
    fields: dict[str, Any] = {
        "made_at": "2026-11-26T09:30:00.000000Z",
        "software": "overt test",
        "signed_by": "Chief scientist",
        "pack": ReportedPack(name=pack, pack_id=pack_id or f"{pack}-1-abc", files={"a": "ab" * 32}),
        "data": ReportedData(name="ours", sha256="cd" * 32, people=2_000, photographs=3_000),
        "protocol": "as written in the protocol",
        "fpir": 0.003,
        "thresholds": (a_threshold(100, 0.06), a_threshold(1_000, 0.04), a_threshold(10, 0.9)),
    }
    return ValidationReport(**(fields | changes))


def signed(report: ValidationReport, key: Ed25519PrivateKey = KEY) -> bytes:
    """Return a report's file."""
    return report.signed(NAME, key)


def floor_on(
    data: bytes, pack: str = "standard", floor: float = 0.04, signed_with: str = SIGNED_WITH
) -> str:
    """Return the section of a policy whose floor rests on a report's file."""
    section = f"""
[[threshold_floor]]
pack = "{pack}"
floor = {floor}
report = "Validation 2026"
report_sha256 = "{sha256(data).hexdigest()}"
signed_by = "Chief scientist"
"""
    return section + (f'signed_with = "{signed_with}"\n' if signed_with else "")

"""Validation reports: what a model pack was found fit for, signed, and held to a policy's floor.

A report is a signed note (`overt.audit.notes`) whose text is one line of canonical JSON
(RFC 8785), so that report and signature are one file and no byte of it can change unseen. The
policy names the file by its SHA-256 and the signer's key; `overt calibrate` writes it. No floor
counts that its report does not support: requirement R-24.
"""

import math
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from overt.audit.canonical import canonical, read_time
from overt.audit.notes import NoteError, open_note, sign_note
from overt.deployment.document import Document
from overt.deployment.policy import Policy
from overt.deployment.policy_sections import ThresholdFloor
from overt.deployment.problems import Problem, nearest_beside
from overt.deployment.settings import ModelChoice
from overt.deployment.source import resolved, standing
from overt.errors import AuditError, ConfigurationError
from overt.vocabulary import DeploymentKind

MOST_BYTES = 1024 * 1024
"""A report is a page of figures; this stops a video given by mistake."""

_WHERE = ("models", "report")
_NEAR = 1e-9  # thresholds are written in full, and this is far below what any score is told to


def _time(text: str) -> str:
    read_time(text)
    return text


Text = Annotated[str, Field(min_length=1, max_length=2_000)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Rate = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
Score = Annotated[float, Field(ge=-2, le=2)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class ReportedPack(_Part):
    """The model pack that was measured: its name, its id, and its files' SHA-256 by name."""

    name: Text
    pack_id: Text
    files: dict[str, Digest]


class ReportedData(_Part):
    """What it was measured on; `photographs` counts those that gave a template, of `people`."""

    name: Text
    sha256: Digest
    people: Count
    photographs: Count


class ReportedThreshold(_Part):
    """A threshold for lists of `list_size` at one FPIR, with its 95 % interval.

    `floor` is the lowest threshold that this supports. `method` is how it was found:
    `order statistics`, `fitted tail` or `extrapolated by list size`. `people` were searched for;
    `effective_people` is how many, each independent of all others and of the list, would leave
    the rate as uncertain as it is.
    """

    list_size: Count
    normalised: bool
    fpir: Rate
    threshold: Score
    low: Score
    high: Score
    floor: Score
    method: Text
    people: Count
    effective_people: Count
    searches: Count


class ValidationReport(_Part):
    """What a pack was found fit for, by whom. `fpir` is the rate that was tolerated."""

    kind: Literal["overt validation report"] = "overt validation report"
    version: Literal[1] = 1
    made_at: Annotated[str, AfterValidator(_time)]
    software: Text
    signed_by: Text
    pack: ReportedPack
    data: ReportedData
    protocol: Text
    fpir: Rate
    thresholds: Annotated[tuple[ReportedThreshold, ...], Field(min_length=1, max_length=1_000)]

    def signed(self, name: str, key: Ed25519PrivateKey) -> bytes:
        """Return the report's file: a note signed with a key of this name.

        Raises:
            ValueError: the name has spaces or a plus sign.
        """
        return sign_note(self.text, name, key).encode()

    @classmethod
    def read(cls, data: bytes, verifier_key: str) -> "ValidationReport":
        """Return the report in a file, which the key has signed.

        Raises:
            ConfigurationError: the key is not one, the file is no report, or the key has not
                signed it as it is.
        """
        try:
            body = open_note(data.decode(), verifier_key)
            report = cls.model_validate_json(body)
            if body != report.text:
                raise _unusable("is not written in its one form")
        except NoteError as error:
            raise _unusable(str(error)) from None
        except UnicodeDecodeError:
            raise _unusable("is not a text") from None
        except (ValidationError, AuditError):
            raise _unusable("does not say what one has to") from None
        except ValueError:
            raise ConfigurationError(
                "The key that the policy names for its validation report is not one.",
                remedy="Copy the whole line that `overt calibrate` shows.",
            ) from None
        return report

    @property
    def text(self) -> str:
        """What is signed: the report in its one form, and a newline."""
        return f"{canonical(self.model_dump(mode='json')).decode()}\n"

    @property
    def at(self) -> datetime:
        """When it was made, aware."""
        return read_time(self.made_at)

    def lowest(self, fpir: float) -> float | None:
        """Return the lowest threshold it supports for any list at a rate, or None where none."""
        return min((each.floor for each in self._at(fpir)), default=None)

    def supported(self, fpir: float, list_size: int, *, normalised: bool) -> float | None:
        """Return the lowest threshold supported for a list, or None where none is.

        Between two list sizes it is read in log N; beyond them, and for a rate lower than any
        that it holds, nothing is supported.
        """
        kind = [each for each in self._at(fpir) if each.normalised is normalised]
        rows = sorted((each.list_size, each.floor) for each in kind)
        for size, floor in rows:
            if size == list_size:
                return floor
        for (less, below), (more, above) in pairwise(rows):
            if less < list_size < more:
                share = math.log(list_size / less) / math.log(more / less)
                return below + share * (above - below)
        return None

    def _at(self, fpir: float) -> list[ReportedThreshold]:
        """Return what it holds for the highest rate that is not above this one."""
        rates = [each.fpir for each in self.thresholds if each.fpir <= fpir + _NEAR]
        return [each for each in self.thresholds if rates and each.fpir == max(rates)]


def validated(policy: Policy, floor: ThresholdFloor, data: bytes) -> ValidationReport:
    """Return the report that a policy's floor rests on, from its file's bytes.

    Raises:
        ConfigurationError: it is not the file that the policy names, is not signed with the key
            that the policy names, is of another pack, or does not support so low a floor.
    """
    if not data:
        raise ConfigurationError(
            f"The validation report is missing: {floor.report}.",
            remedy="Name its file as report under [models], and draft the deployment anew.",
        )
    if sha256(data).hexdigest() != floor.report_sha256:
        raise _unusable("is not the file that the policy names by its SHA-256")
    if floor.signed_with is None:
        raise ConfigurationError(
            "The policy names no key for its validation report, so nobody can tell who signed it.",
            remedy="Add signed_with to [[threshold_floor]]: the signer's key, as `overt "
            "calibrate` shows it.",
        )
    report = ValidationReport.read(data, floor.signed_with)
    if report.pack.name != floor.pack:
        raise _unusable(f"is of the pack {report.pack.name!a}, and the floor is for {floor.pack}")
    rate = policy.decision.fpir_percent / 100
    lowest = report.lowest(rate)
    if lowest is None:
        raise _unusable(f"holds no threshold for the policy's FPIR, {100 * rate:g} %")
    if floor.floor < lowest - _NEAR:
        raise ConfigurationError(
            f"The policy's floor, {floor.floor:g}, is lower than its validation report supports: "
            f"{lowest:.4f} at least, for an FPIR of {100 * rate:g} %.",
            remedy="Raise the floor, or have a report made that supports it.",
        )
    return report


def demand_supported(
    report: ValidationReport,
    policy: Policy,
    *,
    pack_id: str,
    list_size: int,
    normalised: bool,
    threshold: float,
) -> None:
    """Check that a report covers these models, this list and this threshold.

    Raises:
        ConfigurationError: it is of other models, of other list sizes, or supports only a
            higher threshold for a list as long as this.
    """
    if report.pack.pack_id != pack_id:
        raise _unusable(f"is of the models {report.pack.pack_id!a}, and here are {pack_id}")
    rate = policy.decision.fpir_percent / 100
    floor = report.supported(rate, list_size, normalised=normalised)
    if floor is None:
        raise _unusable(f"supports no threshold for a list of {list_size:,}")
    if threshold < floor - _NEAR:
        raise ConfigurationError(
            f"The threshold {threshold:g} is below the {floor:.4f} that the validation report "
            f"supports for a list of {list_size:,}.",
            remedy="Raise it, or have a report made that supports it.",
        )


def attached_report(document: Document, policy: Policy | None) -> tuple[bytes, list[Problem]]:
    """Return the validation report that a live deployment attaches, and what is wrong with it.

    The report is empty, and nothing is wrong, where the policy has no floor for the pack or the
    deployment is a rehearsal.
    """
    if policy is None or document.text_at("kind") != DeploymentKind.LIVE:
        return b"", []
    pack = document.text_at("models", "pack") or ModelChoice().pack
    floor, written = policy.threshold_floor(pack), document.text_at(*_WHERE)
    if floor is None:
        return b"", list(_unasked(document)) if written else []
    if not written:
        message = f"is missing: the policy's floor rests on {floor.report}."
        return b"", [document.problem(_WHERE, message, "Name the report's file.")]
    path = resolved(written, document.path.parent)
    data, message = _read(path)
    if message:
        remedy = nearest_beside(path) or "Paths begin from the deployment file's own folder."
        return b"", [document.problem(_WHERE, message, remedy)]
    try:
        validated(policy, floor, data)
    except ConfigurationError as error:
        return b"", [document.problem(_WHERE, error.message, error.remedy)]
    return data, []


def _unasked(document: Document) -> Iterator[Problem]:
    yield document.problem(
        _WHERE,
        "is of no use: the policy has no [[threshold_floor]] for this pack.",
        "Leave it out, or have the policy say which floor it found.",
    )


def _read(path: Path) -> tuple[bytes, str]:
    """Return a file's bytes and nothing, or nothing and what is wrong with it."""
    if standing(path) != "file":  # opening a pipe could wait for ever
        return b"", "there is no such file."
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        return b"", f"cannot be read: {error.strerror}."
    if not data:
        return b"", "is empty."
    return (data, "") if len(data) <= MOST_BYTES else (b"", "is larger than 1 MiB.")


def _unusable(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The validation report {why}.",
        remedy="Attach the file that its signer handed over, unchanged, and check the policy's "
        "[[threshold_floor]] with whoever signed it.",
    )

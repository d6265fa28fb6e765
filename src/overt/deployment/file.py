"""A deployment file, read and checked: the value that everything else starts from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from overt.deployment.attachments import Assessment, attached, hashes_of
from overt.deployment.checks import FILE_CHECKS, POLICY_CHECKS
from overt.deployment.document import Document
from overt.deployment.explain import problems_in
from overt.deployment.policy import DEFAULT_POLICY, DecisionSettings, Policy
from overt.deployment.policy_sections import UseCase
from overt.deployment.problems import Problem, UnusableFileError, in_order, refusal
from overt.deployment.settings import (
    Authority,
    CameraSettings,
    DecisionOverrides,
    DeploymentSettings,
    Flag,
    Intelligence,
)
from overt.deployment.source import Source, SourceKind, redacted, resolved
from overt.deployment.validation import attached_report
from overt.errors import AuthorityError, ConfigurationError, DeploymentFileError
from overt.vocabulary import DeploymentKind

WHOLE_PICTURE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
"""The zone of a camera that names none: `(across, down)` fractions from the top left."""

_ADDRESS = re.compile(r"""[A-Za-z][A-Za-z0-9+.-]*://[^\s"']+""")


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera of a deployment.

    `zone` is a polygon of `(across, down)` fractions of the picture from its top left;
    `smallest_face_px` is the narrowest face searched, in pixels of the camera's picture;
    `detection_width_px` is None where the file leaves the choice to Overt; `transport` is how a
    network camera sends its pictures, and of no account for any other.
    """

    name: str
    source: Source
    zone: tuple[tuple[float, float], ...]
    smallest_face_px: int
    detection_width_px: int | None
    transport: Literal["tcp", "udp"] = "tcp"


@dataclass(frozen=True, slots=True)
class Deployment:
    """What one deployment file and its policy authorise, checked together.

    `start` and `end` are aware UTC and bound the authority as `start <= now < end`.
    `watchlist` is the list (CSV or JSON) and `images` the folder of its pictures, as whole
    paths. `decision` is the policy's, with the file's stricter wishes. `sha256` is over the
    file's bytes, `data`; `text` is the file as written, passwords included. A rehearsal may have
    neither `unit` nor `intelligence`, `assessments` nor `expected_faces`, the faces expected to
    be seen in the whole of it; a live one has all four. `flags` are without doubles and in order.
    `report` is the validation report that the policy's floor rests on, where it has one.
    """

    path: Path
    sha256: str
    text: str = field(repr=False)
    name: str
    kind: DeploymentKind
    use_case: UseCase
    location: str
    start: datetime
    end: datetime
    authority: Authority
    watchlist: Path
    images: Path
    policy: Policy
    decision: DecisionSettings
    pack: str
    cameras: tuple[Camera, ...]
    unit: str | None = None
    flags: tuple[Flag, ...] = ()
    intelligence: Intelligence | None = None
    assessments: tuple[Assessment, ...] = ()
    expected_faces: int | None = None
    data: bytes = field(default=b"", repr=False)
    report: bytes = field(default=b"", repr=False)

    @classmethod
    def load(cls, path: Path) -> "Deployment":
        """Read and check the deployment file at `path`.

        Raises:
            DeploymentFileError: it cannot be used; the message lists every problem.
        """
        result = examine(path)
        if result.deployment is None:
            raise refusal(DeploymentFileError, path, result.problems)
        return result.deployment

    @classmethod
    def recorded(
        cls,
        path: Path,
        data: bytes,
        policy: Policy,
        hashes: tuple[str, ...],
        report: bytes = b"",
    ) -> "Deployment":
        """Return the deployment that a record keeps, from its file's bytes and its policy.

        Nothing is looked for on the disk: the list is in the record, `hashes` are those of the
        assessments as they were attached, and `report` is the validation report itself.

        Raises:
            DeploymentFileError: this version of Overt cannot use it.
        """
        try:
            document = Document.of(path, data)
        except UnusableFileError as error:
            raise refusal(DeploymentFileError, path, error.problems) from None
        settings, found = _settings(document)
        if settings is None:
            raise refusal(DeploymentFileError, path, in_order(found))
        return _deployment(document, settings, policy, (hashes, report))

    def demand_rehearsal(self) -> None:
        """Let nothing but a rehearsal pass: its recordings need nobody's authority.

        Raises:
            AuthorityError: it is live.
        """
        if self.kind is not DeploymentKind.REHEARSAL:
            raise AuthorityError(
                "A live deployment starts from its authority, not from its file.",
                remedy="Draft and submit it: overt deployment draft FILE.",
            )

    @property
    def redacted_text(self) -> str:
        """The file as written, with sources' addresses cut down to scheme and host."""
        text = self.text
        for source in (camera.source for camera in self.cameras):
            if source.kind is SourceKind.STREAM:
                text = text.replace(source.address, source.shown)
        return _ADDRESS.sub(lambda address: redacted(address[0]), text)


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found in a deployment file: the deployment, or every problem it has."""

    deployment: Deployment | None
    problems: tuple[Problem, ...]


def examine(path: Path) -> Examination:
    """Read and check the deployment file at `path`, and return what was found."""
    try:
        return _examined(Document.read(path))
    except UnusableFileError as error:
        return Examination(None, in_order(error.problems))


def examine_text(path: Path, text: str) -> Examination:
    """Check a deployment file that is written nowhere yet, as if it lay at `path`."""
    try:
        return _examined(Document.of(path, text.encode()))
    except UnusableFileError as error:
        return Examination(None, in_order(error.problems))


def _examined(document: Document) -> Examination:
    settings, settings_problems = _settings(document)
    policy, policy_problems = _policy(document)
    hashes, hash_problems = hashes_of(document)
    report, report_problems = attached_report(document, policy)
    attachments = [*hash_problems, *report_problems]
    found = [*settings_problems, *policy_problems, *attachments, *_checked(document, policy)]
    if settings is None or policy is None or found:
        return Examination(None, in_order(found))
    return Examination(_deployment(document, settings, policy, (hashes, report)), ())


def _settings(document: Document) -> tuple[DeploymentSettings | None, list[Problem]]:
    try:
        return DeploymentSettings.model_validate(document.values), []
    except ValidationError as error:
        return None, list(problems_in(error, document, DeploymentSettings))


def _policy(document: Document) -> tuple[Policy | None, list[Problem]]:
    name, file = document.text_at("policy", "name"), document.text_at("policy", "file")
    if name and file:
        message, remedy = "gives both name and file.", "Give one of them."
        return None, [document.problem(("policy",), message, remedy)]
    try:
        if file:
            return Policy.load(resolved(file, document.path.parent)), []
        return Policy.shipped(name or DEFAULT_POLICY), []
    except ConfigurationError as error:
        where = ("policy", "file" if file else "name")
        return None, [document.problem(where, error.message, error.remedy)]


def _checked(document: Document, policy: Policy | None) -> Iterator[Problem]:
    for file_check in FILE_CHECKS:
        yield from file_check(document)
    if policy is not None:
        for policy_check in POLICY_CHECKS:
            yield from policy_check(document, policy)


def _deployment(
    document: Document,
    settings: DeploymentSettings,
    policy: Policy,
    attachments: tuple[tuple[str, ...], bytes],
) -> Deployment:
    folder, (hashes, report) = document.path.parent, attachments
    use_case = policy.use_case(settings.use_case)
    table = settings.watchlist.csv or settings.watchlist.json_file
    assert use_case is not None
    assert table is not None
    return Deployment(
        path=document.path.absolute(),
        sha256=document.sha256,
        text=document.text,
        name=settings.name,
        kind=settings.kind,
        use_case=use_case,
        location=settings.location,
        start=settings.start.astimezone(UTC),
        end=settings.end.astimezone(UTC),
        authority=settings.authority,
        watchlist=resolved(table, folder),
        images=resolved(settings.watchlist.images, folder),
        policy=policy,
        decision=_decision(policy.decision, settings.decision),
        pack=settings.models.pack,
        cameras=tuple(_camera(camera, folder) for camera in settings.camera),
        unit=settings.unit,
        flags=tuple(sorted(set(settings.flags))),
        intelligence=settings.intelligence,
        assessments=tuple(attached(settings.assessment, hashes)),
        expected_faces=settings.expected_faces,
        data=document.data,
        report=report,
    )


def _decision(allowed: DecisionSettings, wished: DecisionOverrides) -> DecisionSettings:
    wishes = wished.model_dump(exclude_none=True)
    if "fpir" in wishes:  # asking for a rate means not asking for a fixed threshold
        wishes.setdefault("threshold", None)
    return allowed.model_copy(update=wishes)


def _camera(settings: CameraSettings, folder: Path) -> Camera:
    zone = tuple((across, down) for across, down in settings.zone or WHOLE_PICTURE)
    return Camera(
        name=settings.name,
        source=Source.of(settings.source, folder),
        zone=zone,
        smallest_face_px=settings.smallest_face_px,
        detection_width_px=settings.detection_width_px,
        transport=settings.transport or "tcp",
    )

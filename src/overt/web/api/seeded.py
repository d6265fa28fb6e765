"""Passages of seeded subjects: noting them, and how many of them raised an alert."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from overt.deployment import recorded
from overt.rates import Rate
from overt.review import seeded
from overt.vocabulary import Act
from overt.web.api.asking import Here, Id, SignedIn, does
from overt.web.api.texts import Body, Line

router = APIRouter(prefix="/deployments/{deployment_id}/seeded", tags=["seeded subjects"])


class Passage(Body):
    """A seeded subject who passed a camera; `at` is when, and now if it is left out."""

    subject_id: Line
    camera: Line
    at: AwareDatetime | None = None


class Noted(BaseModel):
    """A passage as it is on the log."""

    passed_at: datetime


class Found(BaseModel):
    """So many of so many passages raised an alert, with Wilson's 95 % interval of that rate."""

    count: int
    of: int
    low: float
    high: float


class Seeded(BaseModel):
    """What is known of a deployment's seeded subjects; by camera, and in all."""

    found: Found
    cameras: dict[str, Found]
    subjects: int
    alerts_apart: int = Field(description="Seeded alerts of no passage that was noted.")


@router.get("", **does(Act.DEPLOYMENT_SEE))
def result(office: Here, person: SignedIn, deployment_id: Id) -> Seeded:
    """Say how many noted passages of seeded subjects raised an alert."""
    row = recorded.seen(office, person, deployment_id)
    made = seeded.seeded_result(office, person, row)
    return Seeded(
        found=_found(made.found),
        cameras={name: _found(rate) for name, rate in made.camera.items()},
        subjects=made.subjects,
        alerts_apart=made.alerts_apart,
    )


@router.post("", status_code=201, **does(Act.PASSAGE_NOTE))
def note(office: Here, person: SignedIn, deployment_id: Id, given: Passage) -> Noted:
    """Note that a seeded subject passed a camera."""
    row = office.record.deployments.find(deployment_id)
    at = seeded.note_passage(office, person, row, given.subject_id, given.camera, given.at)
    return Noted(passed_at=at)


def _found(rate: Rate) -> Found:
    low, high = rate.interval()
    return Found(count=rate.count, of=rate.of, low=low, high=high)

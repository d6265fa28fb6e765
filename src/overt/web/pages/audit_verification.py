"""Verifying the log: what the standalone verifier finds in it, now."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from overt.errors import AuditError
from overt.people.permissions import Person, Thing
from overt.runtime.verification import Verifications
from overt.vocabulary import Act
from overt.web.api.asking import Here, SignedIn, does
from overt.web.pages.forms import EMPTY, Form, Sent, checked
from overt.web.pages.frame import away, page
from overt.web.pages.running import Verifying

router = APIRouter(prefix="/audit/verification", include_in_schema=False)

_LOG = Thing("log")
_QUICKLY_S = 2.0
"""Most logs are verified within this, so that the result is the next page that is seen."""

_WORDS = {"kept": "Paste a whole checkpoint: some lines of text, with a signature at its end."}


class Kept(BaseModel):
    """A checkpoint that somebody kept outside, or nothing."""

    kept: Annotated[str, Field(max_length=20_000)] = ""


@router.post("", **does(Act.AUDIT_SEE))
def verify(
    request: Request,
    office: Here,
    person: SignedIn,
    verifying: Verifying,
    sent: Sent,
) -> Response:
    """Begin to verify the whole log."""
    office.demand(person, Act.AUDIT_SEE, _LOG)
    given, form = checked(Kept, sent, _WORDS)
    if given is None:
        return _verification_page(request, person, verifying, form)
    kept = given.kept.strip("\n \t")
    try:
        verifying.begin(person, f"{kept}\n" if kept else "")
    except AuditError as error:
        return _verification_page(request, person, verifying, form.refused(error))
    verifying.wait(person, _QUICKLY_S)
    return away("/audit/verification")


@router.get("", **does(Act.AUDIT_SEE))
def verification(
    request: Request, office: Here, person: SignedIn, verifying: Verifying
) -> Response:
    """Show what the latest verification found, or that it is under way."""
    office.demand(person, Act.AUDIT_SEE, _LOG)
    return _verification_page(request, person, verifying, EMPTY)


def _verification_page(
    request: Request, person: Person, verifying: Verifications, form: Form
) -> Response:
    latest = verifying.latest(person)
    return page(request, "audit_verification.html", form.status, form=form, latest=latest)

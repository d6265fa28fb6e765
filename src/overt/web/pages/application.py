"""The application for a deployment, as a guided form.

It makes the text of a deployment file, which the same code checks as `overt deployment check`
does, and drafting then goes on behind it. The text is kept in memory alone until it is on
record, sealed: it may hold cameras' passwords.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, Response

from overt.deployment.file import Deployment, examine_text
from overt.deployment.policy import Policy, shipped_policies
from overt.deployment.recorded import opened, seen
from overt.deployment.settings import Flag
from overt.deployment.source import resolved
from overt.deployment.summary import in_words
from overt.errors import ConfigurationError, OvertError, PermissionDenied
from overt.people.office import Office
from overt.people.permissions import Person
from overt.runtime.operations import DraftState
from overt.vision.store import ModelStore
from overt.vocabulary import Act, DeploymentKind
from overt.web.api.asking import Here, Id, SignedIn, does
from overt.web.pages.application_again import blank, filled_in_from
from overt.web.pages.application_file import (
    MOST_CAMERAS,
    camera_rows,
    chosen_policy,
    policy_choice,
    written,
)
from overt.web.pages.application_reading import CLOCK_WORDS
from overt.web.pages.application_words import by_field
from overt.web.pages.forms import Form, Sent
from overt.web.pages.frame import away, page
from overt.web.pages.incoming import Incoming
from overt.web.pages.refusals import without_commands
from overt.web.pages.running import Running
from overt.web.pages.zones import typed_zone

router = APIRouter(include_in_schema=False)

_FILE = "application.toml"
"""What the file would be called that is never written; paths in it begin from its folder."""

_KINDS = (
    (DeploymentKind.LIVE.value, "Live: cameras on the street, only within the window"),
    (DeploymentKind.REHEARSAL.value, "Rehearsal: recordings and drawn streets only"),
)
_FLAGS = (
    (Flag.PROTEST.value, "At a protest or an assembly"),
    (Flag.SENSITIVE_SITE.value, "At a sensitive site, such as a place of worship or a school"),
)
_RATES = (
    ("fpir_1_percent", "1 search of 100 unlisted faces"),
    ("fpir_0_3_percent", "3 searches of 1,000 unlisted faces"),
)


_CHOICES_AFTER = {"name": ("kind", "use_case"), "expected_faces": ("flags",)}


@dataclass(slots=True)
class Kept:
    """The applications that are being drafted, each until its applicant sees what became of it."""

    forms: dict[str, tuple[str, Form]] = field(default_factory=dict)

    def keep(self, person: Person, job_id: str, form: Form) -> None:
        """Keep a person's last application, in memory."""
        self.forms[person.account_id] = (job_id, form)

    def of(self, person: Person, job_id: str) -> Form | None:
        """Return a person's application, or None where it is another one or gone."""
        known, form = self.forms.get(person.account_id, ("", None))
        return form if known == job_id else None

    def drop(self, person: Person) -> None:
        """Forget a person's application."""
        self.forms.pop(person.account_id, None)


def _kept(request: Request) -> Kept:
    applications = request.app.state.applications
    if not isinstance(applications, Kept):
        raise TypeError("an application without its applications")
    return applications


Applications = Annotated[Kept, Depends(_kept)]
"""What is being drafted."""

Earlier = Annotated[str, Query(alias="from", pattern="^([0-9a-f]{32})?$")]
Again = Annotated[str, Query(pattern="^([0-9a-f]{32})?$")]


@router.get("/deployments/new", **does(Act.DEPLOYMENT_DRAFT))
def show(
    request: Request,
    office: Here,
    person: SignedIn,
    kept: Applications,
    earlier: Earlier = "",
    again: Again = "",
) -> Response:
    """Show the form: empty, as an earlier deployment's, or as it was before it was refused."""
    if again and (form := kept.of(person, again)):
        return _page(request, office, person, form)
    form = _earlier(office, person, earlier) if earlier else blank(_signature(person))
    return _page(request, office, person, form)


@router.post("/deployments/new", **does(Act.DEPLOYMENT_DRAFT))
def send(
    request: Request,
    office: Here,
    person: SignedIn,
    operations: Running,
    kept: Applications,
    sent: Sent,
) -> Response:
    """Check the form, and draft what it asks for if that is wanted and nothing is wrong."""
    asked = sent.value("do")
    if asked == "camera":
        more = min(camera_rows(sent) + 1, MOST_CAMERAS)
        return _page(request, office, person, _with(sent, cameras=str(more)))
    if asked == "policy":
        return _page(request, office, person, sent)
    deployment, form = _checked(office, person, sent)
    if deployment is None or asked != "draft":
        return _page(request, office, person, form, deployment)
    try:
        job_id = operations.draft(person, deployment)
    except PermissionDenied:
        raise
    except OvertError as error:
        return _page(request, office, person, form.refused(error))
    kept.keep(person, job_id, sent)
    return away(f"/deployments/drafting/{job_id}")


@router.get("/deployments/drafting/{job_id}", **does(Act.DEPLOYMENT_DRAFT))
def progress(
    request: Request, person: SignedIn, operations: Running, kept: Applications, job_id: Id
) -> Response:
    """Show how a draft goes, and lead on to the deployment when it is made."""
    job = operations.draft_state(job_id, person)
    if job.state is DraftState.DONE:
        kept.drop(person)
        return away(f"/deployments/{job.deployment_id}")
    failed = job.state is DraftState.FAILED
    status = 422 if failed else 200
    return page(
        request,
        "application_drafting.html",
        status,
        job=job,
        job_id=job_id,
        failed=failed,
        error=without_commands(job.error),
        kept=kept.of(person, job_id) is not None,
    )


@router.get("/deployments/drafting/{job_id}/state", **does(Act.DEPLOYMENT_DRAFT))
def progress_state(person: SignedIn, operations: Running, job_id: Id) -> Response:
    """Return how a draft goes, for the page's script."""
    job = operations.draft_state(job_id, person)
    return JSONResponse({"done": job.done, "entries": job.entries, "state": job.state.value})


def _checked(office: Office, person: Person, sent: Form) -> tuple[Deployment | None, Form]:
    """Return the deployment that a form makes, or None and the form with its mistakes marked."""
    incoming = Incoming.of(office.home)
    file = written(sent, person.unit, _policy(sent, incoming), incoming)
    found = examine_text(incoming.folder / _FILE, file.text)
    errors = {**by_field(found.problems, file.fields), **file.errors}
    if errors:
        return None, sent.with_errors(_in_order(errors, sent))
    return found.deployment, sent


def _in_order(errors: Mapping[str, str], sent: Form) -> dict[str, str]:
    """Return the mistakes in the order of the form's fields; a choice not made was not sent."""
    order: list[str] = []
    for name in sent.values:
        order += (name, *_CHOICES_AFTER.get(name, ()))
    return dict(sorted(errors.items(), key=lambda each: _place(each[0], order)))


def _place(name: str, order: Sequence[str]) -> int:
    return order.index(name) if name in order else len(order)


def _page(
    request: Request,
    office: Office,
    person: Person,
    form: Form,
    checked: Deployment | None = None,
) -> Response:
    incoming = Incoming.of(office.home)
    policy = _policy(form, incoming)
    return page(
        request,
        "application.html",
        form.status,
        form=form,
        unit=person.unit,
        policy=policy,
        policies=_policies(incoming),
        packs=_same(sorted(ModelStore(office.home.models).manifests())),
        ranks=_same(_ranks(policy)),
        use_cases=[(each.id, f"{each.wording} ({each.paragraph})") for each in policy.use_cases],
        lists=_same(incoming.lists),
        pictures=_same(incoming.pictures),
        documents=_same(incoming.documents),
        recordings=_same(incoming.recordings),
        kinds=_KINDS,
        flags=_FLAGS,
        clocks=CLOCK_WORDS,
        rates=_RATES,
        rows=camera_rows(form),
        most=MOST_CAMERAS,
        zones={number: typed_zone(form.value(f"camera-{number}-zone")) for number in _numbers()},
        said=_said(checked, office) if checked else None,
    )


def _same(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in names]


def _numbers() -> range:
    return range(1, MOST_CAMERAS + 1)


def _said(deployment: Deployment, office: Office) -> dict[str, str]:
    """Return what would happen, in words, but for where files lie on the server."""
    words = in_words(deployment, office.now())
    return {name: said for name, said in words.items() if name != "Watchlist"}


def _earlier(office: Office, person: Person, deployment_id: str) -> Form:
    """Return the form of an earlier deployment; passwords only to whoever typed them."""
    row, incoming = seen(office, person, deployment_id), Incoming.of(office.home)
    if row.applicant == person.account_id and row.sealed_file is not None:
        form = filled_in_from(opened(office, row).text, incoming)
    else:
        form = filled_in_from(row.deployment_text, incoming)
    return _with(form, **{"authority-applicant": _signature(person)})


def _with(form: Form, **values: str) -> Form:
    return replace(form, values={**form.values, **{name: [each] for name, each in values.items()}})


def _signature(person: Person) -> str:
    return f"{person.rank} {person.full_name}".strip()


def _policy(form: Form, incoming: Incoming) -> Policy:
    """Return the policy that a form's choices come from: the chosen one, if it can be used."""
    key, value = chosen_policy(form, incoming)
    try:
        if key == "file":
            return Policy.load(resolved(value, incoming.folder))
        return Policy.shipped(value)
    except ConfigurationError:
        return Policy.shipped()


def _policies(incoming: Incoming) -> list[tuple[str, str]]:
    shipped = [(policy_choice("name", each), f"{each}, with Overt") for each in shipped_policies()]
    return [*shipped, *((policy_choice("file", each), each) for each in incoming.policies)]


def _ranks(policy: Policy) -> list[str]:
    """Return the ranks that may authorise anything under a policy, in its order; none means any."""
    rules = policy.authority
    every = (*policy.authorising_ranks, *rules.urgent_ranks, *rules.sensitive_ranks)
    return list(dict.fromkeys(every)) if policy.authorising_ranks else []

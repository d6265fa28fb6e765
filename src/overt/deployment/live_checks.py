"""What a live deployment must say besides, so that nothing is searched without its safeguards.

A rehearsal looks at recordings, and needs none of it. Like those in `checks.py`, each check
reads the document as written and passes over settings of the wrong type.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import get_args

from overt.deployment.document import Document
from overt.deployment.policy import Policy
from overt.deployment.policy_sections import FpirTarget, percent
from overt.deployment.problems import Problem, did_you_mean
from overt.deployment.settings import DeploymentSettings, ModelChoice
from overt.vocabulary import DeploymentKind


def nothing_is_left_out(document: Document) -> Iterator[Problem]:
    """The unit, the expected faces and the intelligence are on record: R-5, R-20 and R-63."""
    for key in ("unit", "expected_faces"):
        if document.at(key) is None:
            description = DeploymentSettings.model_fields[key].description or ""
            yield document.problem((key,), "is missing.", description)
    if document.at("intelligence") is None:
        yield document.problem(
            ("intelligence",),
            "this section is missing.",
            "Add [intelligence], with the reference of the record that the place rests on.",
        )


def intelligence_came_first(document: Document) -> Iterator[Problem]:
    """Intelligence assessed after the start is no reason to have started: R-5."""
    start, assessed = document.time_at("start"), _day_at(document, "intelligence", "assessed_on")
    if start and assessed and assessed > start.date():
        yield document.problem(
            ("intelligence", "assessed_on"),
            "is after start.",
            "Check the date; what is assessed later cannot be what the place was chosen by.",
        )


def flags_have_their_authority(document: Document, policy: Policy) -> Iterator[Problem]:
    """A protest or a sensitive site needs a rank of its own: R-9."""
    flags, rank = document.at("flags"), document.text_at("authority", "rank")
    if not isinstance(flags, list) or not flags:
        return
    ranks = policy.authority.sensitive_ranks
    if not ranks:
        yield document.problem(
            ("flags",),
            "names what this policy lets nobody authorise.",
            "Choose another place or time, or a policy with sensitive_ranks.",
        )
    elif rank and not policy.may_authorise(rank, sensitive=True):
        yield document.problem(
            ("authority", "rank"),
            "is not a rank that the policy lets authorise a protest or a sensitive site.",
            did_you_mean(rank, ranks) or f"It lets: {', '.join(ranks)}.",
        )


def assessments_are_current(document: Document, policy: Policy) -> Iterator[Problem]:
    """Every assessment the policy asks for is attached, and none is past its review: R-7."""
    count = range(document.count("assessment"))
    attached = {document.text_at("assessment", index, "id") for index in count}
    if "" not in attached:  # an id still to be filled in may be any of them
        for each in policy.assessments:
            if each.id not in attached:
                yield document.problem(
                    ("assessment",),
                    f"{each.id} is not attached: {each.wording}.",
                    "Add an [[assessment]] section with this id, its file, version and "
                    "review_date.",
                )
    start = document.time_at("start")
    for index in count:
        due = _day_at(document, "assessment", index, "review_date")
        if start and due and due < start.date():
            yield document.problem(
                ("assessment", index, "review_date"),
                "is past at the start.",
                "Have the assessment reviewed, and attach the new version with its date.",
            )


def decision_is_not_looser(document: Document, policy: Policy) -> Iterator[Problem]:
    """A live deployment may only ask for more evidence than its policy: requirement R-24."""
    for key in _looser(document, policy):
        yield document.problem(
            ("decision", key),
            "asks for less than the policy does, or cannot be compared with it.",
            "A live deployment may only be stricter; to change this, change the policy.",
        )


def threshold_is_validated(document: Document, policy: Policy) -> Iterator[Problem]:
    """A threshold is no lower than its pack's signed validation report supports: R-24."""
    floor = policy.threshold_floor(_pack(document))
    threshold = document.at("decision", "threshold")
    if floor and isinstance(threshold, int | float) and threshold < floor.floor:
        yield document.problem(
            ("decision", "threshold"),
            f"is below the pack's floor, {floor.floor:g}.",
            f"Raise it; a lower floor needs a signed validation report like {floor.report}.",
        )


def cameras_look_closely_enough(document: Document, policy: Policy) -> Iterator[Problem]:
    """No camera is told to reduce its pictures further than the policy lets it."""
    smallest = policy.coverage.min_detection_width_px
    for index in range(document.count("camera")):
        written = document.at("camera", index, "detection_width_px")
        if isinstance(written, int) and written < smallest:
            yield document.problem(
                ("camera", index, "detection_width_px"),
                f"is less than the policy's smallest, {smallest}.",
                "Raise it, or leave it out; smaller faces are missed in smaller pictures.",
            )


def _looser(document: Document, policy: Policy) -> Iterator[str]:
    """Yield the overrides that are not at least as strict as the policy's decision."""
    allowed = policy.decision
    for key in ("min_agreeing_shots", "min_inter_eye_px"):
        written = document.at("decision", key)
        if isinstance(written, int | float) and written < getattr(allowed, key):
            yield key
    threshold, fpir = document.at("decision", "threshold"), document.text_at("decision", "fpir")
    if isinstance(threshold, int | float) and _is_looser(threshold, document, policy):
        yield "threshold"
    for target in (target for target in get_args(FpirTarget) if target == fpir):
        if allowed.threshold is not None or percent(target) > allowed.fpir_percent:
            yield "fpir"


def _is_looser(threshold: float, document: Document, policy: Policy) -> bool:
    """Tell whether a threshold is below the policy's, or has nothing to be held against.

    A threshold cannot be held against a rate before the pack is read; a validated floor says
    what the pack was found fit for, and `threshold_is_validated` holds it to that.
    """
    if policy.decision.threshold is not None:
        return threshold < policy.decision.threshold
    return policy.threshold_floor(_pack(document)) is None


def _pack(document: Document) -> str:
    return document.text_at("models", "pack") or ModelChoice().pack


def _day_at(document: Document, *where: str | int) -> date | None:
    value = document.at(*where)
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def live_file_problems(document: Document) -> Iterator[Problem]:
    """Yield what a live deployment's file lacks by itself; nothing for a rehearsal."""
    if _is_live(document):
        yield from nothing_is_left_out(document)
        yield from intelligence_came_first(document)


def live_policy_problems(document: Document, policy: Policy) -> Iterator[Problem]:
    """Yield what a live deployment's policy does not allow; nothing for a rehearsal."""
    if _is_live(document):
        for check in _POLICY_CHECKS:
            yield from check(document, policy)


def _is_live(document: Document) -> bool:
    return document.text_at("kind") == DeploymentKind.LIVE


_POLICY_CHECKS: tuple[Callable[[Document, Policy], Iterator[Problem]], ...] = (
    flags_have_their_authority,
    assessments_are_current,
    decision_is_not_looser,
    threshold_is_validated,
    cameras_look_closely_enough,
)

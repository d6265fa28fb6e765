"""What must hold between a policy's own settings, each of them valid by itself."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from overt.deployment.document import Document
from overt.deployment.problems import Problem, did_you_mean

if TYPE_CHECKING:
    from overt.deployment.policy import Policy

_HOURS_IN_A_DAY = 24


def contradictions(policy: "Policy", document: Document) -> Iterator[Problem]:
    """Yield a problem for each setting of `document` that another of its settings rules out."""
    for check in _CHECKS:
        yield from check(policy, document)


def _categories_are_known(policy: "Policy", document: Document) -> Iterator[Problem]:
    ids = [category.id for category in policy.categories]
    for index, source in enumerate(policy.picture_sources):
        for category_id in sorted(set(source.only_for).difference(ids)):
            yield document.problem(
                ("picture_source", index, "only_for"),
                f"names {category_id}, which is not a category here.",
                did_you_mean(category_id, ids),
            )


def _false_alerts_go_first(policy: "Policy", document: Document) -> Iterator[Problem]:
    """No false alert outlives a true one: requirement R-37."""
    kept = policy.retention
    if kept.false_alerts_hours > kept.alerts_days * _HOURS_IN_A_DAY:
        yield document.problem(
            ("retention", "false_alerts_hours"),
            "is longer than alerts_days.",
            "A person who was wrongly alerted on is kept no longer than one who was not; lower it.",
        )


def _late_comes_first(policy: "Policy", document: Document) -> Iterator[Problem]:
    """An alert is late before it is unanswered: requirement R-48."""
    if policy.review.late_after_s > policy.review.unanswered_after_s:
        given = "late_after_s" if document.at("review", "late_after_s") else "unanswered_after_s"
        yield document.problem(
            ("review", given),
            "lets an alert close as unanswered before it is shown as late.",
            "Lower late_after_s, or raise unanswered_after_s.",
        )


def _floor_is_below_the_most(policy: "Policy", document: Document) -> Iterator[Problem]:
    """A camera is not told to look more often than it may."""
    coverage = policy.coverage
    if coverage.min_frames_per_second > coverage.max_frames_per_second:
        name = "min_frames_per_second"
        given = name if document.at("coverage", name) else "max_frames_per_second"
        yield document.problem(
            ("coverage", given),
            "asks for more frames a second than a camera may look at.",
            "Lower min_frames_per_second, or raise max_frames_per_second.",
        )


def _threshold_is_validated(policy: "Policy", document: Document) -> Iterator[Problem]:
    """The policy's own threshold is no lower than its reports support: requirement R-24."""
    threshold = policy.decision.threshold
    for index, each in enumerate(policy.threshold_floors):
        if threshold is not None and threshold < each.floor:
            yield document.problem(
                ("threshold_floor", index, "floor"),
                f"is above the policy's own threshold, {threshold:g}.",
                "Raise [decision] threshold to it, or leave that out.",
            )


def _sensitive_ranks_may_authorise(policy: "Policy", document: Document) -> Iterator[Problem]:
    """Whoever may authorise at a protest may authorise elsewhere: requirement R-9 only adds."""
    for rank in policy.authority.sensitive_ranks:
        if not policy.may_authorise(rank):
            yield document.problem(
                ("authority", "sensitive_ranks"),
                f"names {rank}, which is not among authorising_ranks.",
                did_you_mean(rank, policy.authorising_ranks) or "Add it there, or leave it out.",
            )


_CHECKS: tuple[Callable[["Policy", Document], Iterator[Problem]], ...] = (
    _categories_are_known,
    _false_alerts_go_first,
    _late_comes_first,
    _floor_is_below_the_most,
    _threshold_is_validated,
    _sensitive_ranks_may_authorise,
)

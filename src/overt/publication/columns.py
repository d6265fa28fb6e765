"""The columns of a deployment's public record, and what each of them counts.

One row is one period of a deployment under one decision threshold: where the threshold was
changed, the figures are split (requirements R-25, R-54, R-59). Nothing in a row is about one
person. A definition that changes raises `LAYOUT_VERSION`, so that figures under two definitions
are never compared unawares: the Metropolitan Police's "faces seen" changed its meaning about
August 2024, and nothing in the record says so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, TypeAlias, get_args, get_type_hints

from overt.rates import Rate
from overt.vocabulary import DeploymentState, Disposal, LossCause

LAYOUT_VERSION = 1
"""Which definitions a record follows; docs/reference/deployment-record.md has them."""

FACES_DEFINITION = "tracks-1"
"""What "faces seen" counts: tracks, one passage of one person past one camera, version 1."""

_MICRO = Decimal("0.000001")
_TENTH = Decimal("0.1")


class Standing(StrEnum):
    """Whether a record may still change."""

    FINAL = "final"
    PROVISIONAL = "provisional"


@dataclass(frozen=True, slots=True, order=True)
class Outcome:
    """How an alert closed; every alert with an outcome has exactly one of these.

    `disposal` is a word of `overt.vocabulary.Disposal`, or in a record of others any other.
    """

    true_alert: bool
    confirmed: bool
    engaged: bool
    disposal: str

    def __str__(self) -> str:
        return " / ".join(
            (
                "true" if self.true_alert else "false",
                "confirmed" if self.confirmed else "unconfirmed",
                "engaged" if self.engaged else "not engaged",
                self.disposal,
            )
        )


Outcomes: TypeAlias = tuple[tuple[Outcome, int], ...]
"""How many alerts closed in which way: each way that occurred, and its count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which record this is."""

    layout_version: Annotated[int, f"The version of these definitions: {LAYOUT_VERSION}."]
    standing: Annotated[
        Standing,
        "final, once the deployment is closed, reviewed or refused; until then provisional, and "
        "every figure may still change.",
    ]
    deployment: Annotated[str, "The deployment's id."]
    unit: Annotated[str, "The unit that ran it."]
    state: Annotated[DeploymentState, "Where it stood in its life when this was written."]
    period: Annotated[int, "Which period of one threshold this row is, from 1."]
    periods: Annotated[int, "How many such periods the deployment had."]
    written_at: Annotated[datetime, "When this record was written."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorised:
    """What was authorised."""

    use_case: Annotated[str, "The one use case, by its id in the policy."]
    use_case_wording: Annotated[str, "The use case in the policy's words."]
    use_case_paragraph: Annotated[str, "Where the written policy allows it."]
    location: Annotated[str, "Where the cameras stood."]
    authority: Annotated[
        str,
        "full; urgent, which awaits confirmation; urgent and confirmed; or none, where nobody "
        "gave any.",
    ]
    authority_rank: Annotated[str, "The rank of whoever gave the authority, and never a name."]
    authority_given_at: Annotated[datetime | None, "When the authority was first given."]
    window_start: Annotated[datetime, "From when it could be searched."]
    window_end: Annotated[datetime, "Until when it could be searched."]
    authorised_threshold: Annotated[float, "The decision threshold that the authority binds."]
    approved_subjects: Annotated[int, "How many people the list had that the authority binds."]
    approved_references: Annotated[int, "How many pictures that list had."]
    policy: Annotated[str, "The policy's name and version."]
    policy_sha256: Annotated[str, "SHA-256 over the policy's file."]
    terms_sha256: Annotated[str, "SHA-256 over all that the authority binds."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What was searched."""

    searched_from: Annotated[datetime | None, "When the period's first run began."]
    searched_until: Annotated[datetime | None, "When the period's last run ended."]
    searched_minutes: Annotated[Decimal, "For how long its runs lasted together, in minutes."]
    runs: Annotated[int, "How many runs it had; more than one where searching was interrupted."]
    cameras: Annotated[int, "How many cameras were authorised."]
    camera_names: Annotated[str, "What the cameras are called."]
    listed_subjects: Annotated[int, "How many people were on the list when the period began."]
    listed_references: Annotated[int, "How many pictures of them."]
    withdrawn_subjects: Annotated[
        int,
        "How many people had been withdrawn from the list before the period began.",
    ]
    pack: Annotated[str, "The model pack: its name and the hash of every file and setting in use."]
    threshold: Annotated[
        float,
        "The decision threshold on the normalised comparison score, as it was in force.",
    ]
    threshold_floor: Annotated[
        float | None,
        "The policy's validated floor for this pack; empty where the policy states none, and "
        "the pack's own measured table is the floor.",
    ]
    software: Annotated[str, "The version of Overt that searched."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """Faces and pictures."""

    faces_definition: Annotated[
        str,
        f"What the next two count: {FACES_DEFINITION} is tracks, one passage of one person past "
        "one camera. Somebody who passes twice, or past two cameras, counts twice.",
    ]
    faces_seen: Annotated[int, "Faces seen: tracks of at least three detections, or with an alert."]
    faces_searched: Annotated[
        int,
        "Faces seen that were compared with the list at least once; the rest were too small, "
        "too blurred, turned away or outside the zone of recognition.",
    ]
    runs_without_figures: Annotated[
        int,
        "Runs that were cut off before they could write their figures, or still go on: their "
        "faces are missing here.",
    ]
    frames_looked_at: Annotated[int, "Pictures of the cameras that were looked at."]
    frames_dropped: Annotated[int, "Pictures that the cameras gave and that were not looked at."]
    coverage_percent: Annotated[
        Decimal | None,
        "Of the pictures that the cameras gave, how many per cent were looked at.",
    ]
    minutes_without_pictures: Annotated[
        Decimal,
        "For how long cameras gave no pictures because they were lost or not yet reached, added "
        "up over the cameras, in minutes. Whoever passed then was not looked at.",
    ]
    minutes_below_floor: Annotated[
        Decimal,
        "For how long cameras were looked at less often than the policy asks, added up over the "
        "cameras, in minutes.",
    ]
    losses: Annotated[int, "How often a camera was lost; it was opened again each time."]
    losses_by_cause: Annotated[str, "Why cameras were lost, and how often each: the same losses."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """Alerts and their outcomes."""

    alerts: Annotated[int, "Alerts raised, without those against seeded subjects."]
    seeded_alerts: Annotated[
        int,
        "Alerts against people who consented to be listed for testing; of the other figures only "
        "alerts_kept and alerts_erased hold them.",
    ]
    alerts_open: Annotated[int, "Alerts without an outcome so far; none in a final record."]
    erased_without_outcome: Annotated[
        int,
        "Alerts that were erased before anybody gave them an outcome: authority was refused, or "
        "their deadline came.",
    ]
    alerts_decided: Annotated[int, "Alerts with an outcome. Each is counted once in each group."]
    true_confirmed: Annotated[int, "True alerts, confirmed by speaking to the person."]
    true_unconfirmed: Annotated[
        int,
        "True alerts by adjudication alone: the person evaded officers, or was not engaged.",
    ]
    false_confirmed: Annotated[int, "False alerts, confirmed as false."]
    false_unconfirmed: Annotated[int, "False alerts by adjudication alone."]
    engaged: Annotated[int, "Alerts on which somebody was stopped."]
    not_engaged: Annotated[int, "Alerts on which nobody was."]
    arrest: Annotated[int, "Closed with an arrest."]
    conditions_checked: Annotated[int, "Closed with conditions checked."]
    safeguarded: Annotated[int, "Closed with somebody safeguarded."]
    refused_entry: Annotated[int, "Closed with entry refused."]
    other_action_taken: Annotated[int, "Closed with another action taken."]
    no_action: Annotated[int, "Somebody was engaged, and no action was taken."]
    not_engaged_disposal: Annotated[int, "Nobody was engaged, so there was nothing to dispose of."]
    outcomes: Annotated[
        Outcomes,
        "Every way in which alerts closed, and how many did; the figures above are sums of these.",
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """False alert rates."""

    false_alerts: Annotated[int, "False alerts, confirmed or not: the count of both rates."]
    false_per_face_of: Annotated[int, "Of how many: faces seen."]
    false_per_face_percent: Annotated[
        Decimal | None,
        "False alerts per face seen, in per cent, rounded half up to six places.",
    ]
    false_per_face_low: Annotated[Decimal, "Where its 95 % interval begins (Wilson), in per cent."]
    false_per_face_high: Annotated[Decimal, "Where its 95 % interval ends."]
    false_per_alert_of: Annotated[int, "Of how many: alerts with an outcome."]
    false_per_alert_percent: Annotated[
        Decimal | None,
        "False alerts per alert, in per cent, rounded half up to six places.",
    ]
    false_per_alert_low: Annotated[Decimal, "Where its 95 % interval begins (Wilson), in per cent."]
    false_per_alert_high: Annotated[Decimal, "Where its 95 % interval ends."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Afterwards:
    """Stops, deletions and review."""

    stops: Annotated[int, "Stops that ended, seeded subjects' left out."]
    minutes_held: Annotated[Decimal, "For how long people were stopped, together, in minutes."]
    longest_stop_minutes: Annotated[Decimal, "The longest stop, in minutes."]
    alerts_kept: Annotated[int, "Alerts of this period that are still kept, seeded ones included."]
    alerts_erased: Annotated[int, "Alerts of this period that are erased, seeded ones included."]
    list_erased_at: Annotated[datetime | None, "When the deployment's list was destroyed."]
    deletions_done: Annotated[int, "Deletions with a finished receipt, of the whole deployment."]
    deletions_unfinished: Annotated[int, "Deletions that were begun and not finished."]
    review_due_at: Annotated[datetime | None, "When the deployment's review was due."]
    reviewed_at: Annotated[datetime | None, "When it was reviewed."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tied:
    """What ties it to the audit log."""

    log_size: Annotated[int, "How many entries the log had at its signed checkpoint."]
    log_root: Annotated[str, "The root of the log's tree at that size, in hex."]
    log_key: Annotated[str, "The key by which `overt-verify` verifies that log."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One period of a deployment under one threshold, as published."""

    which: Which
    authorised: Authorised
    searched: Searched
    faces: Faces
    alerts: Alerts
    rates: Rates
    afterwards: Afterwards
    tied: Tied

    @property
    def place(self) -> str:
        """Which row this is, in words."""
        return f"deployment {self.which.deployment[:8]}, period {self.which.period}"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, the part it belongs to, its Python type and its definition."""

    name: str
    part: str
    kind: Any
    words: str

    def of(self, row: Row) -> Any:
        """Return a row's value in this column."""
        return getattr(getattr(row, self.part), self.name)


def _columns() -> Iterator[Column]:
    for part, of in get_type_hints(Row).items():
        for name, hint in get_type_hints(of, include_extras=True).items():
            kind, words = get_args(hint)
            yield Column(name, part, kind, words)


COLUMNS: tuple[Column, ...] = tuple(_columns())
"""Every column of our own layout, in order."""

PARTS: Mapping[str, str] = {
    name: str(of.__doc__).strip().rstrip(".") for name, of in get_type_hints(Row).items()
}
"""The parts of a row, and what each is about."""

DISPOSAL_COLUMNS: Mapping[Disposal, str] = {
    Disposal.ARREST: "arrest",
    Disposal.CONDITIONS_CHECKED: "conditions_checked",
    Disposal.SAFEGUARDED: "safeguarded",
    Disposal.REFUSED_ENTRY: "refused_entry",
    Disposal.OTHER_ACTION: "other_action_taken",
    Disposal.NO_ACTION: "no_action",
    Disposal.NOT_ENGAGED: "not_engaged_disposal",
}
"""The column that counts each disposal."""


def row_of(values: Mapping[str, Any]) -> Row:
    """Return the row that has these values, by column name; every column must be there."""
    parts: dict[str, Any] = {
        part: of(**{name: values[name] for name in get_type_hints(of)})
        for part, of in get_type_hints(Row).items()
    }
    return Row(**parts)


def values_of(row: Row) -> dict[str, Any]:
    """Return a row's values by column name, in the columns' order."""
    return {column.name: column.of(row) for column in COLUMNS}


def losses_in_words(losses: Mapping[LossCause, int]) -> str:
    """Return why cameras were lost, and how often each, in the order of the causes.

    >>> losses_in_words({LossCause.DIED: 1, LossCause.BROKEN: 3})
    '3 stopped sending; 1 its process died'
    """
    return "; ".join(f"{losses[cause]} {cause}" for cause in LossCause if losses.get(cause))


# --- how figures are rounded --------------------------------------------------------------------


def percent(count: int, of: int) -> Decimal | None:
    """Return how many per cent `count` is of `of`: six places, half up, never cut off.

    None where nothing was counted. It is exact: no binary fraction comes between.

    >>> percent(1, 1123), percent(2, 3), percent(0, 0)
    (Decimal('0.089047'), Decimal('66.666667'), None)
    """
    return rounded(Fraction(100 * count, of), _MICRO) if of else None


def interval_percent(count: int, of: int) -> tuple[Decimal, Decimal]:
    """Return the ends of a rate's 95 % interval in per cent, six places, half up.

    Raises:
        ValueError: the counts are no rate's.
    """
    low, high = Rate(count, of).interval()
    return rounded(Fraction(100 * low), _MICRO), rounded(Fraction(100 * high), _MICRO)


def minutes(seconds: float) -> Decimal:
    """Return so many seconds in minutes, one place, half up."""
    return rounded(Fraction(seconds) / 60, _TENTH)


def rounded(value: Fraction, step: Decimal) -> Decimal:
    """Return an exact value, not below 0, as the nearest whole number of steps; half goes up.

    >>> rounded(Fraction(1, 2), Decimal("1")), rounded(Fraction(3, 2), Decimal("1"))
    (Decimal('1'), Decimal('2'))
    """
    steps = value / Fraction(step)
    whole = (2 * steps.numerator + steps.denominator) // (2 * steps.denominator)
    return (whole * step).quantize(step, ROUND_HALF_UP)


def sums_of(outcomes: Outcomes) -> dict[str, int]:
    """Return the figures that are sums of outcomes, by their columns' names."""

    def count(**wanted: object) -> int:
        return sum(
            number
            for outcome, number in outcomes
            if all(getattr(outcome, name) == value for name, value in wanted.items())
        )

    return {
        "alerts_decided": count(),
        "true_confirmed": count(true_alert=True, confirmed=True),
        "true_unconfirmed": count(true_alert=True, confirmed=False),
        "false_confirmed": count(true_alert=False, confirmed=True),
        "false_unconfirmed": count(true_alert=False, confirmed=False),
        "engaged": count(engaged=True),
        "not_engaged": count(engaged=False),
        **{column: count(disposal=word) for word, column in DISPOSAL_COLUMNS.items()},
    }


def rates_of(false_alerts: int, faces_seen: int, decided: int) -> Rates:
    """Return both false alert rates with their intervals; where one is no rate, all is possible."""
    by_face, by_alert = (_shown(false_alerts, of) for of in (faces_seen, decided))
    return Rates(
        false_alerts=false_alerts,
        false_per_face_of=faces_seen,
        false_per_face_percent=by_face[0],
        false_per_face_low=by_face[1],
        false_per_face_high=by_face[2],
        false_per_alert_of=decided,
        false_per_alert_percent=by_alert[0],
        false_per_alert_low=by_alert[1],
        false_per_alert_high=by_alert[2],
    )


def _shown(count: int, of: int) -> tuple[Decimal | None, Decimal, Decimal]:
    if count > of:  # no rate; that there are fewer faces than alerts is found and named elsewhere
        return percent(count, of), Decimal(0).quantize(_MICRO), Decimal(100).quantize(_MICRO)
    return (percent(count, of), *interval_percent(count, of))

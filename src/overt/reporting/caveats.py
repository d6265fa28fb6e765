"""What a run cannot tell, said in its own numbers: the part of a summary that is never left out."""

from dataclasses import dataclass

from overt.storage import Run
from overt.values import RunStatistics
from overt.vocabulary import DeploymentKind


@dataclass(frozen=True, slots=True)
class Caveat:
    """One thing that the run cannot tell, and why not."""

    cannot_tell: str
    because: str


def of(run: Run) -> list[Caveat]:
    """Return what this run cannot tell, the gravest first."""
    told = [
        Caveat(
            "Whether an alert was right.",
            "Each is a possible match until a person has compared the pictures, and an officer "
            "has decided again on the street. The comparison score is no probability.",
        ),
        Caveat("How many listed people passed without an alert.", _misses(run.statistics)),
        Caveat("How often a stranger sets off an alert.", _false_alerts(run.statistics)),
        Caveat(
            "Whether it works equally well for everyone.",
            "Nobody's age, sex or ethnicity is inferred on the street. How results differ "
            "between groups is measured in tests with people who agreed to take part.",
        ),
        Caveat(
            "How many people passed.",
            "Faces seen are passages past a camera: who passes twice is counted twice, and who "
            "was never detected is not counted.",
        ),
    ]
    if run.kind is DeploymentKind.REHEARSAL:
        told.append(
            Caveat(
                "How a live deployment would go.",
                "A rehearsal runs on recordings; light, crowds and cameras on the day differ.",
            )
        )
    return told


def smallest_rate_ruled_out(trials: int) -> float:
    """Return the false-alert rate above which `trials` without one would be unlikely.

    That is the upper end of the exact one-sided 95 % interval for nought in `trials`, close to
    3 / `trials` (Hanley and Lippman-Hand, If Nothing Goes Wrong, Is Everything All Right?,
    JAMA 249, 1983).

    >>> round(1 / smallest_rate_ruled_out(3000))
    1002
    """
    return float(1 - 0.05 ** (1 / trials))


def _misses(statistics: RunStatistics | None) -> str:
    volunteers = (
        "Only people who agreed to be listed and to walk past (seeded subjects) can show that."
    )
    if statistics is None:
        return volunteers
    never = statistics.faces_seen - statistics.faces_searched
    return (
        f"{volunteers} Of {statistics.faces_seen:,} faces seen, {never:,} were never clear or "
        "large enough to be searched."
    )


def _false_alerts(statistics: RunStatistics | None) -> str:
    if statistics is None or statistics.faces_searched < 1:
        return "No number of searched faces was recorded that it could be reckoned from."
    one_in = round(1 / smallest_rate_ruled_out(statistics.faces_searched))
    return (
        f"{statistics.faces_searched:,} faces were searched. Even if no alert was false, that is "
        f"too few to rule out one false alert in every {one_in:,} faces (95 % confidence)."
    )

"""The decision policy: when a track's evidence is put before a person as a possible match.

This decides nothing about who somebody is. It decides whether a person is asked.
"""

from dataclasses import dataclass, replace

from overt.matching.gallery import Gallery
from overt.values import Candidate, CandidateList, Probe
from overt.vocabulary import WhyNoAlert

_LISTED = 5  # candidates looked at; an alert shows the first two


@dataclass(frozen=True, slots=True)
class DecisionPolicy:
    """What a track must show before an alert is raised.

    The best candidate's normalised score must reach `threshold`, the track must have at least
    `smallest_shots` shots, and more than half of them, and never fewer than `smallest_shots`,
    must each give that same candidate rank 1 on their own: shots that disagree count against.
    `version` names the policy and its hash in every record.
    """

    threshold: float
    version: str
    smallest_shots: int = 2


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one search over a track's shots showed.

    `why_not` is None exactly when the policy is met. `agreeing` counts the shots whose own
    rank 1 is the best candidate, and is 0 where that is below the threshold, since almost all are
    and nobody would ask; `shots` counts all.
    """

    candidates: CandidateList
    shots: int
    agreeing: int
    why_not: WhyNoAlert | None

    @property
    def best(self) -> Candidate:
        """The candidate at rank 1 of the fused template."""
        return self.candidates[0]

    @property
    def runner_up(self) -> Candidate | None:
        """The candidate at rank 2, where the list has more than one subject."""
        return self.candidates[1] if len(self.candidates) > 1 else None


def weigh(probe: Probe, gallery: Gallery, policy: DecisionPolicy) -> Evidence:
    """Search a track's fused template, and each of its shots where it reaches the threshold.

    Raises:
        PackMismatchError: the probe was made by another pack than the gallery.
    """
    candidates = gallery.search(probe.template, probe.pack_id, length=_LISTED)
    best, shots = candidates[0], len(probe.shots)
    if best.normalised_score < policy.threshold:
        return Evidence(candidates, shots, 0, WhyNoAlert.BELOW_THRESHOLD)
    agreeing = sum(
        gallery.search(shot.template, probe.pack_id, length=1)[0].subject_id == best.subject_id
        for shot in probe.shots
    )
    evidence = Evidence(candidates, shots, agreeing, None)
    return replace(evidence, why_not=_why_not(evidence, policy))


def _why_not(evidence: Evidence, policy: DecisionPolicy) -> WhyNoAlert | None:
    if evidence.shots < policy.smallest_shots:
        return WhyNoAlert.TOO_FEW_SHOTS
    if evidence.agreeing < policy.smallest_shots or 2 * evidence.agreeing <= evidence.shots:
        return WhyNoAlert.SHOTS_DISAGREE
    return None

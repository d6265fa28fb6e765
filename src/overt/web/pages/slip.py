"""The slip for whoever was spoken to: what this was, who is responsible, and how to complain (R-51).

It is the same for everybody at a deployment, and nobody's name is on it. What the controller has
filled in stands in the policy; what is not filled in, the slip says so.
"""

from dataclasses import dataclass

from overt.deployment.policy import Policy
from overt.deployment.recorded import policy_of
from overt.publication.notice import kept
from overt.storage import DeploymentRow


@dataclass(frozen=True, slots=True)
class Slip:
    """What a slip says; what the controller has not filled in is empty."""

    location: str
    day: str
    use_case: str
    paragraph: str
    controller: str
    contact: str
    complaints: str
    privacy_notice: str
    kept: tuple[str, ...]


def slip_of(row: DeploymentRow) -> Slip:
    """Return the slip of a deployment."""
    policy = policy_of(row)
    return Slip(
        location=row.location,
        day=f"{row.window_start:%-d %B %Y}",
        use_case=row.use_case,
        paragraph=_paragraph(policy, row.use_case),
        controller=policy.notices.controller,
        contact=policy.notices.contact,
        complaints=policy.notices.complaints,
        privacy_notice=policy.notices.privacy_notice,
        kept=tuple(kept(policy.retention)),
    )


def _paragraph(policy: Policy, wording: str) -> str:
    return next((each.paragraph for each in policy.use_cases if each.wording == wording), "")

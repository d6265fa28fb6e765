"""An alert as a person or a program reads it."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from overt.people.office import Office
from overt.storage import AlertPlace, AlertRecord

HEADINGS = ("id", "no.", "kind", "deployment", "camera", "captured (UTC)", "against", "stands")


@dataclass(frozen=True, slots=True)
class Listed:
    """An alert and how far people are with it; `named` tells whether subjects are shown."""

    found: AlertRecord
    deployment_id: str | None
    decisions: tuple[str, ...]
    outcome: dict[str, Any] | None
    named: bool

    @classmethod
    def of(
        cls,
        office: Office,
        place: AlertPlace,
        found: AlertRecord,
        *,
        named: bool,
        blind: bool = False,
    ) -> Self:
        """Put an alert together with what people decided about it.

        `blind` is for who is still to decide, and learns that somebody has, and not what.
        """
        decisions = office.record.reviews.adjudications(place.alert_id)
        outcome = office.record.reviews.outcome(place.alert_id)
        closed = None
        if outcome is not None:
            closed = {
                "true_alert": outcome.true_alert,
                "confirmed": outcome.confirmed,
                "engaged": outcome.engaged,
                "disposal": outcome.disposal.value,
            }
        words = tuple("decided" if blind else each.decision.value for each in decisions)
        return cls(found, place.deployment_id, words, closed, named)

    @property
    def stands(self) -> str:
        """Where it stands, in words."""
        if self.outcome is not None:
            kind = "true" if self.outcome["true_alert"] else "false"
            return f"closed: {kind}, {self.outcome['disposal']}"
        return ", ".join(self.decisions) or "open"

    def cells(self) -> tuple[str, ...]:
        """Return it as a row under `HEADINGS`."""
        alert = self.found.alert
        return (
            alert.alert_id[:8],
            str(self.found.number),
            alert.kind.upper(),
            self.found.deployment,
            alert.camera,
            f"{alert.captured_at:%Y-%m-%d %H:%M:%S}",
            alert.candidate.subject_id if self.named else "-",
            self.stands,
        )

    def facts(self) -> dict[str, str]:
        """Return it as names and what they stand for."""
        alert, candidate = self.found.alert, self.found.alert.candidate
        return {
            "what": f"{alert.kind.upper()}: a possible match, for a person to decide",
            "deployment": f"{self.found.deployment}, alert {self.found.number}",
            "camera": f"{alert.camera}, {alert.captured_at:%Y-%m-%d %H:%M:%S} UTC",
            "against": f"{candidate.subject_id}, reference {candidate.reference_id}",
            "evidence": f"{alert.agreeing} of {alert.shots} shots agree",
            "technical": f"comparison score {candidate.comparison_score:.4f}, normalised "
            f"{candidate.normalised_score:.4f}, threshold {alert.threshold:.4f}; "
            "not a probability",
            "models": alert.pack_id,
            "policy": alert.policy_version,
            "stands": self.stands,
        }

    def as_json(self) -> dict[str, Any]:
        """Return everything on record about it but its picture."""
        fields = asdict(self.found.alert)
        del fields["crop_jpeg"]
        for name in ("first_seen_at", "captured_at", "raised_at"):
            fields[name] = fields[name].isoformat()
        if not self.named:
            for name in ("candidate", "runner_up"):
                if fields[name] is not None:
                    fields[name] |= {"subject_id": None, "reference_id": None}
        return {
            "run_id": self.found.run_id,
            "deployment_id": self.deployment_id,
            "deployment": self.found.deployment,
            "number": self.found.number,
            **fields,
            "decisions": list(self.decisions),
            "outcome": self.outcome,
        }

"""A face's quality as JSON, and back: every number exact, every reason by its name."""

from dataclasses import asdict
from typing import Any

from overt.values import Quality
from overt.vocabulary import NotSearchable


def quality_to_json(quality: Quality) -> dict[str, Any]:
    """Return a quality as a JSON object; `float` makes NumPy's numbers Python's, exactly."""
    fields = asdict(quality)
    reasons = [reason.name for reason in fields.pop("reasons")]
    return {**{name: float(value) for name, value in fields.items()}, "reasons": reasons}


def quality_from_json(stored: dict[str, Any]) -> Quality:
    """Return the quality that `quality_to_json` turned into a JSON object."""
    reasons = tuple(NotSearchable[name] for name in stored["reasons"])
    return Quality(**{**stored, "reasons": reasons})

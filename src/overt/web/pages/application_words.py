"""What is wrong with an application, beside the field it is about and in a form's words.

The problems are a deployment file's, whose remedies may speak of quotation marks and sections;
whoever fills in a form never sees any.
"""

import re
from collections.abc import Iterable, Mapping

from overt.deployment.problems import Problem

WHOLE = "application"
"""The field of what concerns no single one."""

_OF_FILES = re.compile(r"quotation mark|\[|section|Paths begin|Name one list|Did you mean .*\.")
_REHEARSE = '; to use recordings, write kind = "rehearsal"'
_INSTEAD: Mapping[str, str] = {
    "kind": "Choose one.",
    "use_case": "Choose one use case.",
    "start": "Say when the authority begins.",
    "end": "Say when the authority ends.",
    "list": "Choose the list.",
    "pictures": "Choose the folder that the list's pictures are in.",
    "authority-rank": "Choose the rank of whoever is to authorise it.",
}
"""What to say where nothing was chosen."""

_NOT_THERE = frozenset({"is missing.", "is empty.", "needs a csv or a json file."})


def by_field(problems: Iterable[Problem], fields: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong, by field; several mistakes of one field are said together."""
    found: dict[str, list[str]] = {}
    for problem in problems:
        field = _field(problem, fields)
        said = found.setdefault(field, [])
        if (words := _words(problem, field)) not in said:
            said.append(words)
    return {field: " ".join(said) for field, said in found.items()}


def _field(problem: Problem, fields: Mapping[str, str]) -> str:
    if problem.setting == "assessment":  # one that the policy asks for, which its id begins
        return f"assessment-{problem.message.split(' ', 1)[0]}-file"
    return fields.get(problem.setting, WHOLE)


def _words(problem: Problem, field: str) -> str:
    if problem.setting == "assessment":
        return "This is not attached. Choose it, and give its version and review date."
    if problem.setting == "camera":
        return "Fill in at least one camera."
    if problem.message in _NOT_THERE and field in _INSTEAD:
        return _INSTEAD[field]
    if field == WHOLE:
        return str(problem)
    remedy = "" if _OF_FILES.search(problem.remedy) else problem.remedy.replace(_REHEARSE, "")
    return f"{_sentence(problem.message)} {remedy}".rstrip()


def _sentence(message: str) -> str:
    """Return what is said of a setting as said of the field that it stands beside."""
    starts_itself = message.startswith(("there ", "this "))
    return message[:1].upper() + message[1:] if starts_itself else f"This {message}"

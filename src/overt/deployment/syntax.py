"""What to say of a file that is not TOML: the mistakes people make, named one by one.

`tomllib` stops at the first fault. Where a fault is confined to one line and recognised, that
line is set aside and reading goes on, so that all such lines are reported together.
"""

import re
import tomllib
from typing import Any

from overt.deployment.problems import Problem, UnusableFileError

_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_MOST = 20

_TIME = "Write a time with its seconds and its time zone, like 2024-01-19T10:00:00+00:00."
_HINTS = (
    (r"[\u00a0\u2000-\u200f\u202f\u2060\u3000]", "An invisible character is in it; type it again."),
    (
        r"=\s*[\u2018-\u201f\u00ab]|[\u201c\u201d]",
        "Its quotation marks are curly; type straight ones.",
    ),
    (r'=\s*"[^"]*\\', "A backslash means something else between double quotation marks; write /."),
    (r"=\s*\d{1,2}[/.]\d{1,2}[/.]\d{2,4}", _TIME),
    (r"=\s*\d{4}[-/.\u2010-\u2015]\d\d?[-/.\u2010-\u2015]\d\d?", _TIME),
    (r"=\s*(?:[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])\b", "Write true or false in small letters."),
    (r"=\s*\d+,\d+\s*$", "Write a decimal point, not a comma."),
    (r"=\s*[\d.]+\s*[A-Za-z%]", "Write the number alone, without a unit."),
    (r"=\s*[^\W\d]", "Put text between straight quotation marks."),
    (r"=\s*(?:#.*)?$", 'Write a value after the = sign; "" is an empty text.'),
    (r"^\s*[\w-]+\s*:", "Write = between a setting and its value, not a colon."),
)
_MESSAGES = (
    ("Cannot overwrite", "a setting is given twice.", "Keep one of them."),
    ("Cannot declare", "a section is begun twice.", "Keep one; only [[camera]] may be repeated."),
    (
        "Unterminated string",
        "a quotation mark is not closed.",
        "Close the text with the mark that began it.",
    ),
    (
        "Illegal character '\\n'",
        "a quotation mark is not closed.",
        "Close the text on the line it began on.",
    ),
    (
        "Expected ']'",
        "a section's bracket is not closed.",
        "Write it as [authority], or [[camera]].",
    ),
    ("Unclosed array", "a bracket is not closed.", "Close the list with ]."),
)


def parse(text: str) -> dict[str, Any]:
    """Return the values of TOML `text`.

    Raises:
        UnusableFileError: the text is not TOML.
    """
    lines = text.split("\n")
    problems: list[Problem] = []
    while True:
        try:
            values = tomllib.loads("\n".join(lines))
        except RecursionError:
            problems.append(Problem(None, "", "has brackets nested too deeply to read."))
        except ValueError as error:  # a TOMLDecodeError, or Python's own limit on digits
            fault, confined = _explain(str(error), lines)
            problems.append(fault)
            if confined and fault.line and len(problems) < _MOST:
                lines[fault.line - 1] = ""
                continue
        else:
            if not problems:
                return values
        raise UnusableFileError(problems)


def _explain(error: str, lines: list[str]) -> tuple[Problem, bool]:
    """Return the problem and whether it is confined to its own line."""
    place = _PLACE.search(error)
    if place is None:
        return Problem(
            None, "", "holds a number with too many digits.", "Check the numbers."
        ), False
    number = int(place[1]) if place[1] else len("\n".join(lines).rstrip().split("\n"))
    for beginning, message, remedy in _MESSAGES:
        if error.startswith(beginning):
            return Problem(number, "", message, remedy), False
    for pattern, remedy in _HINTS:
        if re.search(pattern, lines[number - 1]):
            return Problem(number, "", "this cannot be read.", remedy), True
    remedy = 'A line should look like: setting = "text".'
    return Problem(number, "", "this cannot be read.", remedy), False

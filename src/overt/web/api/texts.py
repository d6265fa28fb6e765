"""The texts that requests may hold: of bounded length, without control characters.

Directional overrides (Unicode Technical Report 36) are refused as well: they show a text as
another one than was written.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_STEERING = r"\u202a-\u202e\u2066-\u2069"
_ONE_LINE = rf"^[^\x00-\x1f\x7f-\x9f\u2028\u2029{_STEERING}]*$"
_LINES = rf"^[^\x00-\x09\x0b-\x1f\x7f-\x9f{_STEERING}]*$"

Line = Annotated[str, Field(min_length=1, max_length=200, pattern=_ONE_LINE)]
"""One line that says something."""

Words = Annotated[str, Field(max_length=4000, pattern=_LINES)]
"""What somebody writes in their own words, such as a reason; lines are parted by a line feed."""

AccountName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,39}$")]
"""What somebody signs in with."""

Unit = Annotated[str, Field(max_length=60, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
"""A unit, as deployment files name it."""

SubjectId = Annotated[str, Field(min_length=1, max_length=200, pattern=_ONE_LINE)]
"""The id of somebody on a list, as the list's rows give it."""


class Body(BaseModel):
    """The body of a request: nothing in it is ignored."""

    model_config = ConfigDict(extra="forbid")


class Reason(Body):
    """Why something is done."""

    reason: Words = ""

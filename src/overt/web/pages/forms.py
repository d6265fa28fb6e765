"""Forms: what was filled in, and what is wrong with it, beside the field it is about.

Nothing that was typed is lost: a form that cannot be used is shown again as it was sent, and
nothing has changed then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Self, TypeVar
from urllib.parse import parse_qs

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from overt.errors import OvertError
from overt.web.cookies import FIELD
from overt.web.failures import failure_of
from overt.web.pages.refusals import without_commands

_UNAVAILABLE = 503

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it is shown: what stands in it, what is wrong, and why it was refused.

    `values` holds what was sent, by field; `errors` one message a field. `refusal` is what the
    rooms below said of the whole, if they did.
    """

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    refusal: OvertError | None = None

    @classmethod
    def of(cls, **values: object) -> Self:
        """Return a form that is filled in so beforehand; a list is a field of several values."""
        return cls({name: _as_texts(value) for name, value in values.items()})

    def value(self, name: str) -> str:
        """Return what stands in a field."""
        given = self.values.get(name, ())
        return given[0] if given else ""

    def chosen(self, name: str, value: object) -> bool:
        """Tell whether a choice is made."""
        return str(value) in self.values.get(name, ())

    def error(self, name: str) -> str:
        """Return what is wrong with a field, or nothing."""
        return self.errors.get(name, "")

    def refused(self, error: OvertError) -> "Form":
        """Return the form with what the rooms below said of it."""
        return replace(self, refusal=error)

    def with_errors(self, errors: Mapping[str, str]) -> "Form":
        """Return the form with these mistakes marked as well."""
        return replace(self, errors={**self.errors, **errors})

    @property
    def remedy(self) -> str:
        """What to do about a refusal, at a page."""
        return without_commands(self.refusal.remedy) if self.refusal else ""

    @property
    def status(self) -> int:
        """The status of a page that shows it."""
        if self.refusal and failure_of(self.refusal).status == _UNAVAILABLE:
            return _UNAVAILABLE  # nothing is wrong with the form
        return 422 if self.errors or self.refusal else 200


EMPTY = Form()
"""A form in which nothing stands yet."""


def checked(
    model: type[Model],
    sent: Form,
    words: Mapping[str, str] | None = None,
    several: Sequence[str] = (),
) -> tuple[Model | None, Form]:
    """Return what a form says, or None, and the form with its mistakes marked.

    `words` holds what to say of a field that is wrong, in words of ours; `several` names fields
    that hold any number of values.
    """
    known = [each for each in sent.values if each != FIELD]
    given: dict[str, Any] = {
        name: list(sent.values[name]) if name in several else sent.value(name) for name in known
    }
    try:
        return model.model_validate({**{name: [] for name in several}, **given}), sent
    except ValidationError as error:
        # In the order of the form, each field once.
        wrong = dict.fromkeys(str(each["loc"][0]) if each["loc"] else "" for each in error.errors())
        said = {name: (words or {}).get(name, "Fill this in, as described.") for name in wrong}
        return None, sent.with_errors(said)


async def _sent(request: Request) -> Form:
    body = await request.body()  # the guard has bounded it, and the number of its fields
    values = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return Form(
        {name: [each.replace("\r\n", "\n") for each in given] for name, given in values.items()}
    )


Sent = Annotated[Form, Depends(_sent)]
"""What was sent with a form."""


def _as_texts(value: object) -> list[str]:
    if isinstance(value, list | tuple | set | frozenset):
        return [str(each) for each in value]
    return [] if value is None else [str(value)]

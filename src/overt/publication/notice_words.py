"""The sentences of the public notice, in one file a language.

`templates/notice.en.toml` has the English ones. Another language is another file beside it, with
the same names; nothing else has to change.
"""

import tomllib
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

from overt.errors import ConfigurationError

DEFAULT_LANGUAGE = "en"


class Words:
    """The sentences of one language, by name: `words("how.compare")`."""

    def __init__(self, sentences: dict[str, Any]) -> None:
        self._sentences = sentences

    @property
    def language(self) -> str:
        """The language as HTML's `lang` has it."""
        return str(self._sentences["language"])

    def __call__(self, name: str, **facts: object) -> str:
        """Return a sentence with its facts filled in.

        Raises:
            KeyError: there is no such sentence, or it wants a fact that is not given.
        """
        section, _, key = name.partition(".")
        return str(self._sentences[section][key]).format(**facts)

    def counted(self, count: float, unit: str) -> str:
        """Return so many of a unit of time (`hour`, `day` or `month`), in its number."""
        return self(f"span.{unit}" if count == 1 else f"span.{unit}s", n=f"{count:g}")

    def day(self, at: datetime) -> str:
        """Return a day."""
        return self("time.day", **self._parts(at))

    def window(self, start: datetime, end: datetime) -> str:
        """Return from when until when, in the time zone that `start` is in."""
        end = end.astimezone(start.tzinfo)
        form = "time.one_day" if start.date() == end.date() else "time.several_days"
        ending = {f"end_{name}": value for name, value in self._parts(end).items()}
        return self(
            form,
            **self._parts(start),
            **ending,
            start=f"{start:%H:%M}",
            end=f"{end:%H:%M}",
            zone=start.tzname(),
        )

    def _parts(self, at: datetime) -> dict[str, object]:
        names = self._sentences["time"]
        return {
            "weekday": names["weekdays"][at.weekday()],
            "day": at.day,
            "month": names["months"][at.month - 1],
            "year": at.year,
        }


@cache
def words_of(language: str = DEFAULT_LANGUAGE) -> Words:
    """Return the sentences of a language.

    Raises:
        ConfigurationError: there are none.
    """
    if language not in (known := languages()):
        raise ConfigurationError(
            f"There is no notice in the language “{language}”.",
            remedy=f"There are: {', '.join(known)}.",
        )
    text = (_folder() / f"notice.{language}.toml").read_text("utf-8")
    return Words(tomllib.loads(text))


def languages() -> tuple[str, ...]:
    """Return the languages there are, by their codes."""
    names = (each.name.split(".") for each in _folder().iterdir())
    return tuple(sorted(each[1] for each in names if each[0] == "notice" and each[2:] == ["toml"]))


def _folder() -> Any:
    return resources.files("overt.publication") / "templates"

"""The public notice as it is put up, handed out, published and posted.

Pages are HTML files of their own: they load nothing, run no script, and print to the size they
are made for. What may not be put up carries its mark on every page and in every text.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from math import pow as power

from jinja2 import Environment, PackageLoader, StrictUndefined

from overt.publication.notice import Notice, Standing, kept
from overt.publication.notice_words import Words, words_of


class Kind(StrEnum):
    """What a notice is made for."""

    POSTER = "poster"
    LEAFLET = "leaflet"
    WEB = "web"
    TEXT = "text"


class Paper(StrEnum):
    """The size of a poster; A2 is A4 doubled both ways, so that both look alike."""

    A4 = "a4"
    A3 = "a3"
    A2 = "a2"


_SIZES = {Paper.A4: (210, 297), Paper.A3: (297, 420), Paper.A2: (420, 594)}  # mm

# Tried on paper: a poster whose facts have this many letters is filled by type of this size, and
# one with three times as many by three quarters of it.
_USUAL_LETTERS, _USUAL = 480.0, 0.86
_SHRINKING, _LARGEST = 0.17, 0.98


def rendered(
    notice: Notice, kind: Kind, *, paper: Paper = Paper.A4, words: Words | None = None
) -> str:
    """Return a notice as a text or an HTML page of the kind."""
    words = words or words_of()
    if kind is Kind.TEXT:
        return "\n".join(_text(notice, words)) + "\n"
    width, height = _SIZES[paper]
    return (
        _environment()
        .get_template(f"notice_{kind}.html")
        .render(
            notice=notice,
            words=words,
            mark=mark(notice, words),
            when=words.window(notice.start, notice.end),
            day=words.day(notice.start),
            checks=_checks(notice, words),
            allowed=_allowed(notice, words),
            children=list(_children(notice, words)),
            kept=list(kept(notice.retention, words)),
            width=width,
            height=height,
            scale=width / _SIZES[Paper.A4][0] * _type_size(notice),
        )
    )


def for_programs(notice: Notice, words: Words | None = None) -> dict[str, object]:
    """Return what a notice says as JSON's kinds of value."""
    words = words or words_of()
    return {
        "standing": notice.standing.value,
        "mark": mark(notice, words),
        "location": notice.location,
        "when": words.window(notice.start, notice.end),
        "start": notice.start.isoformat(),
        "end": notice.end.isoformat(),
        "use_case": notice.use_case,
        "paragraph": notice.paragraph,
        "controller": notice.controller,
        "contact": notice.contact,
        "complaints": notice.complaints,
        "privacy_notice": notice.privacy_notice,
        "rank": notice.rank,
        "urgent": notice.urgent,
        "allowed": _allowed(notice, words),
        "reference": notice.reference,
        "who_checks": _checks(notice, words),
        "children": list(_children(notice, words)),
        "groups": [
            {"wording": each.wording, "each_decided_about": each.individually}
            for each in notice.groups
        ],
        "kept": list(kept(notice.retention, words)),
    }


def mark(notice: Notice, words: Words) -> str:
    """Return why a notice may not be put up, in words; empty where it may."""
    if notice.standing is Standing.IN_FORCE:
        return ""
    missing = words("missing.and").join(words(f"missing.{each}") for each in notice.missing)
    return words(f"mark.{notice.standing}", missing=missing)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("overt.publication"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _checks(notice: Notice, words: Words) -> str:
    if not notice.checked_first:
        return words("how.officers_check")
    return words("how.two_check" if notice.two_person else "how.one_checks")


def _allowed(notice: Notice, words: Words) -> str:
    if not notice.rank:
        return words("allowed.nobody")
    return words("allowed.urgent" if notice.urgent else "allowed.full", rank=notice.rank)


def _children(notice: Notice, words: Words) -> Iterator[str]:
    yield words("children.same")
    if any(group.individually for group in notice.groups):
        yield words("children.individual")


def _type_size(notice: Notice) -> float:
    """Return how large a poster's type is, so that it stays one sheet however much it has to say."""
    facts = (
        notice.location,
        notice.use_case,
        notice.paragraph,
        notice.controller,
        notice.contact,
        notice.complaints,
        notice.privacy_notice,
    )
    letters = max(1, sum(map(len, facts)))
    return min(_LARGEST, _USUAL * power(_USUAL_LETTERS / letters, _SHRINKING))


def _text(notice: Notice, words: Words) -> Iterator[str]:
    if warning := mark(notice, words):
        yield warning
    when = words.window(notice.start, notice.end)
    yield words("text.first", place=notice.location, when=when)
    yield words("text.why", use_case=notice.use_case, paragraph=notice.paragraph)
    yield f"{words('text.deleted')} {words('text.choice')}"
    yield words("text.who", controller=notice.controller, contact=notice.contact)
    yield words("text.complain", complaints=notice.complaints)
    yield words("text.privacy", privacy_notice=notice.privacy_notice)
    yield f"{_allowed(notice, words)} {words('allowed.reference', reference=notice.reference)}"

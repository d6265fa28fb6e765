"""The sections of a policy that close what a deployment chooses from, and set its evidence.

Who may be listed, for which use cases, from which pictures, and from which threshold on.
"""

import re
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator, Field

from overt.deployment.policy_safeguards import AssessmentRule
from overt.deployment.problems import did_you_mean
from overt.deployment.schema import Line, Section, Slug, wrong

ROW_FIELDS = (
    "subject_id",
    "reference_id",
    "name",
    "category",
    "reason",
    "lawful_basis",
    "expected_response",
    "added_by",
    "picture",
    "picture_source",
    "picture_date",
)
"""What a row of a watchlist may say."""

ALWAYS_REQUIRED = frozenset(ROW_FIELDS) - {"name", "expected_response"}
"""What no policy may leave optional: requirement R-11. A row without an expected response is
given its category's first.
"""

FpirTarget: TypeAlias = Literal["fpir_3_percent", "fpir_1_percent", "fpir_0_3_percent"]
"""The false positive identification rates for which model packs publish thresholds."""

_TOO_BROAD = re.compile(
    r"(?:other|misc|miscellaneous|general|any|anyone|anybody|everyone|intelligence|suspicious"
    r"|persons?-of-interest)(?:-|$)"
)


_VULNERABLE = re.compile(
    r"(?:^|-)(?:under-?1[0-8]|child(?:ren)?|minors?|juveniles?|young|victims?|witness(?:es)?"
    r"|vulnerable|missing|associates?|family|relatives?)(?:-|$)"
)
_HASH = re.compile(r"[0-9A-Fa-f]{64}")


def _sha256(value: str) -> str:
    if not _HASH.fullmatch(value):
        raise wrong("must be 64 hex digits.", "`sha256sum FILE` writes it.")
    return value.lower()


Sha256 = Annotated[str, AfterValidator(_sha256)]
"""A SHA-256 as 64 hex digits, in small letters."""


class PictureOrigin(StrEnum):
    """Where pictures of a source come from: a closed set, in which nothing scraped has a word.

    Regulation (EU) 2024/1689, Article 5(1)(e), forbids databases scraped from the internet or
    from closed-circuit television; so does Overt.
    """

    POLICE = "taken by police"
    COURT_OR_PRISON = "taken by a court or prison service"
    GIVEN = "given by someone entitled to give it"
    CONSENTED = "taken with the subject's consent"
    DRAWN = "drawn by a program"


class UseCase(Section):
    """A purpose the policy allows, with the paragraph that allows it."""

    id: Slug = Field(description="The word a deployment file uses for it.")
    wording: Line = Field(description="The purpose in the policy's words.")
    paragraph: Line = Field(description="Where the written policy allows it.")


class Category(Section):
    """A kind of person who may be listed, and what officers are expected to do."""

    id: Slug = Field(description="The word a watchlist's rows use for it.")
    wording: Line = Field(description="Who falls into the category, in the policy's words.")
    needs_individual_authority: bool = Field(
        description="Whether each person needs an authority of their own, as children and "
        "vulnerable people do."
    )
    expected_responses: tuple[Line, ...] = Field(
        strict=False,
        min_length=1,
        max_length=20,
        description="The responses a row may ask for, as its expected_response.",
    )
    priority: Literal["red", "amber", "green"] = Field(
        description="How soon officers act: red at once, amber as soon as it is safe, green "
        "when they are able."
    )
    seeded: bool = Field(
        default=False,
        description="Whether its people consented to be listed and to walk past, so that what is "
        "missed can be measured. Their pictures need their consent, and their alerts are counted "
        "apart from the public's.",
    )
    max_picture_age_days: int | None = Field(
        default=None,
        ge=1,
        le=36_500,
        description="The age of a picture, in days, beyond which it is flagged before the list "
        "is approved; left out, no age is.",
    )


class PictureSource(Section):
    """A source of reference pictures that the policy permits."""

    id: Slug = Field(description="The word a watchlist's rows use for it.")
    wording: Line = Field(description="The source in the policy's words.")
    origin: PictureOrigin = Field(
        strict=False,
        description="Where its pictures come from. Drawn pictures serve rehearsals only; "
        "nothing scraped can be named.",
    )
    only_for: tuple[Slug, ...] = Field(
        default=(),
        strict=False,
        max_length=100,
        description="The ids of the categories it may be used for; left out, all of them.",
    )


class DecisionSettings(Section):
    """What evidence makes an alert."""

    fpir: FpirTarget = Field(
        default="fpir_0_3_percent",
        description="Which of the model pack's measured thresholds is used: the one for a "
        "false positive identification rate of fpir_3_percent, fpir_1_percent or "
        "fpir_0_3_percent.",
    )
    threshold: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="A decision threshold on the normalised comparison score, above 0 and at "
        "most 1, instead of the pack's table.",
    )
    min_agreeing_shots: int = Field(
        default=2,
        ge=1,
        le=20,
        description="How many shots of a passage must agree on the candidate, from 1 to 20.",
    )
    min_inter_eye_px: float = Field(
        default=10.0,
        ge=4,
        le=500,
        description="The smallest distance between the eyes that is searched, in pixels of the "
        "camera's picture.",
    )

    @property
    def fpir_percent(self) -> float:
        """The rate that `fpir` names, in percent."""
        return percent(self.fpir)


class ThresholdFloor(Section):
    """The lowest threshold at which a model pack may be used live, and the report that says so.

    No vendor and no officer sets it: *Bridges* [2020] EWCA Civ 1058, paragraph 9, found that
    most systems leave the threshold to whoever uses them.
    """

    pack: Slug = Field(description="The model pack the floor is for.")
    floor: float = Field(
        gt=0,
        le=1,
        description="The lowest threshold on the normalised comparison score that a live "
        "deployment of this pack may use, above 0 and at most 1.",
    )
    report: Line = Field(
        description="The validation report that found this floor: its title, and where it is kept."
    )
    report_sha256: Sha256 = Field(description="SHA-256 of the report's file, 64 hex digits.")
    signed_by: Line = Field(description="Who signed the report: name and office.")
    signed_with: Line | None = Field(
        default=None,
        description="The key that its signature is checked with, one line, as `overt calibrate` "
        "shows it; without it no live deployment of this pack starts.",
    )


def percent(fpir: FpirTarget) -> float:
    """Return the rate that an FPIR target names.

    >>> percent("fpir_0_3_percent")
    0.3
    """
    return float(fpir.removeprefix("fpir_").removesuffix("_percent").replace("_", "."))


_Entry = TypeVar("_Entry", UseCase, Category, PictureSource, AssessmentRule)


def ids_differ(entries: tuple[_Entry, ...]) -> tuple[_Entry, ...]:
    """Return the entries, or refuse them where two have one id."""
    ids = [entry.id for entry in entries]
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        raise wrong(f"has the id {twice[0]} twice.", "Give each its own id.")
    return entries


def none_too_broad(categories: tuple[Category, ...]) -> tuple[Category, ...]:
    """Return the categories, or refuse them where one could cover anybody."""
    for category in categories:
        if _TOO_BROAD.match(category.id):
            raise wrong(
                f"holds {category.id}, which could cover anybody.",
                "Name a category by what a court or officer has decided about its people "
                "(Bridges [2020] EWCA Civ 1058, paragraph 124).",
            )
    return categories


def vulnerable_are_protected(categories: tuple[Category, ...]) -> tuple[Category, ...]:
    """Return the categories, or refuse one of vulnerable people without individual authority.

    Requirement R-16: children, victims, vulnerable people and associates are listed by a
    decision about each of them, or not at all.
    """
    for category in categories:
        if _VULNERABLE.search(category.id) and not category.needs_individual_authority:
            raise wrong(
                f"holds {category.id} without individual authority.",
                "Write needs_individual_authority = true there: nobody puts a child, a victim, "
                "a vulnerable person or somebody's associate on a list without deciding about "
                "that person (R-16).",
            )
    return categories


def known_fields(fields: tuple[str, ...]) -> tuple[str, ...]:
    """Return the required fields, or refuse unknown ones and the lack of what none may omit."""
    for name in fields:
        if name not in ROW_FIELDS:
            near = did_you_mean(name, ROW_FIELDS)
            raise wrong(
                "names a field that rows do not have.",
                near or f"Fields are: {', '.join(ROW_FIELDS)}.",
            )
    if missing := sorted(ALWAYS_REQUIRED.difference(fields)):
        raise wrong(
            f"leaves out {', '.join(missing)}.", "No policy can make these optional; add them."
        )
    return fields


def packs_differ(floors: tuple[ThresholdFloor, ...]) -> tuple[ThresholdFloor, ...]:
    """Return the floors, or refuse two for one pack: the lower would hide the higher."""
    packs = [each.pack for each in floors]
    if twice := sorted({pack for pack in packs if packs.count(pack) > 1}):
        raise wrong(f"has two floors for {twice[0]}.", "Keep the one that its report found.")
    return floors

"""A policy: what a force has decided beforehand, so that no deployment decides it on the day.

Who may be listed (*Bridges* [2020] EWCA Civ 1058, paragraph 124: the categories must leave no
broad discretion), for which use cases, from which pictures, and what evidence makes an alert.
Some things no policy can allow: scraped pictures, a category that covers anybody, a row
without its reason and lawful basis.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator, Field, PrivateAttr, ValidationError

from overt.deployment.document import Document
from overt.deployment.explain import problems_in
from overt.deployment.problems import Problem, UnusableFileError, did_you_mean, in_order, refusal
from overt.deployment.schema import Line, Section, Slug, wrong
from overt.errors import ConfigurationError
from overt.vocabulary import DeploymentKind

DEFAULT_POLICY = "uk-policing"

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


def percent(fpir: FpirTarget) -> float:
    """Return the rate that an FPIR target names.

    >>> percent("fpir_0_3_percent")
    0.3
    """
    return float(fpir.removeprefix("fpir_").removesuffix("_percent").replace("_", "."))


_Entry = TypeVar("_Entry", UseCase, Category, PictureSource)


def _ids_differ(entries: tuple[_Entry, ...]) -> tuple[_Entry, ...]:
    ids = [entry.id for entry in entries]
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        raise wrong(f"has the id {twice[0]} twice.", "Give each its own id.")
    return entries


def _none_too_broad(categories: tuple[Category, ...]) -> tuple[Category, ...]:
    for category in categories:
        if _TOO_BROAD.match(category.id):
            raise wrong(
                f"holds {category.id}, which could cover anybody.",
                "Name a category by what a court or officer has decided about its people "
                "(Bridges [2020] EWCA Civ 1058, paragraph 124).",
            )
    return categories


def _known_fields(fields: tuple[str, ...]) -> tuple[str, ...]:
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


class Policy(Section):
    """A policy file, checked. `sha256` is over the file's bytes; `stamp` names it in records."""

    version: Line = Field(description="The policy's name and version, as records will give it.")
    max_window_hours: float = Field(
        default=24.0,
        gt=0,
        le=168,
        description="The longest time a deployment may last, in hours, at most 168.",
    )
    watchlist_cap: int = Field(
        ge=1, le=1_000_000, description="The most references a watchlist may hold."
    )
    authorising_ranks: tuple[Line, ...] = Field(
        default=(),
        strict=False,
        max_length=50,
        description="The ranks that may authorise, in small letters; left out, any.",
    )
    required_fields: Annotated[tuple[str, ...], AfterValidator(_known_fields)] = Field(
        strict=False,
        max_length=len(ROW_FIELDS),
        description="The fields every row of a watchlist must fill in.",
    )
    decision: DecisionSettings = Field(
        default=DecisionSettings(), description="What evidence makes an alert."
    )
    use_cases: Annotated[tuple[UseCase, ...], AfterValidator(_ids_differ)] = Field(
        alias="use_case",
        strict=False,
        min_length=1,
        max_length=100,
        description="The purposes a deployment may have.",
    )
    categories: Annotated[
        tuple[Category, ...], AfterValidator(_ids_differ), AfterValidator(_none_too_broad)
    ] = Field(
        alias="category",
        strict=False,
        min_length=1,
        max_length=100,
        description="The closed set of people who may be listed.",
    )
    picture_sources: Annotated[tuple[PictureSource, ...], AfterValidator(_ids_differ)] = Field(
        alias="picture_source",
        strict=False,
        min_length=1,
        max_length=100,
        description="The closed set of where reference pictures may come from.",
    )
    _sha256: str = PrivateAttr(default="")

    @classmethod
    def load(cls, path: Path) -> "Policy":
        """Read and check the policy file at `path`.

        Raises:
            ConfigurationError: it cannot be used; the message lists every problem.
        """
        try:
            return cls._read(path)
        except UnusableFileError as error:
            raise refusal(ConfigurationError, path, error.problems) from None

    @classmethod
    def shipped(cls, name: str = DEFAULT_POLICY) -> "Policy":
        """Return the policy of this name that comes with Overt.

        Raises:
            ConfigurationError: there is none of this name.
        """
        names = shipped_policies()
        if name not in names:
            raise ConfigurationError(
                "no policy of that name comes with Overt.",
                remedy=did_you_mean(name, names) or f"There are: {', '.join(names)}.",
            )
        with resources.as_file(_shipped() / f"{name}.toml") as path:
            return cls.load(path)

    @classmethod
    def _read(cls, path: Path) -> "Policy":
        document = Document.read(path)
        try:
            policy = cls.model_validate(document.values, context={"sha256": document.sha256})
        except ValidationError as error:
            raise UnusableFileError(in_order(problems_in(error, document, cls))) from None
        if problems := in_order(_unknown_categories(policy, document)):
            raise UnusableFileError(problems)
        return policy

    def model_post_init(self, context: Any, /) -> None:
        """Keep the hash of the file that was read."""
        self._sha256 = (context or {}).get("sha256", "")

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) over the policy file's bytes."""
        return self._sha256

    @property
    def stamp(self) -> str:
        """What a record calls this policy: its version and the beginning of its hash."""
        return f"{self.version} ({self.sha256[:12]})"

    def use_case(self, use_case_id: str) -> UseCase | None:
        """Return the use case of this id, or None."""
        return next((each for each in self.use_cases if each.id == use_case_id), None)

    def category(self, category_id: str) -> Category | None:
        """Return the category of this id, or None."""
        return next((each for each in self.categories if each.id == category_id), None)

    @property
    def responses(self) -> dict[str, tuple[str, ...]]:
        """The responses that a row of each category may ask for, by the category's id."""
        return {category.id: category.expected_responses for category in self.categories}

    def sources_for(self, kind: DeploymentKind) -> dict[str, frozenset[str]]:
        """Return the picture sources a deployment of this kind may use, by their ids.

        Each with the categories it may be used for; none means all. Drawn pictures serve
        rehearsals only.
        """
        rehearsed = kind is DeploymentKind.REHEARSAL
        return {
            source.id: frozenset(source.only_for)
            for source in self.picture_sources
            if rehearsed or source.origin is not PictureOrigin.DRAWN
        }


def shipped_policies() -> tuple[str, ...]:
    """Return the names of the policies that come with Overt."""
    files = (Path(entry.name) for entry in _shipped().iterdir())
    return tuple(sorted(file.stem for file in files if file.suffix == ".toml"))


def _shipped() -> Traversable:
    return resources.files("overt.deployment") / "policies"


def _unknown_categories(policy: Policy, document: Document) -> Iterator[Problem]:
    ids = [category.id for category in policy.categories]
    for index, source in enumerate(policy.picture_sources):
        for category_id in set(source.only_for).difference(ids):
            yield document.problem(
                ("picture_source", index, "only_for"),
                f"names {category_id}, which is not a category here.",
                did_you_mean(category_id, ids),
            )

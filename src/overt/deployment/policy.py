"""A policy: what a force has decided beforehand, so that no deployment decides it on the day.

Who may be listed (*Bridges* [2020] EWCA Civ 1058, paragraph 124: the categories must leave no
broad discretion), for which use cases, from which pictures, what evidence makes an alert, who
may authorise and see what, and how long it is kept. Some things no policy can allow: scraped
pictures, a category that covers anybody, a row without its reason and lawful basis, a kept face
that raised no alert.
"""

from collections.abc import Iterable
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PrivateAttr, ValidationError

from overt.deployment.document import Document
from overt.deployment.explain import problems_in
from overt.deployment.policy_checks import contradictions
from overt.deployment.policy_safeguards import (
    AccessSettings,
    AssessmentRule,
    AuthorityRules,
    CoverageSettings,
    NoticeSettings,
    RetentionSettings,
    ReviewSettings,
    WatchlistRules,
)
from overt.deployment.policy_sections import (
    ROW_FIELDS,
    Category,
    DecisionSettings,
    PictureOrigin,
    PictureSource,
    ThresholdFloor,
    UseCase,
    ids_differ,
    known_fields,
    none_too_broad,
    packs_differ,
    vulnerable_are_protected,
)
from overt.deployment.problems import UnusableFileError, did_you_mean, in_order, refusal
from overt.deployment.schema import Line, Section
from overt.errors import ConfigurationError
from overt.vocabulary import DeploymentKind

__all__ = ["DEFAULT_POLICY", "DecisionSettings", "Policy", "shipped_policies"]

DEFAULT_POLICY = "uk-policing"


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
    required_fields: Annotated[tuple[str, ...], AfterValidator(known_fields)] = Field(
        strict=False,
        max_length=len(ROW_FIELDS),
        description="The fields every row of a watchlist must fill in.",
    )
    decision: DecisionSettings = Field(
        default=DecisionSettings(), description="What evidence makes an alert."
    )
    use_cases: Annotated[tuple[UseCase, ...], AfterValidator(ids_differ)] = Field(
        alias="use_case",
        strict=False,
        min_length=1,
        max_length=100,
        description="The purposes a deployment may have.",
    )
    categories: Annotated[
        tuple[Category, ...],
        AfterValidator(ids_differ),
        AfterValidator(none_too_broad),
        AfterValidator(vulnerable_are_protected),
    ] = Field(
        alias="category",
        strict=False,
        min_length=1,
        max_length=100,
        description="The closed set of people who may be listed.",
    )
    picture_sources: Annotated[tuple[PictureSource, ...], AfterValidator(ids_differ)] = Field(
        alias="picture_source",
        strict=False,
        min_length=1,
        max_length=100,
        description="The closed set of where reference pictures may come from.",
    )
    threshold_floors: Annotated[tuple[ThresholdFloor, ...], AfterValidator(packs_differ)] = Field(
        default=(),
        alias="threshold_floor",
        strict=False,
        max_length=20,
        description="The lowest threshold for each model pack, with its validation report; "
        "a pack without one has its own measured table's threshold, at the policy's fpir.",
    )
    assessments: Annotated[tuple[AssessmentRule, ...], AfterValidator(ids_differ)] = Field(
        alias="assessment",
        strict=False,
        min_length=1,
        max_length=20,
        description="The impact assessments that a live deployment must attach.",
    )
    authority: AuthorityRules = Field(
        default=AuthorityRules(), description="Who may authorise what is out of the ordinary."
    )
    watchlist: WatchlistRules = Field(
        default=WatchlistRules(),
        alias="list",
        description="What is asked of a watchlist beyond its rows.",
    )
    review: ReviewSettings = Field(
        default=ReviewSettings(),
        description="How alerts are looked at before anybody is spoken to.",
    )
    coverage: CoverageSettings = Field(
        default=CoverageSettings(),
        description="How often and how closely a camera must look to count as covering its zone.",
    )
    retention: RetentionSettings = Field(
        description="How long each thing is kept before it is deleted by itself, with a receipt; "
        "faces without an alert are never kept, and no policy can have it otherwise."
    )
    access: AccessSettings = Field(
        description="Who may see names and faces; auditors and administrators never do."
    )
    notices: NoticeSettings = Field(
        default=NoticeSettings(),
        description="What is written on an information slip and on the public notice.",
    )
    _sha256: str = PrivateAttr(default="")
    _data: bytes = PrivateAttr(default=b"")

    @classmethod
    def load(cls, path: Path) -> "Policy":
        """Read and check the policy file at `path`.

        Raises:
            ConfigurationError: it cannot be used; the message lists every problem.
        """
        try:
            return cls._checked(Document.read(path))
        except UnusableFileError as error:
            raise refusal(ConfigurationError, path, error.problems) from None

    @classmethod
    def recorded(cls, data: bytes) -> "Policy":
        """Return the policy that a record keeps, from its file's bytes.

        Raises:
            ConfigurationError: this version of Overt cannot use it.
        """
        path = Path("policy.toml")
        try:
            return cls._checked(Document.of(path, data))
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
    def _checked(cls, document: Document) -> "Policy":
        context = {"sha256": document.sha256, "data": document.data}
        try:
            policy = cls.model_validate(document.values, context=context)
        except ValidationError as error:
            raise UnusableFileError(in_order(problems_in(error, document, cls))) from None
        if problems := in_order(contradictions(policy, document)):
            raise UnusableFileError(problems)
        return policy

    def model_post_init(self, context: Any, /) -> None:
        """Keep the file that was read, and its hash."""
        self._sha256 = (context or {}).get("sha256", "")
        self._data = (context or {}).get("data", b"")

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) over the policy file's bytes."""
        return self._sha256

    @property
    def data(self) -> bytes:
        """The policy file's bytes, for the record."""
        return self._data

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

    def threshold_floor(self, pack: str) -> ThresholdFloor | None:
        """Return the validated floor of this model pack, or None.

        None leaves the pack's own measured table, at this policy's `decision.fpir`, as the
        lowest threshold of a live deployment: requirement R-24.
        """
        return next((each for each in self.threshold_floors if each.pack == pack), None)

    def may_authorise(self, rank: str, *, urgent: bool = False, sensitive: bool = False) -> bool:
        """Return whether an officer of this rank may authorise, however the rank is spelt.

        `sensitive` asks about a protest or a sensitive site, where no urgency lowers the rank.
        """
        rules = self.authority
        if sensitive:
            return _has(rules.sensitive_ranks, rank)
        if urgent and _has(rules.urgent_ranks, rank):
            return True
        return not self.authorising_ranks or _has(self.authorising_ranks, rank)

    @property
    def needing_individual_authority(self) -> frozenset[str]:
        """The ids of the categories whose people each need their own authority: R-16."""
        return frozenset(each.id for each in self.categories if each.needs_individual_authority)

    @property
    def seeded(self) -> frozenset[str]:
        """The ids of the categories whose people consented to be test subjects: R-53."""
        return frozenset(each.id for each in self.categories if each.seeded)

    @property
    def consented_sources(self) -> frozenset[str]:
        """The ids of the picture sources that need a consent, or picture nobody."""
        origins = {PictureOrigin.CONSENTED, PictureOrigin.DRAWN}
        return frozenset(each.id for each in self.picture_sources if each.origin in origins)

    @property
    def picture_ages(self) -> dict[str, int]:
        """The age in days beyond which a category's pictures are flagged, by its id: R-17.

        Categories without a limit are left out.
        """
        ages = {each.id: each.max_picture_age_days for each in self.categories}
        return {category_id: age for category_id, age in ages.items() if age is not None}

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


def _has(ranks: Iterable[str], rank: str) -> bool:
    return _spelt(rank) in map(_spelt, ranks)


def _spelt(rank: str) -> str:
    return " ".join(rank.casefold().split())

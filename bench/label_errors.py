"""Label errors of LFW's development half: what is listed, held against what eyes found.

Somebody looked at every finding, and at what was just below the bounds, and judged by the
pictures and by what is known of public figures. Verdicts are kept by hash, so that no list of
names is published. docs/how-to/bring-a-data-set.md says how to do the same with another set.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.accuracy import JUDGED_SIZE, banded, lfw, splits, templates, told
from bench.context import Context
from bench.results import Claim, Grid
from overt.evaluation.bootstrap import Band
from overt.evaluation.extraction import Extracted
from overt.evaluation.label_errors import LabelError, LabelErrorKind, find_label_errors
from overt.evaluation.open_set import FPIRS, OpenSetProtocol, evaluate
from overt.evaluation.variants import PRODUCTION

ERRORS = frozenset(
    {
        "09f4b692ee7d5512",
        "2a500bd08a3ca65f",
        "1905acddbe22bf0b",
        "dc52d7da9b37c028",
        "fa452ea93c48f01c",
        "de3e407630540809",
        "857b6d1d787b340a",
        "de90ddec213a8db3",
        "df176628f45e02d1",
        "066b0a6c1d6bdb95",
        "3404f064c632e730",
        "64083a74d3ab6a72",
        "79f42ef52a32b9f0",
        "7e7697cd9ed95efe",
    }
)
"""Photographs that a person would leave out: the first 16 hex digits of the SHA-256 of their ids.

Of one person under two ids, the photographs of the id that has fewer; of two photographs of
which one is somebody else's, both, unless it is plain which.
"""

UNSURE = frozenset({"e96b8767956a8b7f", "5578ff5220995ddf", "aded5a26ffac29b1"})
"""Photographs of which whoever looked could not tell."""

WANTED_LISTED = 0.8


@dataclass(frozen=True, slots=True)
class LabelErrorsResult:
    """Findings by kind and verdict, and TPIR with the labels as they are and without errors."""

    errors: dict[str, int]
    unsure: dict[str, int]
    fine: dict[str, int]
    known: int
    known_listed: int
    with_them: Band
    without_them: Band

    def claims(self) -> Iterator[Claim]:
        """Return the claim that most of the known errors are listed."""
        share = self.known_listed / self.known
        yield Claim(
            "label errors: photographs known to be mislabelled that are listed",
            f"≥ {WANTED_LISTED:.0%}",
            f"{self.known_listed} of {self.known}",
            share >= WANTED_LISTED,
        )

    def grids(self) -> Iterator[Grid]:
        """Return what was listed and found true, and what the errors cost."""
        yield Grid(
            "label errors: what is listed, as judged by looking",
            ("kind", "errors", "unsure", "none"),
            tuple(
                (kind, str(self.errors[kind]), str(self.unsure[kind]), str(self.fine[kind]))
                for kind in LabelErrorKind
            ),
            "Those that are none show twins, disguises, sunglasses and people who look alike.",
        )
        yield Grid(
            f"label errors: TPIR, {JUDGED_SIZE:,} listed, one photograph each, s-norm",
            ("FPIR", "labels as they are", "without errors"),
            tuple(
                (f"{100 * fpir:g} %", told(self.with_them, at), told(self.without_them, at))
                for at, fpir in enumerate(FPIRS)
            ),
        )


def measure(context: Context) -> LabelErrorsResult:
    """Look for label errors, and evaluate with and without those that were judged to be some."""
    dataset = lfw(context)
    extracted = templates(context, dataset)
    known = judged_errors(extracted.photograph_ids)
    found = find_label_errors(extracted)
    cleaned = extracted.restricted_to(dataset.without(known))
    listed = {photograph for error in found for photograph in error.leave_out}
    return LabelErrorsResult(
        errors=_by_kind(error for error in found if _any_of(error, ERRORS)),
        unsure=_by_kind(error for error in found if _any_of(error, UNSURE)),
        fine=_by_kind(error for error in found if not _any_of(error, ERRORS | UNSURE)),
        known=len(known),
        known_listed=len(listed.intersection(known)),
        with_them=_band(context, extracted),
        without_them=_band(context, cleaned),
    )


def judged_errors(photograph_ids: Sequence[str]) -> tuple[str, ...]:
    """Return the photographs of LFW's development half that a person would leave out."""
    return tuple(each for each in photograph_ids if _hashed(each) in ERRORS)


def _any_of(error: LabelError, judged: frozenset[str]) -> bool:
    return any(_hashed(photograph) in judged for photograph in error.leave_out)


def _hashed(photograph_id: str) -> str:
    return hashlib.sha256(photograph_id.encode()).hexdigest()[:16]


def _by_kind(errors: Iterable[LabelError]) -> dict[str, int]:
    kinds = [error.kind for error in errors]
    return {kind: kinds.count(kind) for kind in LabelErrorKind}


def _band(context: Context, faces: Extracted) -> Band:
    protocol = OpenSetProtocol(JUDGED_SIZE, splits=splits(context))
    with context.progress("searching strangers and listed people") as progress:
        result = evaluate(faces, protocol, [PRODUCTION], progress)
    return banded(context, result.pooled(PRODUCTION.name))

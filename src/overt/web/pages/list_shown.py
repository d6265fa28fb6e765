"""A list as pages show it: who is on it, and what was found about it; by name where that may be."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from overt.deployment.policy import Policy
from overt.values import Watchlist


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people of a list who look alike; `alerts` where one could raise the other's alert."""

    one: str
    other: str
    alerts: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody on a list, without pictures: `pictures` are the days they were taken."""

    subject_id: str
    name: str
    category: str
    reason: str
    lawful_basis: str
    expected_response: str
    added_by: str
    pictures: list[date]

    def holds(self, words: str) -> bool:
        """Tell whether the entry's name or id holds some words."""
        return words.casefold() in f"{self.name}\n{self.subject_id}".casefold()


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found about a list, by the names of people on it."""

    pairs: list[Pair]
    hubs: list[str]
    same: list[str]
    old: list[str]


def findings(watchlist: Watchlist, appraisal: Mapping[str, Any]) -> Findings:
    """Return what was found about a list, with names in place of ids."""
    called = _caller({each.subject_id: each.name for each in watchlist.subjects})
    owners = {each.reference_id: each.subject_id for each in watchlist.references}

    def of_reference(reference_id: str) -> str:
        return _picture(called(owners.get(reference_id, reference_id)), reference_id)

    return Findings(
        pairs=_pairs(_listed(appraisal, "lookalikes"), called),
        hubs=_hubs(_listed(appraisal, "hubs"), called),
        same=["; ".join(map(of_reference, each)) for each in _listed(appraisal, "same_pictures")],
        old=[of_reference(each) for each in _listed(appraisal, "old_pictures")],
    )


@dataclass(frozen=True, slots=True)
class Foremost:
    """The worst of what was found about a list, by ids: so few that each can be looked up."""

    pairs: Sequence[Mapping[str, Any]]
    hubs: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, appraisal: Mapping[str, Any], most: int) -> "Foremost":
        """Return at most so many of each kind."""
        return cls(_listed(appraisal, "lookalikes")[:most], _listed(appraisal, "hubs")[:most])

    @property
    def subject_ids(self) -> list[str]:
        """Whom it names."""
        pairs = [subject_id for each in self.pairs for subject_id in each["subjects"]]
        return list(dict.fromkeys([*pairs, *(each["subject_id"] for each in self.hubs)]))

    def by_name(self, names: Mapping[str, str]) -> Findings:
        """Return it with names in place of ids."""
        called = _caller(names)
        return Findings(_pairs(self.pairs, called), _hubs(self.hubs, called), [], [])


def _caller(names: Mapping[str, str]) -> Callable[[str], str]:
    def called(subject_id: str) -> str:
        name = names.get(subject_id, "")
        return f"{name} ({subject_id})" if name else subject_id

    return called


def _pairs(found: Iterable[Mapping[str, Any]], called: Callable[[str], str]) -> list[Pair]:
    return [
        Pair(called(each["subjects"][0]), called(each["subjects"][1]), each["would_alert"])
        for each in found
    ]


def _hubs(found: Iterable[Mapping[str, Any]], called: Callable[[str], str]) -> list[str]:
    return [_picture(called(each["subject_id"]), each["reference_id"]) for each in found]


def _picture(called: str, reference_id: str) -> str:
    return f"{called}, picture {reference_id}"


def entries(watchlist: Watchlist, policy: Policy) -> list[Entry]:
    """Return who is on a list, in its order; whoever was withdrawn is not."""
    pictures: dict[str, list[date]] = {}
    for reference in watchlist.references:
        pictures.setdefault(reference.subject_id, []).append(reference.picture_date)
    categories = {each.id: each.wording for each in policy.categories}
    return [
        Entry(
            subject_id=each.subject_id,
            name=each.name,
            category=categories.get(each.category, each.category),
            reason=each.reason,
            lawful_basis=each.lawful_basis,
            expected_response=each.expected_response,
            added_by=each.added_by,
            pictures=sorted(pictures.get(each.subject_id, [])),
        )
        for each in watchlist.subjects
    ]


def counted(appraisal: Mapping[str, Any], name: str) -> int:
    """Return how many were found; the record holds either them or their number."""
    found = appraisal.get(name, 0)
    return len(found) if isinstance(found, list) else int(found)


def _listed(appraisal: Mapping[str, Any], name: str) -> list[Any]:
    found = appraisal.get(name)
    return found if isinstance(found, list) else []

"""What must hold between a deployment file's settings, its policy and the disk.

Each check reads the document as written and tolerates whatever else is wrong with it, so that
one mistake never hides another. A setting that is missing or of the wrong type is reported by
`settings.py`; the checks pass over it.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta

from overt.deployment.document import Document
from overt.deployment.lines import Where
from overt.deployment.live_checks import live_file_problems, live_policy_problems
from overt.deployment.policy import Policy
from overt.deployment.problems import Problem, did_you_mean, nearest_beside
from overt.deployment.source import Source, SourceKind, Standing, resolved, standing
from overt.vocabulary import DeploymentKind

_YEARS = range(2000, 2100)


def people_differ(document: Document) -> Iterator[Problem]:
    """The applicant cannot authorise: requirement R-2."""
    applicant = _words_of(document.text_at("authority", "applicant"))
    if applicant and applicant == _words_of(document.text_at("authority", "authorising_officer")):
        yield document.problem(
            ("authority", "authorising_officer"),
            "is the applicant.",
            "Someone else has to authorise what the applicant asks for.",
        )


def _words_of(name: str) -> list[str]:
    """Return a name's words without regard to case, order, spacing or punctuation."""
    return sorted(re.findall(r"\w+", unicodedata.normalize("NFKC", name).casefold()))


def rank_may_authorise(document: Document, policy: Policy) -> Iterator[Problem]:
    """The policy says which ranks authorise, and which where it cannot wait: R-1 and R-8."""
    rank = document.text_at("authority", "rank")
    urgent = bool(document.text_at("authority", "urgent_reason"))
    if rank and not policy.may_authorise(rank, urgent=urgent):
        ranks = (*policy.authorising_ranks, *(policy.authority.urgent_ranks if urgent else ()))
        yield document.problem(
            ("authority", "rank"),
            "is not a rank that the policy lets authorise.",
            did_you_mean(rank, ranks) or f"It lets: {', '.join(ranks)}.",
        )


def window_is_possible(document: Document, policy: Policy) -> Iterator[Problem]:
    """The authority begins before it ends and does not last too long: requirement R-1."""
    start, end = document.time_at("start"), document.time_at("end")
    odd = [
        key for key, time in (("start", start), ("end", end)) if time and time.year not in _YEARS
    ]
    for key in odd:
        yield document.problem((key,), "is in a year that cannot be meant.", "Check the year.")
    if odd or start is None or end is None:
        return
    longest = timedelta(hours=policy.max_window_hours)
    if end <= start:
        yield document.problem(
            ("end",), "is not after start.", "Check the dates, and the two time zones."
        )
    elif end.astimezone(UTC) - start.astimezone(UTC) > longest:
        yield document.problem(
            ("end",),
            f"is more than {policy.max_window_hours:g} hours after start, the policy's longest.",
            "Check the dates; a longer operation needs several deployments.",
        )


def use_case_is_allowed(document: Document, policy: Policy) -> Iterator[Problem]:
    """There is one use case, from the policy: requirement R-4."""
    written, ids = document.text_at("use_case"), [each.id for each in policy.use_cases]
    if written and written not in ids:
        yield document.problem(
            ("use_case",),
            "is not a use case of the policy.",
            did_you_mean(written, ids) or f"There are: {', '.join(ids)}.",
        )


def watchlist_is_there(document: Document) -> Iterator[Problem]:
    """There is one list, in a file, and its pictures are in a folder."""
    if not isinstance(document.at("watchlist"), dict):
        return
    given = [key for key in ("csv", "json") if document.at("watchlist", key) is not None]
    if len(given) != 1:
        yield document.problem(
            ("watchlist",),
            "needs a csv or a json file." if not given else "gives both csv and json.",
            'Name one list, like csv = "watchlist.csv".',
        )
    for key in given:
        yield from _is_there(document, ("watchlist", key), "file")
    yield from _is_there(document, ("watchlist", "images"), "folder")


def _is_there(document: Document, where: Where, wanted: Standing) -> Iterator[Problem]:
    written = document.text_at(*where)
    path = resolved(written, document.path.parent)
    if written and standing(path) != wanted:
        remedy = nearest_beside(path) or "Paths begin from the deployment file's own folder."
        yield document.problem(where, f"there is no such {wanted}.", remedy)


def sources_suit(document: Document) -> Iterator[Problem]:
    """A rehearsal looks at recordings only, a live deployment at cameras only: principle 1."""
    kind = document.text_at("kind")
    for index in range(document.count("camera")):
        written = document.text_at("camera", index, "source")
        if not written:
            continue
        where = ("camera", index, "source")
        source = Source.of(written, document.path.parent)
        if source.kind is SourceKind.UNKNOWN:
            yield document.problem(where, "is nothing Overt can open.", _how_to_write(written))
        elif kind in set(DeploymentKind) and not source.suits(DeploymentKind(kind)):
            yield document.problem(where, f"is a {source.kind}.", _SUITABLE[DeploymentKind(kind)])
        elif source.kind is SourceKind.RECORDING:
            yield from _is_there(document, where, "file")


_SUITABLE = {
    DeploymentKind.LIVE: "A live deployment takes rtsp:// or rtsps:// addresses and webcams such "
    'as /dev/video0 only; to use recordings, write kind = "rehearsal".',
    DeploymentKind.REHEARSAL: "A rehearsal takes recorded files, folders of pictures and "
    "drawn:street only.",
}
_SOURCES = f"{_SUITABLE[DeploymentKind.LIVE]} {_SUITABLE[DeploymentKind.REHEARSAL]}"
_ADDRESS = (
    "Write rtsp://user:password@host:554/path; in a password # is written %23, / is %2F, ? is %3F "
    "and @ is %40."
)


def _how_to_write(source: str) -> str:
    """Return what a source that cannot be opened should look like."""
    return _ADDRESS if source.casefold().startswith("rtsp") else _SOURCES


def transports_suit(document: Document) -> Iterator[Problem]:
    """Only a network camera has a transport, and a secure one is secure over one of them only."""
    for index in range(document.count("camera")):
        written = document.text_at("camera", index, "transport")
        address = document.text_at("camera", index, "source")
        where = ("camera", index, "transport")
        if not written or not address:
            continue
        if Source.of(address, document.path.parent).kind is not SourceKind.STREAM:
            yield document.problem(
                where, "is for network cameras only.", "Leave it out of this camera's section."
            )
        elif written == "udp" and address[:6].casefold() == "rtsps:":
            yield document.problem(
                where,
                "would send a secure camera's pictures unprotected.",
                "Leave it out: rtsps:// is secure over tcp only.",
            )


def assessments_differ(document: Document) -> Iterator[Problem]:
    """An assessment is attached once, so that one hash stands for it: requirement R-7."""
    seen: set[str] = set()
    for index in range(document.count("assessment")):
        written = document.text_at("assessment", index, "id")
        if written and written in seen:
            yield document.problem(
                ("assessment", index, "id"), "is attached twice.", "Keep the current one."
            )
        seen.add(written)


def assessments_are_the_policys(document: Document, policy: Policy) -> Iterator[Problem]:
    """What is attached has a name that the policy knows: requirement R-7."""
    ids = [each.id for each in policy.assessments]
    for index in range(document.count("assessment")):
        written = document.text_at("assessment", index, "id")
        if written and written not in ids:
            yield document.problem(
                ("assessment", index, "id"),
                "is not an assessment of the policy.",
                did_you_mean(written, ids) or f"There are: {', '.join(ids)}.",
            )


def cameras_differ(document: Document) -> Iterator[Problem]:
    """Camera names tell alerts apart, and one live camera looked at twice would alert twice."""
    live = document.text_at("kind") == DeploymentKind.LIVE
    for key, applies in (("name", True), ("source", live)):
        seen: dict[str, int] = {}
        for index in range(document.count("camera")):
            written = document.text_at("camera", index, key)
            first = seen.setdefault(written, index)
            if applies and written and first != index:
                yield document.problem(
                    ("camera", index, key),
                    f"is also camera {first + 1}'s.",
                    f"Give each camera its own {key}.",
                )


FILE_CHECKS: tuple[Callable[[Document], Iterator[Problem]], ...] = (
    people_differ,
    watchlist_is_there,
    sources_suit,
    transports_suit,
    cameras_differ,
    assessments_differ,
    live_file_problems,
)
"""What can be checked whether or not the policy can be read."""

POLICY_CHECKS: tuple[Callable[[Document, Policy], Iterator[Problem]], ...] = (
    use_case_is_allowed,
    window_is_possible,
    rank_may_authorise,
    assessments_are_the_policys,
    live_policy_problems,
)
"""What can be checked of every deployment once its policy can be read."""

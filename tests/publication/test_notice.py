"""R-60: the public notice says what was authorised, all of it, and nothing from anywhere else."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from acts import a_policy, a_scene, drafted
from overt.deployment import lifecycle
from overt.deployment.policy import Policy
from overt.deployment.terms import terms_hash
from overt.errors import AuthorityError, ConfigurationError
from overt.publication.notice import Notice, Standing, kept, notice_of
from overt.publication.notice_pages import Kind, Paper, for_programs, rendered
from overt.publication.notice_words import Words, languages, words_of
from overt.storage import ActRow, DeploymentRow
from overt.vocabulary import Act, DeploymentKind, DeploymentState, Role
from overt.watchlist import governance

LONDON = ZoneInfo("Europe/London")
_LONG = (
    "a very long word and then some more of them to fill a line with, up to its end, as some do "
)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[DeploymentRow, Any]]]:
    """A deployment as a draft, and once it was really authorised, each with its acts."""
    with a_scene(tmp_path_factory.mktemp("home")) as scene:
        office = scene.office
        acts = office.record.deployments.acts
        draft = drafted(scene)
        before = (draft, acts(draft.deployment_id))
        row = lifecycle.submit(office, scene.person(Role.APPLICANT), draft)
        governance.approve(office, scene.person(Role.COMMANDER), row)
        officer = scene.person(Role.AUTHORISING_OFFICER)
        row = lifecycle.authorise(office, officer, row, "necessary and proportionate")
        yield [before, (row, acts(row.deployment_id))]


@pytest.fixture
def draft(recorded: list[tuple[DeploymentRow, Any]]) -> Notice:
    return notice_of(*recorded[0], LONDON)


@pytest.fixture
def authorised(recorded: list[tuple[DeploymentRow, Any]]) -> tuple[DeploymentRow, list[ActRow]]:
    return recorded[1]


@pytest.fixture
def notice(authorised: tuple[DeploymentRow, list[ActRow]]) -> Notice:
    return notice_of(*authorised, LONDON)


def changed(row: DeploymentRow, policy: Policy | None = None, **terms: Any) -> DeploymentRow:
    """The row as it would be, had other terms or another policy been authorised."""
    named = {name.replace("_", " "): value for name, value in terms.items()}
    policy_text = policy.data.decode() if policy else row.policy_text
    bound = {**row.terms, **named, **({"policy": policy.sha256} if policy else {})}
    digest = terms_hash(bound)
    return replace(
        row,
        terms=bound,
        policy_text=policy_text,
        terms_sha256=digest,
        authorised_terms_sha256=digest if row.authorised_terms_sha256 else None,
    )


def told(notice: Notice, kind: Kind, words: Words | None = None) -> str:
    """A notice's words without its markup."""
    text = rendered(notice, kind, words=words)
    if kind is Kind.TEXT:
        return text
    body = text.split("<body>")[1]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


_SAYS: dict[str, tuple[dict[str, Any], dict[str, str], str, set[Kind]]] = {
    "place": ({"location": "High Street, Newtown"}, {}, "High Street, Newtown", set(Kind)),
    "time": (
        {"window": ["2026-11-05T18:00:00+00:00", "2026-11-05T20:30:00+00:00"]},
        {},
        "Thursday 5 November 2026, 18:00 to 20:30 (GMT)",
        set(Kind),
    ),
    "night": (
        {"window": ["2026-07-04T20:00:00+00:00", "2026-07-05T00:30:00+00:00"]},
        {},
        "Saturday 4 July 2026, 21:00 to Sunday 5 July 2026, 01:30 (BST)",
        set(Kind),
    ),
    "purpose": (
        {"use_case": "protect-event, MPS LFR policy, paragraph 2.7(b)"},
        {},
        "Protective security of an event (MPS LFR policy, paragraph 2.7(b))",
        set(Kind),
    ),
    "controller": ({}, {"controller": '"Newtown Police"'}, "Newtown Police", set(Kind)),
    "contact": ({}, {"contact": '"ask@newtown.example"'}, "ask@newtown.example", set(Kind)),
    "complaints": ({}, {"complaints": '"The watchdog"'}, "The watchdog", set(Kind)),
    "privacy": ({}, {"privacy_notice": '"newtown.example/p"'}, "newtown.example/p", set(Kind)),
    "alerts": ({}, {"alerts_days": "7"}, "at most 7 days after", set(Kind) - {Kind.TEXT}),
    "list": ({}, {"list_hours": "1"}, "The list: at most 1 hour after", set(Kind) - {Kind.TEXT}),
    "false": (
        {},
        {"false_alerts_hours": "0"},
        "deleted as soon as that is recorded",
        set(Kind) - {Kind.TEXT},
    ),
    "log": ({}, {"log_months": "12"}, "12 months", set(Kind) - {Kind.TEXT}),
    "hold": ({}, {"hold_max_days": "30"}, "at most 30 days at a time", set(Kind) - {Kind.TEXT}),
    "one person": ({}, {"two_person": "false"}, "One person checks", set(Kind) - {Kind.TEXT}),
    "straight": (
        {},
        {"adjudicated_only_to_officers": "false"},
        "Officers are told of each possible match",
        set(Kind) - {Kind.TEXT},
    ),
}


@pytest.mark.parametrize("term", _SAYS)
def test_each_term_that_is_authorised_otherwise_changes_the_notice(
    authorised: tuple[DeploymentRow, list[ActRow]], notice: Notice, term: str
) -> None:
    """R-60: every fact comes from the authority, so that another authority says another thing."""
    terms, settings, said, kinds = _SAYS[term]
    row, acts = authorised
    policy = a_policy(**settings) if settings else None

    other = notice_of(changed(row, policy, **terms), acts, LONDON)

    for kind in kinds:
        assert said not in told(notice, kind), kind
        assert said in told(other, kind), kind


def test_groups_that_may_be_listed_are_the_policys(
    authorised: tuple[DeploymentRow, list[ActRow]], notice: Notice
) -> None:
    row, acts = authorised
    policy = Policy.recorded(
        row.policy_text.replace("Missing, and at risk of harm", "Lost and in danger").encode()
    )

    other = notice_of(changed(row, policy), acts, LONDON)

    for kind in (Kind.WEB, Kind.LEAFLET):
        assert "Missing, and at risk of harm (each person only after" in told(notice, kind)
        assert "Lost and in danger (each person only after" in told(other, kind)


def test_the_rank_is_that_of_whoever_gave_the_authority(
    authorised: tuple[DeploymentRow, list[ActRow]], notice: Notice
) -> None:
    row, acts = authorised
    given = [
        replace(act, rank="commander") if act.act == Act.DEPLOYMENT_AUTHORISE else act
        for act in acts
    ]

    for kind in Kind:
        assert "rank of superintendent" in told(notice, kind)
        assert "rank of commander" in told(notice_of(row, given, LONDON), kind)
        assert row.deployment_id[:12] in told(notice, kind)


def test_an_urgent_authority_is_told_and_ends_the_notice_where_it_ends(
    authorised: tuple[DeploymentRow, list[ActRow]],
) -> None:
    row, acts = authorised
    until = row.window_start + timedelta(hours=2)

    urgent = notice_of(replace(row, urgent_deadline=until), acts, LONDON)

    assert urgent.end == until
    assert "because it could not wait" in told(urgent, Kind.POSTER)


@pytest.mark.parametrize("kind", Kind)
def test_a_notice_says_all_that_whoever_passes_may_want_to_know(notice: Notice, kind: Kind) -> None:
    """R-60: place, time, purpose, who is in charge and how to reach them, complaint, deletion."""
    text = told(notice, kind)

    for fact in (
        "North End, Croydon",
        "Saturday 4 July 2026, 11:00 to 17:00 (BST)",
        "Locating sought people in a crime hotspot",
        "paragraph 2.3(a)",
        notice.controller,
        notice.contact,
        notice.complaints,
        notice.privacy_notice,
        "your face is deleted at once",
        "another way",
    ):
        assert fact in text


@pytest.mark.parametrize("kind", [Kind.POSTER, Kind.LEAFLET, Kind.WEB])
def test_pages_speak_of_children_of_checks_and_of_what_is_kept(notice: Notice, kind: Kind) -> None:
    text = told(notice, kind)

    assert "The cameras see children too" in text
    assert "only if an officer has decided so for that one child" in text
    assert "Two people check each possible match" in text
    assert "at most 31 days after the end" in text


def test_no_name_of_anybody_and_nothing_of_the_application_is_told(
    authorised: tuple[DeploymentRow, list[ActRow]], notice: Notice
) -> None:
    row, _ = authorised
    private = [
        *(str(value) for name, value in row.terms["written authority"].items() if name != "rank"),
        *(str(value) for value in row.terms["intelligence"].values()),
        "rtsps",
        "hunter2",
    ]

    for kind in Kind:
        assert [each for each in private if each in rendered(notice, kind)] == []


@pytest.mark.parametrize("kind", Kind)
def test_a_draft_is_marked_and_what_is_authorised_is_not(
    draft: Notice, notice: Notice, kind: Kind
) -> None:
    assert draft.standing is Standing.DRAFT
    assert "DRAFT. Nobody has allowed this yet" in told(draft, kind)
    assert "Nobody has allowed it yet" in told(draft, kind)
    assert notice.standing is Standing.IN_FORCE
    assert "DRAFT" not in told(notice, kind)


@pytest.mark.parametrize("kind", [Kind.POSTER, Kind.LEAFLET, Kind.WEB])
def test_the_mark_is_fixed_so_that_browsers_print_it_on_every_page(
    draft: Notice, kind: Kind
) -> None:
    text = rendered(draft, kind)

    style = text[text.index(".mark") :] if kind is not Kind.WEB else text.split("@media print")[1]
    assert "position: fixed" in style.split(".mark")[1].split("}")[0]


@pytest.mark.parametrize(
    ("change", "standing", "said"),
    [
        ({"state": DeploymentState.CANCELLED}, Standing.OVER, "NOT IN FORCE"),
        ({"state": DeploymentState.REFUSED}, Standing.OVER, "NOT IN FORCE"),
        ({"state": DeploymentState.EXPIRED}, Standing.OVER, "NOT IN FORCE"),
        ({"kind": DeploymentKind.REHEARSAL}, Standing.REHEARSAL, "REHEARSAL"),
        ({"authorised_terms_sha256": None}, Standing.DRAFT, "DRAFT"),
    ],
)
def test_whatever_may_not_be_put_up_is_marked(
    authorised: tuple[DeploymentRow, list[ActRow]],
    change: dict[str, Any],
    standing: Standing,
    said: str,
) -> None:
    row, acts = authorised

    marked = notice_of(replace(row, **change), acts, LONDON)

    assert marked.standing is standing
    assert all(said in told(marked, kind) for kind in Kind)


def test_a_policy_that_does_not_say_whom_to_turn_to_makes_no_notice_to_put_up(
    authorised: tuple[DeploymentRow, list[ActRow]],
) -> None:
    row, acts = authorised
    text = "".join(
        line
        for line in row.policy_text.splitlines(keepends=True)
        if not line.startswith(("controller = ", "complaints = "))
    )

    incomplete = notice_of(changed(row, Policy.recorded(text.encode())), acts, LONDON)

    assert incomplete.standing is Standing.INCOMPLETE
    assert "does not say who is in charge and where to complain" in told(incomplete, Kind.POSTER)


def test_terms_or_a_policy_that_were_changed_since_make_no_notice(
    authorised: tuple[DeploymentRow, list[ActRow]],
) -> None:
    row, acts = authorised
    moved = replace(row, terms={**row.terms, "location": "Elsewhere"})
    other = replace(row, policy_text=a_policy(alerts_days="1").data.decode())

    with pytest.raises(AuthorityError, match="terms are not those"):
        notice_of(moved, acts)
    with pytest.raises(AuthorityError, match="policy is not the one"):
        notice_of(other, acts)


def test_nothing_of_a_term_can_act_on_a_page(
    authorised: tuple[DeploymentRow, list[ActRow]],
) -> None:
    row, acts = authorised
    hostile = notice_of(changed(row, location="<script>alert(1)</script>"), acts, LONDON)

    for kind in (Kind.POSTER, Kind.LEAFLET, Kind.WEB):
        text = rendered(hostile, kind)
        assert "<script>" not in text
        assert "&lt;script&gt;" in text
        assert "://" not in text


def test_what_is_kept_is_told_in_the_same_words_as_on_the_slip(notice: Notice) -> None:
    assert list(kept(notice.retention)) == for_programs(notice)["kept"]


@pytest.mark.parametrize("paper", Paper)
def test_a_poster_is_of_its_paper(notice: Notice, paper: Paper) -> None:
    size = {Paper.A4: "210mm 297mm", Paper.A3: "297mm 420mm", Paper.A2: "420mm 594mm"}[paper]

    assert f"size: {size}" in rendered(notice, Kind.POSTER, paper=paper)


# --- its sentences ------------------------------------------------------------------------------


def _sentences() -> dict[str, dict[str, str]]:
    file = resources.files("overt.publication") / "templates" / "notice.en.toml"
    found = tomllib.loads(file.read_text("utf-8"))
    return {name: each for name, each in found.items() if isinstance(each, dict)}


@pytest.mark.parametrize(
    "section", ["how", "choice", "children", "kept", "rights", "allowed", "text"]
)
def test_sentences_can_be_read_at_the_age_of_eleven(section: str) -> None:
    """The automated readability index (Senter and Smith, 1967): 6 is read at eleven."""
    text = re.sub(r"\{\w+\}", "one", " ".join(_sentences()[section].values()))
    words = re.findall(r"[\w'-]+", text)
    sentences = re.split(r"[.!?](?:\s|$)", text)
    ends = len(sentences) - 1

    assert 4.71 * sum(map(len, words)) / len(words) + 0.5 * len(words) / ends - 21.43 <= 6
    assert max(len(each.split()) for each in sentences) <= 25


def test_every_sentence_is_used_by_its_name(notice: Notice, draft: Notice) -> None:
    """A sentence that nothing says would be translated for nothing."""
    folder = resources.files("overt.publication")
    code = "".join(
        each.read_text("utf-8")
        for each in (*folder.iterdir(), *(folder / "templates").iterdir())
        if each.name.startswith("notice") and not each.name.endswith(".toml")
    )
    prefixed = {"mark", "missing", "span", "time"}  # whose names are made of facts

    unused = [
        f"{section}.{name}"
        for section, sentences in _sentences().items()
        for name in sentences
        if section not in prefixed and f"{section}.{name}" not in code
    ]
    assert unused == []


@pytest.mark.parametrize("kind", Kind)
def test_another_language_is_another_file_and_no_word_stands_elsewhere(
    notice: Notice, kind: Kind
) -> None:
    """With every sentence emptied of its words, only what was authorised is left."""
    marks = {
        name: {key: _mute(each) if isinstance(each, str) else each for key, each in of.items()}
        for name, of in _sentences().items()
    }
    facts = for_programs(notice)
    authorised = " ".join(
        [
            *(str(fact) for fact in facts.values()),
            *(group.wording for group in notice.groups),
            "Saturday July BST",
        ]
    )

    text = told(notice, kind, Words({"language": "x-mute", **marks}))

    assert "§" in text
    assert [each for each in re.findall(r"[A-Za-z]+", text) if each not in authorised] == []


def _mute(sentence: str) -> str:
    return " ".join(["§", *re.findall(r"\{\w+\}", sentence)])


def test_a_language_there_is_none_of_is_refused() -> None:
    assert languages() == ("en",)
    with pytest.raises(ConfigurationError, match="no notice in the language"):
        words_of("../en")


def test_words_are_counted_in_their_number() -> None:
    words = words_of()

    assert words.counted(1, "day") == "1 day"
    assert words.counted(0.5, "hour") == "0.5 hours"
    assert words.day(datetime(2026, 7, 4, tzinfo=LONDON)) == "4 July 2026"


def test_long_facts_make_the_type_of_a_poster_smaller(notice: Notice) -> None:
    long = replace(notice, location=_LONG, controller=_LONG, contact=_LONG, complaints=_LONG)

    sizes = [
        float(str(re.search(r"calc\(([\d.]+)", rendered(each, Kind.POSTER))).split("calc(")[1][:5])
        for each in (notice, long)
    ]

    assert sizes[1] < sizes[0] < 1

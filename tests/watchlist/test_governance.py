"""A list's governance: two people, one deployment, its sources, and who was ever on it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from acts import MORNING, THERE, Scene, a_scene, drafted
from example_records import a_watchlist
from overt.deployment import lifecycle
from overt.errors import PermissionDenied, SealingError, WatchlistError
from overt.people.permissions import Person
from overt.retention.erasure import destroy_list
from overt.storage import DeploymentRow, ListFacts
from overt.vocabulary import Role
from overt.watchlist import governance
from overt.watchlist.keeping import bound_id

MANIFEST = "cd" * 32
EVERYBODY = {"S-1", "S-2"}
NAMES = frozenset({Role.APPLICANT, Role.AUTHORISING_OFFICER, Role.COMMANDER})


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with a_scene(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def row(scene: Scene) -> DeploymentRow:
    return drafted(scene, watchlist=a_watchlist(MANIFEST))


def _facts(scene: Scene, row: DeploymentRow) -> ListFacts:
    facts = scene.office.record.watchlists.facts(row.watchlist_id)
    assert facts is not None
    return facts


def _by(scene: Scene, entry: dict[str, str]) -> tuple[str, str] | None:
    return scene.office.record.journal.resolve(entry["by"])


@pytest.mark.parametrize("roles", [(), (Role.COMMANDER,), (Role.AUTHORISING_OFFICER,)])
def test_who_imported_a_list_does_not_approve_it(scene: Scene, roles: tuple[Role, ...]) -> None:
    """R-2: a list is added by one person and approved by another."""
    adder = scene.somebody(Role.APPLICANT, *roles, rank="superintendent")
    row = drafted(scene, adder)
    with pytest.raises(PermissionDenied):
        governance.approve(scene.office, adder, row)
    assert _facts(scene, row).approved_by is None
    assert scene.events("act.refused")


def test_an_approval_names_the_list_by_its_hash_and_happens_once(
    scene: Scene, row: DeploymentRow
) -> None:
    """R-1: who approves says which list they looked at."""
    commander = scene.person(Role.COMMANDER)
    with pytest.raises(WatchlistError, match="not the one"):
        governance.approve(scene.office, commander, row, "ef" * 32)
    facts = governance.approve(scene.office, commander, row, MANIFEST[:12])
    assert (facts.approved_by, facts.approved_at) == (commander.account_id, MORNING)
    entry = scene.events("watchlist.approved")[0]
    assert entry["data"] == {"watchlist": row.watchlist_id, "manifest_sha256": MANIFEST}
    assert _by(scene, entry) == ("person", commander.account_id)
    with pytest.raises(WatchlistError, match="approved"):
        governance.approve(scene.office, commander, row, MANIFEST)


def test_a_list_is_approved_before_authority_and_not_after(
    scene: Scene, row: DeploymentRow
) -> None:
    applicant, commander = scene.person(Role.APPLICANT), scene.person(Role.COMMANDER)
    cancelled = lifecycle.cancel(scene.office, applicant, row, "not needed any more")
    with pytest.raises(WatchlistError, match="destroyed"):
        governance.approve(scene.office, commander, cancelled)


@pytest.mark.parametrize("role", set(Role) - {Role.AUTHORISING_OFFICER, Role.COMMANDER}, ids=str)
def test_others_do_not_approve(scene: Scene, row: DeploymentRow, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        governance.approve(scene.office, scene.somebody(role), row)
    with pytest.raises(PermissionDenied):
        governance.approve(scene.office, scene.person(Role.COMMANDER, THERE), row)


def test_the_same_list_for_two_deployments_is_two_lists(scene: Scene, row: DeploymentRow) -> None:
    """R-13: a list is bound to one deployment; its id and its key serve no other."""
    other = drafted(scene, watchlist=a_watchlist(MANIFEST))
    first, second = _facts(scene, row), _facts(scene, other)
    assert first.manifest_sha256 == second.manifest_sha256 == MANIFEST
    assert first.watchlist_id != second.watchlist_id
    assert first.key_id != second.key_id
    assert first.deployment_id == row.deployment_id
    assert bound_id(MANIFEST, row.deployment_id) == first.watchlist_id
    destroy_list(scene.office, first.watchlist_id, "deadline of the list")
    assert scene.office.record.watchlists.load(second.watchlist_id) is not None
    with pytest.raises(SealingError):
        scene.office.keys.key(first.key_id)


def test_a_withdrawn_entry_is_marked_everywhere_at_once(scene: Scene, row: DeploymentRow) -> None:
    """R-15: it is on no list that is loaded, and whoever asks about it learns so."""
    lists, operator = scene.office.record.watchlists, scene.person(Role.OPERATOR)
    assert not lists.is_withdrawn(row.watchlist_id, "S-1")
    governance.withdraw(scene.office, operator, row, "S-1", "the warrant was executed")
    assert lists.is_withdrawn(row.watchlist_id, "S-1")
    assert not lists.is_withdrawn(row.watchlist_id, "S-2")
    assert lists.withdrawn(row.watchlist_id) == {"S-1"}
    loaded = lists.load(row.watchlist_id)
    assert loaded is not None
    assert {each.subject_id for each in loaded.subjects} == {"S-2"}
    assert {each.subject_id for each in loaded.references} == {"S-2"}


@pytest.mark.parametrize("subject", ["S-9", "", "S-1"])
def test_only_an_entry_that_stands_is_withdrawn(
    scene: Scene, row: DeploymentRow, subject: str
) -> None:
    operator = scene.person(Role.OPERATOR)
    governance.withdraw(scene.office, operator, row, "S-1", "")
    before = scene.events()
    with pytest.raises(WatchlistError, match="no entry"):
        governance.withdraw(scene.office, operator, row, subject, "")
    assert scene.events() == before


def test_a_withdrawal_names_nobody_on_the_log(scene: Scene, row: DeploymentRow) -> None:
    """R-58: the log says that an entry was withdrawn, and whose only by reference."""
    governance.withdraw(scene.office, scene.person(Role.OPERATOR), row, "S-1", "a mistaken entry")
    entry = scene.events("watchlist.entry-withdrawn")[0]
    resolve = scene.office.record.journal.resolve
    pseudonym = scene.office.record.watchlists.pseudonym("S-1")
    assert resolve(entry["data"]["subject"]) == ("listed", pseudonym)
    assert resolve(entry["data"]["reason"]) == ("words", "a mistaken entry")
    assert '"S-1"' not in str(scene.events()).replace("'", '"')
    assert "mistaken" not in str(scene.events())


def test_revalidation_withdraws_those_no_longer_at_their_source(
    scene: Scene, row: DeploymentRow
) -> None:
    """R-14: entries are held against the source; stale ones go, and are counted."""
    scene.clock.forward(hours=1)
    applicant = scene.person(Role.APPLICANT)
    assert governance.revalidate(scene.office, applicant, row, {"S-2", "S-7"}) == 1
    lists = scene.office.record.watchlists
    assert lists.withdrawn(row.watchlist_id) == {"S-1"}
    assert _facts(scene, row).validated_at == scene.clock.now
    log = [each["event"] for each in scene.events()[-2:]]
    assert log == ["watchlist.entry-withdrawn", "watchlist.revalidated"]
    assert scene.events()[-1]["data"]["withdrawn"] == 1
    assert governance.revalidate(scene.office, applicant, row, EVERYBODY) == 0
    assert lists.withdrawn(row.watchlist_id) == {"S-1"}  # nobody comes back


@pytest.mark.parametrize("still_listed", [set(), {"S-7"}, {"s-1"}])
def test_sources_that_name_nobody_of_it_are_taken_for_the_wrong_file(
    scene: Scene, row: DeploymentRow, still_listed: set[str]
) -> None:
    """R-14: an empty overlap changes nothing."""
    scene.clock.forward(hours=1)
    with pytest.raises(WatchlistError, match="nobody"):
        governance.revalidate(scene.office, scene.person(Role.APPLICANT), row, still_listed)
    assert scene.office.record.watchlists.withdrawn(row.watchlist_id) == frozenset()
    assert _facts(scene, row).validated_at == MORNING


def test_who_was_on_a_list_can_be_told_when_it_is_gone(scene: Scene, row: DeploymentRow) -> None:
    """R-23: list, dates and how many pictures outlive the list, and no picture does."""
    other = drafted(scene, watchlist=a_watchlist("ab" * 32))
    scene.clock.forward(hours=1)
    governance.withdraw(scene.office, scene.person(Role.OPERATOR), row, "S-1", "a mistaken entry")
    scene.clock.forward(hours=1)
    for each in (row, other):
        destroy_list(scene.office, each.watchlist_id, "deadline of the list")
    auditor = scene.person(Role.AUDITOR, THERE)
    found = governance.answer(scene.office, auditor, "S-1")
    assert {each.watchlist_id for each in found} == {row.watchlist_id, other.watchlist_id}
    until = {each.watchlist_id: each.listed_until for each in found}
    assert until[row.watchlist_id] == MORNING + timedelta(hours=1)
    assert until[other.watchlist_id] == MORNING + timedelta(hours=2)
    assert {(each.pictures, each.listed_from, each.deployment) for each in found} == {
        (2, MORNING, row.name)
    }
    assert governance.answer(scene.office, auditor, "S-9") == []
    asked = scene.events("inclusion.answered")
    assert [each["data"]["lists"] for each in asked] == [2, 0]
    assert _by(scene, asked[0]) == ("person", auditor.account_id)
    with pytest.raises(PermissionDenied):
        governance.answer(scene.office, scene.person(Role.APPLICANT), "S-1")


def test_looking_at_a_list_is_on_the_log_and_shows_no_picture(
    scene: Scene, row: DeploymentRow
) -> None:
    """R-57: who looked at names is on record."""
    commander = scene.person(Role.COMMANDER)
    seen = governance.see(scene.office, commander, row, NAMES)
    assert {each.name for each in seen.subjects} == {"Example Person 1", "Example Person 2"}
    assert all(not each.picture_jpeg for each in seen.references)
    entry = scene.events("watchlist.seen")[0]
    assert _by(scene, entry) == ("person", commander.account_id)


def test_names_are_for_whom_table_and_policy_both_allow(scene: Scene, row: DeploymentRow) -> None:
    """R-61: auditors and administrators see no name, whatever a policy might say."""
    refused: list[Person] = [
        scene.person(role) for role in (Role.AUDITOR, Role.ADMINISTRATOR, Role.ENGAGEMENT_OFFICER)
    ]
    for person in [*refused, scene.person(Role.COMMANDER, THERE)]:
        with pytest.raises(PermissionDenied):
            governance.see(scene.office, person, row, frozenset(Role))
    with pytest.raises(PermissionDenied, match="policy"):
        governance.see(scene.office, scene.person(Role.OPERATOR), row, NAMES)
    assert not scene.events("watchlist.seen")


def test_nothing_is_done_to_a_list_that_is_gone(scene: Scene, row: DeploymentRow) -> None:
    """R-22: after its destruction there is nothing to see, to withdraw or to approve."""
    destroy_list(scene.office, row.watchlist_id, "deadline of the list")
    applicant, commander = scene.person(Role.APPLICANT), scene.person(Role.COMMANDER)
    office = scene.office
    for act in (
        lambda: governance.approve(office, commander, row),
        lambda: governance.see(office, commander, row, NAMES),
        lambda: governance.withdraw(office, commander, row, "S-1", ""),
        lambda: governance.revalidate(office, applicant, row, EVERYBODY),
    ):
        with pytest.raises(WatchlistError, match="destroyed"):
            act()
    assert office.record.watchlists.is_withdrawn(row.watchlist_id, "S-1")

"""Nothing changes without an entry of the log, and what belongs together happens together."""

import inspect
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from example_rows import (
    Filled,
    a_claim,
    a_deployment,
    a_hand_over,
    a_hold,
    a_receipt,
    a_session,
    an_account,
    an_act,
    an_adjudication,
    an_engagement,
    an_outcome,
    filled,
    rows,
)
from sqlalchemy import insert

from example_records import (
    NOON,
    a_filing,
    a_record,
    a_run,
    a_watchlist,
    an_alert,
    an_entry,
    begun,
    list_facts,
    recorded,
    some_statistics,
)
from overt.audit.canonical import parse_leaf
from overt.audit.merkle import Frontier, leaf_hash, tree_root
from overt.errors import AuditError, StorageError
from overt.storage import End, Record
from overt.storage.tables import audit_tree
from overt.vocabulary import Delivery, DeploymentState, HandOverState, RunEnding

Change = Callable[[Filled], object]


def _add_alert(at: Filled) -> object:
    alert = an_alert()
    return at.record.alerts.add(at.run.run_id, alert, a_filing(at.record, alert))


def _save_list(at: Filled) -> None:
    watchlist = a_watchlist("another")
    lists = at.record.watchlists
    lists.save(lists.sealed(watchlist, list_facts(at.record, watchlist)))


CHANGES: dict[str, Change] = {
    "runs.begin": lambda at: at.record.runs.begin(a_run()),
    "runs.end": lambda at: at.record.runs.end(
        at.run.run_id, End(NOON, RunEnding.COMPLETED, statistics=some_statistics())
    ),
    "alerts.add": _add_alert,
    "alerts.set_deadline": lambda at: at.record.alerts.set_deadline(
        at.alert.alert.alert_id, NOON + timedelta(days=99)
    ),
    "alerts.erase": lambda at: at.record.alerts.erase(
        at.record.alerts.place(at.alert.alert.alert_id), true_alert=False, at=NOON
    ),
    "watchlists.save": _save_list,
    "watchlists.withdraw": lambda at: at.record.watchlists.withdraw(
        at.facts.watchlist_id, "S-1", NOON
    ),
    "watchlists.update": lambda at: at.record.watchlists.update(
        at.facts.watchlist_id, approved_by="another account", approved_at=NOON
    ),
    "watchlists.remove": lambda at: at.record.watchlists.remove(at.facts.watchlist_id, NOON),
    "accounts.add": lambda at: at.record.accounts.add(an_account()),
    "accounts.change": lambda at: at.record.accounts.change(at.account.account_id, failures=3),
    "accounts.open_session": lambda at: at.record.accounts.open_session(a_session(at.account)),
    "accounts.revoke_sessions": lambda at: at.record.accounts.revoke_sessions(
        at.account.account_id, NOON
    ),
    "deployments.add": lambda at: at.record.deployments.add(a_deployment()),
    "deployments.change": lambda at: at.record.deployments.change(
        at.deployment.deployment_id, state=DeploymentState.SUBMITTED
    ),
    "deployments.add_act": lambda at: at.record.deployments.add_act(
        an_act(at.deployment.deployment_id)
    ),
    "deployments.tell": lambda at: at.record.deployments.tell(at.deployment.deployment_id, NOON),
    "hand_overs.ask": lambda at: at.record.hand_overs.ask(a_hand_over(at.deployment.deployment_id)),
    "hand_overs.answer": lambda at: at.record.hand_overs.answer(
        at.hand_over.hand_over_id, HandOverState.REFUSED, NOON, "for a reason"
    ),
    "outbox.add": lambda at: at.record.outbox.add(
        Delivery.ALERT_CHANGED, deployment_id=None, alert_id=at.alert.alert.alert_id, at=NOON
    ),
    "outbox.say_gone": lambda at: at.record.outbox.say_gone(at.alert.alert.alert_id, None, NOON),
    "handling.set_claim": lambda at: at.record.handling.set_claim(
        a_claim(at.alert.alert.alert_id, by="another account")
    ),
    "handling.end_claim": lambda at: at.record.handling.end_claim(at.alert.alert.alert_id),
    "handling.set_engagement": lambda at: at.record.handling.set_engagement(
        an_engagement(at.alert.alert.alert_id, released_at=NOON, released_by="another account")
    ),
    "handling.erase": lambda at: at.record.handling.erase(at.alert.alert.alert_id),
    "reviews.add_adjudication": lambda at: at.record.reviews.add_adjudication(
        an_adjudication(at.alert.alert.alert_id)
    ),
    "reviews.set_outcome": lambda at: at.record.reviews.set_outcome(an_outcome(at.alert)),
    "reviews.erase": lambda at: at.record.reviews.erase(at.alert.alert.alert_id),
    "retention.place_hold": lambda at: at.record.retention.place_hold(
        a_hold(at.alert.alert.alert_id)
    ),
    "retention.release_hold": lambda at: at.record.retention.release_hold(at.hold.hold_id, NOON),
    "retention.begin_receipt": lambda at: at.record.retention.begin_receipt(a_receipt()),
    "retention.finish_receipt": lambda at: at.record.retention.finish_receipt(
        at.receipt.receipt_id, NOON
    ),
    "journal.reference": lambda at: at.record.journal.reference("person", "somebody new"),
    "journal.erase_references": lambda at: at.record.journal.erase_references(
        "person", at.account.account_id
    ),
}
"""Every way to change a record, each as it changes a filled one."""

ENTRIES_AND_HOUSEKEEPING = {"journal.append", "journal.add_checkpoint"}

READS = {
    *("runs.all", "runs.find"),
    *("alerts.of_run", "alerts.find", "alerts.place", "alerts.due", "alerts.places_of"),
    *("alerts.count", "alerts.all_places", "alerts.standing"),
    *(
        "watchlists.sealed",
        "watchlists.facts",
        "watchlists.all_facts",
        "watchlists.load",
        "watchlists.enrolled",
    ),
    *(
        "watchlists.subject",
        "watchlists.withdrawn",
        "watchlists.is_withdrawn",
        "watchlists.inclusions_of",
        "watchlists.pseudonym",
    ),
    *("accounts.named", "accounts.of_id", "accounts.all", "accounts.count", "accounts.session"),
    *("deployments.find", "deployments.all", "deployments.standing", "deployments.acts"),
    *("deployments.unit", "deployments.policy_text"),
    *("hand_overs.find", "hand_overs.asked", "hand_overs.last"),
    *("dockets.of", "dockets.of_deployment", "dockets.subject_of"),
    *("outbox.after", "outbox.latest", "outbox.was_sent"),
    *("handling.claim", "handling.engagement", "handling.stops"),
    *("reviews.adjudications", "reviews.outcome", "reviews.false_alerts_against"),
    *("retention.find_hold", "retention.holds", "retention.receipts"),
    *(
        "journal.tree",
        "journal.entries",
        "journal.checkpoints",
        "journal.last_checkpoint",
        "journal.signed_size",
        "journal.resolve",
    ),
}

PARTS = (
    *("runs", "alerts", "watchlists", "accounts"),
    *(
        "hand_overs",
        "deployments",
        "reviews",
        "handling",
        "dockets",
        "outbox",
        "retention",
        "journal",
    ),
)


def test_every_method_of_the_record_is_known_to_change_or_not(own_record: Record) -> None:
    found = {
        f"{part}.{name}"
        for part in PARTS
        for name, _ in inspect.getmembers(getattr(own_record, part), inspect.ismethod)
        if not name.startswith("_")
    }
    assert found == set(CHANGES) | READS | ENTRIES_AND_HOUSEKEEPING


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A filled record for the whole module, which no refused change may change."""
    with a_record(tmp_path_factory.mktemp("full")) as record:
        yield filled(record)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_outside_a_transaction_is_refused(full: Filled, name: str) -> None:
    """R-57: what is not on the log is not done."""
    before = rows(full.record.path)
    with pytest.raises(AuditError, match="without an entry of the audit log"):
        CHANGES[name](full)
    assert rows(full.record.path) == before


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_without_an_entry_is_taken_back(full: Filled, name: str) -> None:
    """R-57: a transaction that wrote no entry of the log changes nothing."""
    before = rows(full.record.path)
    with pytest.raises(AuditError, match="nothing was changed"), full.record.together():
        CHANGES[name](full)
    assert rows(full.record.path) == before


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_whose_entry_cannot_be_written_is_taken_back(full: Filled, name: str) -> None:
    """R-57: where the log cannot be written, the act is not done."""
    before = rows(full.record.path)

    def change_and_fail() -> None:
        with full.record.together():
            CHANGES[name](full)
            an_entry(full.record)
            # The log's only tree a second time, which the database refuses.
            with full.record.access.logging() as connection:
                connection.execute(insert(audit_tree), {"tree_id": 1, "size": 0, "frontier": b""})

    with pytest.raises(StorageError, match="refused"):
        change_and_fail()
    assert rows(full.record.path) == before


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_with_its_entry_is_made_with_it(own_record: Record, name: str) -> None:
    at = filled(own_record)
    before, size = rows(own_record.path), own_record.journal.tree().size
    with recorded(own_record):
        CHANGES[name](at)
    after = rows(own_record.path)
    assert [table for table in after if after[table] != before[table] and "audit" not in table] or (
        name.startswith("journal.") and after["audit_references"] != before["audit_references"]
    )
    assert own_record.journal.tree().size == size + 1


def test_an_entry_needs_a_transaction_of_its_own_act(own_record: Record) -> None:
    with pytest.raises(AuditError):
        an_entry(own_record)
    assert own_record.journal.tree().size == 0


def test_what_fails_in_the_middle_changes_nothing(own_record: Record) -> None:
    def fail_midway() -> None:
        with own_record.together():
            own_record.runs.begin(a_run())
            an_entry(own_record)
            raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        fail_midway()
    assert own_record.runs.all() == []
    assert own_record.journal.tree().size == 0


def test_transactions_inside_one_another_are_one(own_record: Record) -> None:
    with own_record.together():
        with own_record.together():
            own_record.runs.begin(a_run())
        with recorded(own_record):
            own_record.runs.begin(a_run())
        assert len(own_record.runs.all()) == 2, "it sees what it has changed"
        assert rows(own_record.path)["runs"] == [], "others do not, until all is done"
    assert len(own_record.runs.all()) == 2

    def fail_outside() -> None:
        with own_record.together():
            begun(own_record)
            raise RuntimeError("outside")

    with pytest.raises(RuntimeError, match="outside"):
        fail_outside()
    assert len(own_record.runs.all()) == 2
    assert own_record.journal.tree().size == 1


def test_an_entry_of_one_transaction_does_not_serve_the_next(own_record: Record) -> None:
    begun(own_record)
    with pytest.raises(AuditError), own_record.together():
        own_record.runs.begin(a_run())
    assert len(own_record.runs.all()) == 1


def test_threads_queue_up_and_the_log_is_one_chain(own_record: Record) -> None:
    def write(_: int) -> None:
        for _ in range(10):
            begun(own_record)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    assert len(own_record.runs.all()) == 60
    assert_whole(own_record, 60)


def assert_whole(record: Record, size: int) -> None:
    """Compute the log again from its leaves: each follows the one before, and gives the root."""
    previous, hashes = bytes(32), []
    for index, (hashed, leaf) in enumerate(record.journal.entries()):
        entry = parse_leaf(leaf)
        assert (entry.index, entry.previous) == (index, previous)
        assert leaf_hash(leaf) == hashed
        hashes.append(hashed)
        previous = hashed
    tree = record.journal.tree()
    assert tree.size == len(hashes) == size
    assert Frontier.from_bytes(tree.size, tree.frontier).root() == tree_root(hashes)
    assert tree.last == previous


def test_a_thread_cannot_use_the_transaction_of_another(own_record: Record) -> None:
    refused: list[BaseException] = []

    def write() -> None:
        try:
            own_record.runs.begin(a_run())
        except AuditError as error:
            refused.append(error)

    with recorded(own_record):
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert len(refused) == 1
    assert own_record.runs.all() == []


def test_reading_goes_on_while_another_thread_writes(own_record: Record) -> None:
    with recorded(own_record), ThreadPoolExecutor(1) as pool:
        own_record.runs.begin(a_run())
        assert pool.submit(own_record.runs.all).result(5) == []


def test_two_processes_write_one_chain(home: Path) -> None:
    with a_record(home) as one, a_record(home) as other:
        for _ in range(10):
            begun(one)
            begun(other)
        assert_whole(one, 20)


def test_a_salted_reference_is_the_same_until_its_salt_is_erased(own_record: Record) -> None:
    journal = own_record.journal
    with recorded(own_record):
        first = journal.reference("person", "a")
        assert journal.reference("person", "a") == first
        others = {journal.reference("listed", "a"), journal.reference("person", "b")}
    assert first not in others
    assert len(others) == 2
    assert journal.resolve(first) == ("person", "a")
    with recorded(own_record):
        assert journal.erase_references("person", "a") == 1
        assert journal.erase_references("person", "a") == 0
    assert journal.resolve(first) is None
    with recorded(own_record):
        assert journal.reference("person", "a") != first


def test_a_checkpoint_of_one_size_is_kept_once(own_record: Record) -> None:
    begun(own_record)
    own_record.journal.add_checkpoint(1, "first")
    own_record.journal.add_checkpoint(1, "second")
    own_record.journal.add_checkpoint(0, "earlier")
    assert own_record.journal.checkpoints() == [(0, "earlier"), (1, "first")]
    assert own_record.journal.tree().size == 1, "it is nobody's act"

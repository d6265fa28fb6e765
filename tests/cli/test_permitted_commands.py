"""Every act of the table, for every role, through the command line that asks for it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from desk import HERE, Desk, a_desk

from acts import an_alert_of, found, place_of
from overt.audit.events import HoldPlaced
from overt.people.permissions import MATRIX, Person
from overt.storage import Hold
from overt.vocabulary import Act, AdjudicationDecision, Role
from rehearsals import write_deployment, write_list

_NOT_A_COMMAND = {Act.WATCHLIST_SEE_FACE, Act.DEPLOYMENT_WATCH}
"""Acts that the command line has no command for."""

_POLICY_SAYS_NO = {(Act.WATCHLIST_SEE, Role.OPERATOR)}
"""What the table allows and the policy that comes with Overt does not: names."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a command line is about: a deployment, alerts of it, and a hold on one.

    `sent` was found viable, and `doubted` was not.
    """

    deployment: str
    alert: str
    sent: str
    doubted: str
    hold: str
    account: str
    folder: Path


def _add(made: Made) -> list[str]:
    name = f"new-{uuid4().hex[:12]}"
    return f"user add {name} --full-name New --unit {HERE} --role operator".split()


_WHY = ["--reason", "there is a reason"]
_CLOSED = ["--false", "--unconfirmed", "--not-engaged", "--disposal", "not-engaged"]
_TOMORROW = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"

LINES: Mapping[Act, Callable[[Made], list[str]]] = {
    Act.ACCOUNT_ADD: _add,
    Act.ACCOUNT_CHANGE: lambda made: ["user", "change", made.account, "--rank", "sergeant"],
    Act.ACCOUNT_DISABLE: lambda made: ["user", "disable", made.account],
    Act.ACCOUNT_LIST: lambda _: ["user", "list"],
    Act.SESSION_REVOKE: lambda made: ["user", "revoke", made.account],
    Act.DEPLOYMENT_DRAFT: lambda made: [
        "deployment",
        "draft",
        str(made.folder / "deployment.toml"),
    ],
    Act.DEPLOYMENT_SUBMIT: lambda made: ["deployment", "submit", made.deployment],
    Act.DEPLOYMENT_AUTHORISE: lambda made: ["deployment", "authorise", made.deployment, *_WHY],
    Act.DEPLOYMENT_REFUSE: lambda made: ["deployment", "refuse", made.deployment, *_WHY],
    Act.DEPLOYMENT_AUTHORISE_URGENTLY: lambda made: [
        *("deployment", "authorise-urgently", made.deployment, *_WHY)
    ],
    Act.DEPLOYMENT_START: lambda made: ["deployment", "start", made.deployment],
    Act.DEPLOYMENT_STOP: lambda made: ["deployment", "stop", made.deployment],
    Act.DEPLOYMENT_HAND_OVER: lambda made: [
        *("deployment", "hand-over", made.deployment, made.deployment)
    ],
    Act.DEPLOYMENT_CANCEL: lambda made: ["deployment", "cancel", made.deployment, *_WHY],
    Act.DEPLOYMENT_CLOSE: lambda made: ["deployment", "close", made.deployment],
    Act.DEPLOYMENT_REVIEW: lambda made: [
        *("deployment", "review", made.deployment, "--findings", "all was well")
    ],
    Act.DEPLOYMENT_SEE: lambda made: ["deployment", "show", made.deployment],
    Act.WATCHLIST_APPROVE: lambda made: ["watchlist", "approve", made.deployment],
    Act.WATCHLIST_REVALIDATE: lambda made: [
        *("watchlist", "revalidate", made.deployment, str(made.folder / "watchlist.csv"))
    ],
    Act.WATCHLIST_WITHDRAW: lambda made: [
        *("watchlist", "withdraw", made.deployment, "nobody", *_WHY)
    ],
    Act.WATCHLIST_SEE: lambda made: ["watchlist", "show", made.deployment],
    Act.INCLUSION_ANSWER: lambda _: ["watchlist", "inclusions", "nobody"],
    Act.PASSAGE_NOTE: lambda made: [
        *("seeded", "note", made.deployment, "nobody", "--camera", "north-end")
    ],
    Act.ALERT_LIST: lambda made: ["alerts", "list", "--deployment", made.deployment],
    Act.ALERT_SEE_FACE: lambda made: ["alerts", "show", made.sent],
    Act.ALERT_CLAIM: lambda made: ["alerts", "claim", made.alert],
    Act.ALERT_ADJUDICATE: lambda made: [
        *("alerts", "adjudicate", made.alert, "--decision", "viable", "--factor", "subject")
    ],
    Act.ALERT_ACKNOWLEDGE: lambda made: ["alerts", "acknowledge", made.sent],
    Act.ALERT_ENGAGE: lambda made: ["alerts", "engage", made.sent, "--decision", "not-found"],
    Act.ALERT_CLOSE: lambda made: ["alerts", "close", made.doubted, *_CLOSED],
    Act.HOLD_PLACE: lambda made: [
        *("retention", "hold", made.alert, "--case", "C 1", "--asked-by", "somebody"),
        *("--until", _TOMORROW),
    ],
    Act.HOLD_RELEASE: lambda made: ["retention", "release", made.hold],
    Act.RETENTION_SEE: lambda _: ["retention", "list"],
    Act.RETENTION_APPLY: lambda _: ["retention", "apply"],
    Act.AUDIT_SEE: lambda _: ["audit", "log"],
    Act.AUDIT_EXPORT: lambda made: ["audit", "export", str(made.folder / uuid4().hex)],
    Act.RECORD_PUBLISH: lambda made: ["publish", "record", made.deployment],
    Act.RECORD_BACK_UP: lambda made: ["record", "back-up", str(made.folder / uuid4().hex)],
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("home")) as desk:
        yield desk


@pytest.fixture(scope="module")
def kept(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """What stays as it is, since whoever asks about it is refused."""
    return _made(desk, tmp_path_factory.mktemp("kept"))


def _made(desk: Desk, folder: Path) -> Made:
    row = desk.drafted()
    alert, sent, doubted = (place_of(desk.scene, an_alert_of(desk.scene, row)) for _ in range(3))
    found(desk.scene, sent, AdjudicationDecision.VIABLE, AdjudicationDecision.VIABLE)
    found(desk.scene, doubted, AdjudicationDecision.UNSURE, AdjudicationDecision.NOT_VIABLE)
    now = datetime.now(UTC)
    hold = Hold(uuid4().hex, alert.alert_id, "C 1", "a", "b", now, now + timedelta(days=1))
    with desk.scene.office.record.together():
        desk.scene.office.record.retention.place_hold(hold)
        event = HoldPlaced(hold.hold_id, alert.alert_id, "C 1", "a", "")
        desk.scene.office.log.write(event)
    past = {"start": now - timedelta(days=2), "end": now - timedelta(days=1)}
    unit = f'unit = "{HERE}"'
    write_deployment(folder, {"gate": "gate.mp4"}, top=unit, **past)
    (folder / "gate.mp4").touch()
    write_list(folder, {"somebody": Path("somebody.png")})
    account = desk.scene.somebody(Role.OPERATOR)
    return Made(
        deployment=row.deployment_id,
        alert=alert.alert_id,
        sent=sent.alert_id,
        doubted=doubted.alert_id,
        hold=hold.hold_id,
        account=account.name,
        folder=folder,
    )


def test_every_act_has_a_command_line() -> None:
    assert set(LINES) == set(Act) - _NOT_A_COMMAND


@pytest.mark.parametrize("act", LINES)
def test_whoever_the_table_does_not_name_is_refused(desk: Desk, kept: Made, act: Act) -> None:
    """R-2, R-61: every cell of the table that allows nothing is refused on the command line."""
    for role in set(Role) - MATRIX[act].roles:
        ended = desk.run(desk.scene.person(role), *LINES[act](kept))

        assert ended.refused, (role, ended)
        assert f"({act})" in ended.err
        assert ended.out == ""


@pytest.mark.parametrize("act", LINES)
def test_whoever_the_table_names_is_not_refused(desk: Desk, tmp_path: Path, act: Act) -> None:
    for number, role in enumerate(sorted(MATRIX[act].roles)):
        folder = tmp_path / str(number)
        folder.mkdir()
        person = desk.scene.person(role)

        ended = desk.run(person, *LINES[act](_made(desk, folder)))

        assert ended.refused is ((act, role) in _POLICY_SAYS_NO), (role, ended)
        assert ended.status in {0, 1}, (role, ended)


@pytest.mark.parametrize(
    "act", [act for act in LINES if act.partition(".")[0] in {"deployment", "watchlist", "alert"}]
)
def test_another_unit_is_refused(desk: Desk, kept: Made, act: Act) -> None:
    """R-62: people of a unit act on their own unit's deployments, lists and alerts only."""
    for role in MATRIX[act].roles - {Role.AUDITOR, Role.ADMINISTRATOR}:
        ended = desk.run(desk.scene.person(role, unit="elsewhere"), *LINES[act](kept))

        assert ended.refused, (role, ended)


@pytest.mark.parametrize("act", LINES)
def test_nobody_does_anything_without_signing_in(desk: Desk, kept: Made, act: Act) -> None:
    ended = desk.run(None, *LINES[act](kept))

    assert ended.status == 1
    assert "Nobody is signed in." in ended.err
    assert ended.out == ""


def test_who_asks_does_not_authorise_though_they_hold_both_roles(desk: Desk) -> None:
    """R-2: an applicant who is an authorising officer as well cannot sign their own."""
    both: Person = desk.scene.somebody(
        Role.APPLICANT, Role.AUTHORISING_OFFICER, rank="superintendent"
    )
    desk.scene.cast[HERE, Role.APPLICANT], before = both, desk.scene.person(Role.APPLICANT)
    made = desk.drafted()
    desk.scene.cast[HERE, Role.APPLICANT] = before

    assert desk.run(both, "deployment", "submit", made.deployment_id).status == 0
    ended = desk.run(both, "deployment", "authorise", made.deployment_id, *_WHY)

    assert ended.refused
    assert "it is their own" in ended.err

"""Accounts and sessions as people meet them at the keyboard."""

import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time
from typing import Any

import pyotp
import pytest
import typer
from desk import Ended, run_in

from overt.cli.app import app

_TODAY = datetime.now(UTC).date()


@dataclass(slots=True)
class Person:
    """Somebody with an account: what they were handed, and which code they used last."""

    name: str
    password: str
    secret: str
    step: int = 0

    def code(self) -> str:
        """A code not used before: of now, or else of the next step, which serves as well.

        So each person can sign in twice without anybody waiting half a minute.
        """
        self.step = max(self.step + 1, int(time()) // 30)
        return pyotp.TOTP(self.secret).generate_otp(self.step)


@dataclass(slots=True)
class Place:
    """A home, and everything that commands wrote in it but what `user add` shows once."""

    home: Path
    written: list[str] = field(default_factory=list)

    def run(self, *arguments: str | Path, **environment: str) -> Ended:
        """Run a command, and keep what it wrote."""
        ended = run_in(self.home, *arguments, **environment)
        if arguments[:2] != ("user", "add"):
            self.written += [ended.out, ended.err]
        return ended

    def add(self, name: str, role: str = "operator", *, trained_days: int = 300) -> Person:
        """Add somebody, and return what they were handed."""
        until = str(_TODAY + timedelta(days=trained_days))
        words = ["--full-name", name.title(), "--unit", "croydon", "--role", role, "--json"]
        words += ["--trained-until", until]
        ended = self.run("user", "add", name, *words)
        assert ended.status == 0, ended
        handed = json.loads(ended.out)
        return Person(name, handed["password"], pyotp.parse_uri(handed["one_time_codes"]).secret)

    def login(self, person: Person, *, password: str = "", code: str = "") -> Ended:
        """Sign in, with what somebody was handed or with something else."""
        file = self.home / "password.txt"
        file.touch(mode=0o600)
        file.write_text((password or person.password) + "\n", encoding="utf-8")
        words = ["--password-file", str(file), "--code", code or person.code()]
        ended = self.run("login", person.name, *words)
        file.unlink()
        return ended

    def token(self) -> str:
        """The token that signing in left."""
        return (self.home / "session").read_text("ascii").strip()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def admin(place: Place) -> Person:
    """The first account, signed in."""
    made = place.add("ada", "administrator")
    assert place.login(made).status == 0
    return made


@pytest.fixture(autouse=True)
def nothing_secret_was_written(place: Place) -> Iterator[None]:
    """No command but `user add` shows a password, a secret, a token or a hash."""
    made: list[Person] = []
    before = Place.add

    def remembered(self: Place, *words: Any, **more: Any) -> Person:
        made.append(before(self, *words, **more))
        return made[-1]

    Place.add = remembered  # type: ignore[method-assign]
    yield
    Place.add = before  # type: ignore[method-assign]
    written = "\n".join(place.written)
    secrets = [each for person in made for each in (person.password, person.secret)]
    if (place.home / "session").exists():
        secrets.append(place.token())
    assert not [each for each in ("argon2", *secrets) if each in written]


def test_the_first_account_is_an_administrator_s_and_needs_nobody(place: Place) -> None:
    words = ["--full-name", "Ada", "--unit", "croydon", "--role"]

    refused = place.run("user", "add", "ada", *words, "operator")
    shown = place.run("user", "add", "ada", *words, "administrator")
    again = place.run("user", "add", "bob", *words, "administrator")

    assert refused.status == 1
    assert "The first account is an administrator's." in refused.err
    assert shown.status == 0
    assert shown.out.count("password: ") == 1
    assert "otpauth://totp/" in shown.out
    assert again.status == 1
    assert "Nobody is signed in." in again.err


def test_signing_in_and_out(place: Place, admin: Person) -> None:
    """R-61: who acts is who signed in with a password and a one-time code."""
    file = place.home / "session"

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(place.run("whoami", "--json").out) == {
        "name": "ada",
        "full_name": "Ada",
        "unit": "croydon",
        "rank": "",
        "roles": ["administrator"],
    }
    token = place.token()
    assert place.run("logout").status == 0
    assert not file.exists()
    assert place.run("whoami").err.startswith("overt: Nobody is signed in.")
    ended = place.run("whoami", OVERT_SESSION=token)
    assert ended.status == 1
    assert "You are not signed in, or no longer." in ended.err
    assert admin.name not in ended.out


def test_the_token_may_come_from_the_environment(place: Place, admin: Person) -> None:
    token = place.token()
    (place.home / "session").unlink()

    assert f"name       {admin.name}" in place.run("whoami", OVERT_SESSION=token).out


def test_a_session_file_is_replaced_and_the_session_before_it_ended(
    place: Place, admin: Person
) -> None:
    before = place.token()
    assert place.login(admin).status == 0

    assert place.token() != before
    assert stat.S_IMODE((place.home / "session").stat().st_mode) == 0o600
    assert place.run("whoami", OVERT_SESSION=before).status == 1
    assert [*place.home.glob(".session*")] == []


def test_whatever_was_wrong_the_refusal_is_the_same(place: Place, admin: Person) -> None:
    wrong = [
        place.login(admin, password="somebody else's words"),  # noqa: S106
        place.login(admin, code="000000"),
        place.login(admin, code="१२३४५६"),
        place.login(Person("nobody", "no words at all", admin.secret)),
    ]

    assert {each.status for each in wrong} == {1}
    assert len({each.err for each in wrong}) == 1
    assert "The name, the password or the code is wrong." in wrong[0].err


def test_no_code_serves_twice(place: Place, admin: Person) -> None:
    code = admin.code()

    assert place.login(admin, code=code).status == 0
    assert "is wrong" in place.login(admin, code=code).err


def test_five_wrong_attempts_lock_until_an_administrator_unlocks(
    place: Place, admin: Person
) -> None:
    bob = place.add("bob")
    for _ in range(5):
        assert place.login(bob, code="000000").status == 1

    locked = place.login(bob)
    assert "The account is locked after wrong attempts." in locked.err
    assert json.loads(place.run("user", "list", "--json").out)[1]["state"] == "locked"
    assert place.run("user", "change", "bob", "--unlock").status == 0
    assert place.login(bob).status == 0
    assert admin.name != bob.name


def test_without_current_training_nobody_signs_in(place: Place, admin: Person) -> None:
    """R-3: an account whose training is out of date cannot be used."""
    bob = place.add("bob", trained_days=-1)

    ended = place.login(bob)
    assert ended.status == 1
    assert "The training for this account is out of date." in ended.err
    renewed = str(_TODAY + timedelta(days=300))
    assert place.run("user", "change", bob.name, "--trained-until", renewed).status == 0
    assert place.login(bob).status == 0
    assert admin.name != bob.name


def _signed_in(place: Place, admin: Person) -> tuple[Person, str, str]:
    """Somebody else who is signed in elsewhere: them, their token, and the administrator's."""
    bob = place.add("bob")
    own = place.token()
    (place.home / "session").unlink()
    assert place.login(bob).status == 0
    token = place.token()
    (place.home / "session").write_text(own, "ascii")
    assert place.run("whoami", OVERT_SESSION=token).status == 0
    assert admin.name in place.run("whoami").out
    return bob, token, own


def test_a_closed_account_is_out_at_once(place: Place, admin: Person) -> None:
    bob, token, _ = _signed_in(place, admin)

    assert "1 session ended" in place.run("user", "disable", "bob").out
    assert place.run("whoami", OVERT_SESSION=token).status == 1
    assert "The account is closed." in place.login(bob).err


def test_a_revoked_session_is_out_at_once_and_the_account_stays(
    place: Place, admin: Person
) -> None:
    bob, token, _ = _signed_in(place, admin)

    assert "1 session of bob ended" in place.run("user", "revoke", "bob").out
    assert place.run("whoami", OVERT_SESSION=token).status == 1
    assert place.login(bob).status == 0


def test_what_somebody_may_do_changes_at_once(place: Place, admin: Person) -> None:
    _, token, _ = _signed_in(place, admin)

    assert place.run("user", "change", "bob", "--role", "auditor", "--rank", "none").status == 0
    assert place.run("whoami", OVERT_SESSION=token).status == 1


def test_nobody_changes_or_closes_their_own_account(place: Place, admin: Person) -> None:
    for words in (["change", admin.name, "--rank", "chief"], ["disable", admin.name]):
        ended = place.run("user", *words)

        assert ended.status == 1
        assert "it is their own" in ended.err


def test_people_change_their_own_password_and_sign_in_again(place: Place, admin: Person) -> None:
    old, new = place.home / "old", place.home / "new"
    for path, words in ((old, admin.password), (new, "several unrelated words")):
        path.touch(mode=0o600)
        path.write_text(words, encoding="utf-8")

    swapped = place.run("user", "password", "--current-file", new, "--new-file", old)
    assert "That is not your present password." in swapped.err
    assert place.run("user", "password", "--current-file", old, "--new-file", new).status == 0
    assert place.run("whoami").status == 1
    code = admin.code()
    assert place.login(admin, code=code).status == 1
    changed = place.login(admin, password="several unrelated words", code=code)  # noqa: S106
    assert changed.status == 0


def test_a_password_s_file_is_its_owner_s_alone(place: Place, admin: Person) -> None:
    file = place.home / "open.txt"
    file.write_text(admin.password, encoding="utf-8")
    file.chmod(0o640)

    for name in (file, place.home, place.home / "gone"):
        ended = place.run("login", "ada", "--password-file", name, "--code", "123456")
        assert ended.status == 1
        assert "password's file" in ended.err


def test_without_a_terminal_nothing_is_asked(place: Place, admin: Person) -> None:
    ended = place.run("login", admin.name)

    assert ended.status == 1
    assert "There is no terminal to ask for the password on." in ended.err


def test_no_command_takes_a_password_or_a_token_as_an_argument() -> None:
    """Arguments stand in every list of processes, and in the shell's history."""

    def options(command: Any) -> Iterator[str]:
        for each in getattr(command, "commands", {}).values():
            yield from options(each)
        for parameter in command.params:
            yield from parameter.opts

    found = set(options(typer.main.get_command(app)))

    assert {"--password-file", "--current-file", "--new-file"} <= found
    assert [each for each in found if each.strip("-") in {"password", "token", "secret"}] == []

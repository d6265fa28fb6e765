"""Signing in: passwords, one-time codes, lockout, training, and what a session may become."""

import base64
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pyotp
import pytest
from argon2 import extract_parameters
from argon2.low_level import Type
from hypothesis import given
from hypothesis import strategies as st

from acts import HERE, Scene
from overt.errors import SealingError, SignInError
from overt.keys.sealing import open_sealed
from overt.people import accounts
from overt.people.accounts import Credentials, NewAccount
from overt.people.secrets import (
    code_step,
    hash_password,
    new_password,
    new_totp_secret,
    password_fits,
)
from overt.people.signing_in import SESSION_LIFE, person_of, seal_totp_secret, sign_in, sign_out
from overt.vocabulary import Role

NAME = "op-1"
OPERATOR = NewAccount(
    NAME, "O. Operator", HERE, "constable", frozenset({Role.OPERATOR}), date(2026, 9, 30)
)

# RFC 6238, appendix B, the SHA-1 column: the last six of its eight digits.
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC_CODES = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


@pytest.fixture
def made(scene: Scene) -> Credentials:
    return accounts.add(scene.office, scene.person(Role.ADMINISTRATOR), OPERATOR)


def _code(scene: Scene, made: Credentials, steps: int = 0) -> str:
    return pyotp.TOTP(made.totp_secret).at(scene.clock.now + timedelta(seconds=30 * steps))


def _rfc_code(at: datetime, steps: int) -> str:
    return pyotp.TOTP(RFC_SECRET).at(at + timedelta(seconds=30 * steps))


def _sign_in(scene: Scene, made: Credentials, **wrong: str) -> str:
    given = {"name": NAME, "password": made.password, "code": _code(scene, made)} | wrong
    return sign_in(scene.office, given["name"], given["password"], given["code"])


def _wrong_code(scene: Scene, made: Credentials) -> str:
    near = {_code(scene, made, steps) for steps in (-1, 0, 1)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in near)


def test_a_password_is_kept_as_argon2id_with_its_recommended_cost() -> None:
    """R-62: RFC 9106's second recommended choice, and a salt of its own for each."""
    first, second = (hash_password("several unrelated words") for _ in range(2))
    kept = extract_parameters(first)
    assert kept.type is Type.ID
    assert (kept.memory_cost, kept.time_cost) == (65_536, 3)
    assert first != second
    assert password_fits("several unrelated words", first)
    assert not password_fits("several unrelated word", first)
    assert not password_fits("several unrelated words", None)
    assert not password_fits("several unrelated words", "no hash")
    assert not password_fits("a lone surrogate \ud800", first)


def test_new_passwords_and_secrets_are_long_and_differ() -> None:
    assert len({new_password() for _ in range(50)}) == 50
    assert len(new_password().replace("-", "")) * 4 == 120
    assert len(base64.b32decode(new_totp_secret())) * 8 >= 160  # RFC 4226, section 4


@pytest.mark.parametrize(("seconds", "code"), RFC_CODES.items())
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    """R-62: any authenticator app gives the codes that are asked for."""
    at = datetime.fromtimestamp(seconds, UTC)
    assert code_step(RFC_SECRET, code, at) == seconds // 30
    assert pyotp.TOTP(RFC_SECRET).at(at) == code


@given(st.integers(200, 2**33), st.integers(-4, 4))
def test_a_code_one_step_off_serves_and_none_further(seconds: int, steps: int) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    code = _rfc_code(at, steps)
    step, found = seconds // 30, code_step(RFC_SECRET, code, at)
    near = {each: _rfc_code(at, each) for each in (-1, 0, 1)}
    assert (found is not None) is (code in near.values())
    assert found is None or near[found - step] == code


@given(st.text(max_size=8) | st.text("0123456789", max_size=8))
def test_any_text_may_be_given_as_a_code(code: str) -> None:
    at = datetime(2026, 7, 4, 8, tzinfo=UTC)
    near = {_rfc_code(at, each) for each in (-1, 0, 1)}
    assert (code_step(RFC_SECRET, code, at) is not None) is (code in near)


def test_signing_in_gives_a_token_for_a_person(scene: Scene, made: Credentials) -> None:
    person = person_of(scene.office, _sign_in(scene, made))
    assert (person.account_id, person.name, person.unit) == (made.account_id, NAME, HERE)
    assert scene.events()[-1]["event"] == "session.opened"


def test_a_code_serves_once(scene: Scene, made: Credentials) -> None:
    """R-62: who overhears a code cannot sign in with it, nor with an earlier one."""
    earlier, code = _code(scene, made, -1), _code(scene, made)
    _sign_in(scene, made, code=code)
    for used in (code, earlier):
        with pytest.raises(SignInError):
            _sign_in(scene, made, code=used)
    scene.clock.forward(seconds=30)
    with pytest.raises(SignInError):
        _sign_in(scene, made, code=code)
    assert _sign_in(scene, made)


def test_a_code_serves_once_even_at_the_same_moment(scene: Scene, made: Credentials) -> None:
    code = _code(scene, made)

    def attempt(_: int) -> bool:
        try:
            return bool(_sign_in(scene, made, code=code))
        except SignInError:
            return False

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(attempt, range(4))) == 1


def test_clocks_may_differ_by_one_step(scene: Scene, made: Credentials) -> None:
    with pytest.raises(SignInError):
        _sign_in(scene, made, code=_code(scene, made, -2))
    with pytest.raises(SignInError):
        _sign_in(scene, made, code=_code(scene, made, 2))
    assert _sign_in(scene, made, code=_code(scene, made, 1))


def test_a_refusal_does_not_say_what_was_wrong(scene: Scene, made: Credentials) -> None:
    """R-62: nobody learns which names there are, or that a password was right."""
    said = set()
    for wrong in (
        {"name": "nobody"},
        {"name": ""},
        {"name": "a lone surrogate \ud800"},
        {"password": "several unrelated words"},
        {"code": _wrong_code(scene, made)},
        {"code": "１２３４５６"},  # noqa: RUF001  digits, but not ours
    ):
        with pytest.raises(SignInError) as refused:
            _sign_in(scene, made, **wrong)
        said.add((str(refused.value), refused.value.remedy))
    assert len(said) == 1
    refusals = scene.events("session.refused")
    assert len(refusals) == 6
    assert {each["data"]["why"] for each in refusals} == {"wrong"}
    assert "nobody" not in str(refusals)


def test_five_wrong_attempts_lock_an_account_for_a_quarter_of_an_hour(
    scene: Scene, made: Credentials
) -> None:
    """R-62: guessing is slow, time after time."""
    for _ in range(2):
        for _ in range(5):
            with pytest.raises(SignInError, match="is wrong"):
                _sign_in(scene, made, password="several unrelated words")  # noqa: S106
        with pytest.raises(SignInError, match="locked"):
            _sign_in(scene, made)
        scene.clock.forward(minutes=15, seconds=-1)
        with pytest.raises(SignInError, match="locked"):
            _sign_in(scene, made)
        scene.clock.forward(seconds=1)
    assert _sign_in(scene, made)


def test_guesses_made_at_once_all_count(scene: Scene, made: Credentials) -> None:
    def guess(_: int) -> None:
        with pytest.raises(SignInError):
            _sign_in(scene, made, password="several unrelated words")  # noqa: S106

    with ThreadPoolExecutor(5) as threads:
        list(threads.map(guess, range(5)))
    with pytest.raises(SignInError, match="locked"):
        _sign_in(scene, made)


def test_a_right_attempt_starts_the_count_anew(scene: Scene, made: Credentials) -> None:
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(SignInError):
                _sign_in(scene, made, code=_wrong_code(scene, made))
        assert _sign_in(scene, made)
        scene.clock.forward(minutes=1)


def test_a_closed_account_does_not_open(scene: Scene, made: Credentials) -> None:
    accounts.disable(scene.office, scene.person(Role.ADMINISTRATOR), NAME)
    with pytest.raises(SignInError, match="closed"):
        _sign_in(scene, made)
    with pytest.raises(SignInError, match="is wrong"):  # nobody else learns that it is closed
        _sign_in(scene, made, password="several unrelated words")  # noqa: S106


def test_training_out_of_date_shuts_out_and_ends_sessions(scene: Scene, made: Credentials) -> None:
    """R-62: training currency gates log-in, and sessions that are open already."""
    scene.clock.now = datetime(2026, 9, 30, 23, 30, tzinfo=UTC)
    token = _sign_in(scene, made)
    assert person_of(scene.office, token)
    scene.clock.forward(minutes=30)
    with pytest.raises(SignInError):
        person_of(scene.office, token)
    with pytest.raises(SignInError, match="training"):
        _sign_in(scene, made)
    administrator = scene.person(Role.ADMINISTRATOR)
    accounts.change(scene.office, administrator, NAME, trained_until=date(2027, 9, 30))
    scene.clock.forward(minutes=1)
    assert _sign_in(scene, made)


def test_nobody_without_training_signs_in(scene: Scene) -> None:
    """R-62: who was never trained has no way in."""
    administrator = scene.person(Role.ADMINISTRATOR)
    made = accounts.add(scene.office, administrator, replace(OPERATOR, trained_until=None))
    with pytest.raises(SignInError, match="training"):
        _sign_in(scene, made)


def test_a_session_lasts_a_shift(scene: Scene, made: Credentials) -> None:
    token = _sign_in(scene, made)
    assert timedelta(hours=12) == SESSION_LIFE
    scene.clock.forward(hours=12, seconds=-1)
    assert person_of(scene.office, token)
    scene.clock.forward(seconds=1)
    with pytest.raises(SignInError):
        person_of(scene.office, token)


def test_signing_out_ends_that_session_only(scene: Scene, made: Credentials) -> None:
    first = _sign_in(scene, made)
    scene.clock.forward(minutes=1)
    second = _sign_in(scene, made)
    sign_out(scene.office, first)
    with pytest.raises(SignInError):
        person_of(scene.office, first)
    with pytest.raises(SignInError):
        sign_out(scene.office, first)
    assert person_of(scene.office, second)
    assert scene.events()[-1]["data"]["sessions"] == 1


@pytest.mark.parametrize("token", ["", "x", "é", "a" * 500])
def test_a_made_up_token_is_nobodys(scene: Scene, token: str) -> None:
    with pytest.raises(SignInError):
        person_of(scene.office, token)


def test_no_secret_stands_in_the_record_as_it_is(scene: Scene, made: Credentials) -> None:
    """R-62: tokens, passwords and one-time secrets are nowhere on the disk in plain."""
    token = _sign_in(scene, made)
    secrets = [
        each.encode()
        for each in (token, made.password, made.totp_secret, _code(scene, made), made.totp_uri)
    ]
    secrets[3] = b'"' + secrets[3] + b'"'  # six digits alone stand in many numbers
    secrets.append(base64.b32decode(made.totp_secret))
    for file in scene.office.home.path.rglob("*"):
        data = file.read_bytes() if file.is_file() else b""
        assert not any(secret in data for secret in secrets), file.name
    with closing(sqlite3.connect(scene.office.home.database)) as connection:
        kept = connection.execute("SELECT token_sha256 FROM sessions").fetchall()
    assert kept == [(sha256(token.encode()).hexdigest(),)]


def test_a_secret_of_one_account_does_not_open_as_anothers(scene: Scene, made: Credentials) -> None:
    sealed = seal_totp_secret(scene.office, made.account_id, made.totp_secret)
    key = scene.office.keys.site_key("site/one-time-codes")
    with pytest.raises(SealingError):
        open_sealed(key, sealed, {"account": "another"})

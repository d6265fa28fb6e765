"""`overt user`: accounts, added and changed by an administrator."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from overt.vocabulary import Role

if TYPE_CHECKING:
    from overt.people.accounts import Credentials
    from overt.storage import Account

_Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
_Name = Annotated[str, typer.Argument(help="The name they sign in with.")]
_Trained = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="The last day on which their training is valid."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help="Add people, and change what they may do.")
    group.command("add")(add)
    group.command("list")(list_accounts)
    group.command("change")(change)
    group.command("disable")(disable)
    group.command("forget")(forget)
    group.command("revoke")(revoke)
    group.command("password")(password)
    app.add_typer(group, name="user")


def add(  # noqa: PLR0913  each option is a parameter
    name: _Name,
    full_name: Annotated[str, typer.Option(help="Their name, and number if they have one.")],
    unit: Annotated[str, typer.Option(help="Their unit, as deployment files write it.")],
    role: Annotated[list[Role], typer.Option(help="A role; may be given several times.")],
    *,
    rank: Annotated[str, typer.Option(help="Their rank, as the policy writes it.")] = "",
    trained_until: _Trained = None,
    password_file: Annotated[
        Path | None,
        typer.Option(help="A file with a first password; else one is made and shown."),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Add somebody. The first account is an administrator's, and needs nobody signed in.

    What they need to sign in is shown once, now, and kept nowhere: hand it over in person.
    """
    from overt.cli import asking, screen
    from overt.cli.signed_in import perhaps_signed_in
    from overt.people import accounts

    given = asking.from_file(password_file) if password_file else ""
    until = trained_until.date() if trained_until else None
    wanted = accounts.NewAccount(name, full_name, unit, rank, frozenset(role), until)
    with perhaps_signed_in() as (office, person):
        made = accounts.add(office, person, wanted, given)
    _show_once(name, made, shown=not given, as_json=as_json)
    if until is None and person is not None and not as_json:
        screen.say(
            "They can sign in once they are trained: "
            f"overt user change {name} --trained-until YYYY-MM-DD"
        )


def list_accounts(*, as_json: _Json = False) -> None:
    """List the accounts: who is who, with which roles and training."""
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.people import accounts

    with signed_in() as (office, person):
        found, now = accounts.listed(office, person), office.now()
    if as_json:
        screen.print_json([_as_json(each, now) for each in found])
        return
    headings = ("name", "full name", "unit", "rank", "roles", "trained until", "state")
    rows = (
        (
            each.name,
            each.full_name,
            each.unit,
            each.rank or "-",
            ", ".join(sorted(each.roles)),
            str(each.trained_until or "-"),
            _state(each, now),
        )
        for each in found
    )
    screen.out().print(screen.columns(headings, rows))


def change(  # noqa: PLR0913  each option is a parameter
    name: _Name,
    *,
    role: Annotated[
        list[Role] | None,
        typer.Option(help="A role, instead of those they have; may be given several times."),
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Another unit.")] = None,
    rank: Annotated[str | None, typer.Option(help="Another rank.")] = None,
    full_name: Annotated[str | None, typer.Option(help="Another name or number.")] = None,
    trained_until: _Trained = None,
    unlock: Annotated[
        bool, typer.Option("--unlock", help="Let them try again after wrong attempts.")
    ] = False,
) -> None:
    """Change somebody's roles, unit, rank or training, or unlock them. Their sessions end."""
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.errors import ConfigurationError
    from overt.people import accounts

    changes: dict[str, Any] = {
        "roles": frozenset(role) if role else None,
        "unit": unit,
        "rank": rank,
        "full_name": full_name,
        "trained_until": trained_until.date() if trained_until else None,
    }
    changes = {key: value for key, value in changes.items() if value is not None}
    if not changes and not unlock:
        raise ConfigurationError(
            "Nothing is to be changed.", remedy="Say what: overt user change --help."
        )
    with signed_in() as (office, person):
        if unlock:
            changes |= {"failures": 0, "locked_until": None}
        accounts.change(office, person, name, **changes)
    screen.say(f"Changed {name}. They have to sign in again.")


def disable(name: _Name) -> None:
    """Close an account for good, and end its sessions."""
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.people import accounts

    with signed_in() as (office, person):
        ended = accounts.disable(office, person, name)
    screen.say(f"Closed the account of {name}; {_sessions(ended)} ended.")


def forget(name: _Name) -> None:
    """Erase who a closed account was; what it did stays on the log, and is nobody's any more."""
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.people import accounts

    with signed_in() as (office, person):
        accounts.forget(office, person, name)
    screen.say(f"Forgot who {name} was.")


def revoke(name: _Name) -> None:
    """End every session of somebody, on every machine."""
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.people import accounts

    with signed_in() as (office, person):
        ended = accounts.revoke(office, person, name)
    screen.say(f"{_sessions(ended).capitalize()} of {name} ended.")


def password(
    *,
    current_file: Annotated[
        Path | None, typer.Option(help="A file with your password as it is; else asked for.")
    ] = None,
    new_file: Annotated[
        Path | None, typer.Option(help="A file with your new password; else asked for.")
    ] = None,
) -> None:
    """Change your own password. You have to sign in again, everywhere."""
    from overt.cli import asking, screen
    from overt.cli.signed_in import signed_in
    from overt.errors import SignInError
    from overt.people import accounts
    from overt.people.secrets import password_fits

    with signed_in() as (office, person):
        now = asking.password(current_file, "present password")
        account = office.record.accounts.of_id(person.account_id)
        if not password_fits(now, account.password_hash if account else None):
            raise SignInError("That is not your present password.", remedy="Try again.")
        accounts.change_password(
            office, person, asking.password(new_file, "new password", twice=True)
        )
    screen.say("Your password is changed. Sign in again: overt login NAME.")


def _show_once(name: str, made: "Credentials", *, shown: bool, as_json: bool) -> None:
    from overt.cli import screen

    handed = {"name": name, "one_time_codes": made.totp_uri}
    if shown:
        handed["password"] = made.password
    if as_json:
        screen.print_json(handed)
        return
    screen.say(f"Added {name}. Hand this over in person; it is not shown again.")
    if shown:
        screen.say(f"  password: {made.password}")
    screen.say(f"  for the authenticator app: {made.totp_uri}")


def _as_json(account: "Account", now: datetime) -> dict[str, object]:
    until = account.trained_until
    return {
        "name": account.name,
        "full_name": account.full_name,
        "unit": account.unit,
        "rank": account.rank,
        "roles": sorted(account.roles),
        "trained_until": until.isoformat() if until else None,
        "state": _state(account, now),
    }


def _state(account: "Account", now: datetime) -> str:
    if account.disabled_at is not None:
        return "closed"
    if account.locked_until is not None and now < account.locked_until:
        return "locked"
    today: date = now.astimezone(UTC).date()
    if account.trained_until is None or account.trained_until < today:
        return "training out of date"
    return "open"


def _sessions(count: int) -> str:
    return "1 session" if count == 1 else f"{count} sessions"

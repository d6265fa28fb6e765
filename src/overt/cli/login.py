"""`overt login`, `overt logout`, `overt whoami`: who acts when the next command is run."""

import os
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("login")(login)
    app.command("logout")(logout)
    app.command("whoami")(whoami)


def login(
    name: Annotated[str, typer.Argument(help="The name of your account.")],
    *,
    password_file: Annotated[
        Path | None,
        typer.Option(help="A file that holds the password and only you may read; else asked for."),
    ] = None,
    code: Annotated[
        str, typer.Option(help="The one-time code of your authenticator app; else asked for.")
    ] = "",
) -> None:
    """Sign in with password and one-time code, for twelve hours.

    Whoever was signed in on this user of the machine is signed out.
    """
    from contextlib import suppress

    from overt.cli import asking, screen
    from overt.cli.signed_in import SESSION, keep_token, office_here, token
    from overt.errors import SignInError
    from overt.people.signing_in import person_of, sign_in, sign_out

    password = asking.password(password_file)
    code = code or asking.secret("one-time code", otherwise="Give it: --code CODE.")
    with office_here() as office:
        new = sign_in(office, name, password, code.replace(" ", ""))
        with suppress(SignInError):
            sign_out(office, token(office.home.session))
        keep_token(office.home.session, new)
        person = person_of(office, new)
    screen.say(f"Signed in as {person.name}: {', '.join(sorted(person.roles))}, {person.unit}.")
    if os.environ.get(SESSION):
        screen.complain(f"{SESSION} is set here and is used first.", f"Run: unset {SESSION}")


def logout() -> None:
    """Sign out."""
    from overt.cli import screen
    from overt.cli.signed_in import office_here, token
    from overt.people.signing_in import sign_out

    with office_here() as office:
        try:
            sign_out(office, token(office.home.session))
        finally:
            office.home.session.unlink(missing_ok=True)
    screen.say("Signed out.")


def whoami(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Show who is signed in, and with which roles."""
    from overt.cli import screen
    from overt.cli.signed_in import signed_in

    with signed_in() as (_, person):
        facts = {
            "name": person.name,
            "full_name": person.full_name,
            "unit": person.unit,
            "rank": person.rank,
        }
        roles = sorted(person.roles)
    if as_json:
        screen.print_json({**facts, "roles": roles})
        return
    shown = {key.replace("_", " "): value or "-" for key, value in facts.items()}
    screen.out().print(screen.facts({**shown, "roles": ", ".join(roles)}))

"""Deployments that were really drafted, approved and authorised, for the tests of running them."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from overt.deployment import lifecycle
from overt.deployment.file import Deployment
from overt.people.accounts import NewAccount, add
from overt.people.office import Office
from overt.people.permissions import Person
from overt.runtime.drafting import draft
from overt.storage import DeploymentRow
from overt.vocabulary import Role
from overt.watchlist import governance

UNIT = "croydon"


@dataclass(frozen=True, slots=True)
class Team:
    """Who takes part in a deployment."""

    applicant: Person
    authoriser: Person
    commander: Person


def a_team(office: Office) -> Team:
    """Add accounts for a team, and return its people as if they were signed in."""
    return Team(
        person(office, "applicant", Role.APPLICANT),
        person(office, "authoriser", Role.AUTHORISING_OFFICER),
        person(office, "commander", Role.COMMANDER),
    )


def authorised(office: Office, team: Team, path: Path) -> DeploymentRow:
    """Take a deployment file all the way to its authority."""
    row = draft(office, team.applicant, Deployment.load(path), lambda _done, _all: None).row
    row = lifecycle.submit(office, team.applicant, row)
    governance.approve(office, team.commander, row)
    return lifecycle.authorise(office, team.authoriser, row, "necessary and proportionate")


def person(office: Office, name: str, role: Role) -> Person:
    """Add an account with one role, and return its person as if they were signed in."""
    rank = "superintendent" if role is Role.AUTHORISING_OFFICER else "inspector"
    admin = Person("0" * 32, "admin", "Admin", "hq", "", frozenset({Role.ADMINISTRATOR}))
    wanted = NewAccount(name, name.title(), UNIT, rank, frozenset({role}), date(2099, 1, 1))
    made = add(office, admin, wanted)
    return Person(made.account_id, name, name.title(), UNIT, rank, frozenset({role}))

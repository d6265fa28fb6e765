"""What a live screen says once another deployment has its cameras, and where to go on.

No screen goes on by itself. Whoever sits there may be in the middle of a decision, and what is
open stays with the deployment that raised it.
"""

from dataclasses import dataclass
from datetime import datetime

from overt.deployment.recorded import thing_of
from overt.people.office import Office
from overt.people.permissions import Person, why_not
from overt.storage import DeploymentRow
from overt.vocabulary import Act, DeploymentState, HandOverState

_SHOWN = frozenset({DeploymentState.LIVE, DeploymentState.ENDED})
"""States in which a deployment has screens: before there is nothing on them, and after nothing."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A kind of live screen: what one must be allowed to open it, where it is, what leads there."""

    act: Act
    path: str
    words: str


CONSOLE = Screen(Act.DEPLOYMENT_WATCH, "/deployments/{}/console", "Open the console of")
COMMAND = Screen(Act.ALERT_LIST, "/deployments/{}/command", "Open the command page of")
PHONE = Screen(Act.ALERT_ACKNOWLEDGE, "/officer#deployment-{}", "Show the alerts of")


@dataclass(frozen=True, slots=True)
class Successor:
    """The deployment that has another one's cameras, as a screen of that one tells of it.

    `before` is what the one before is called. `name` is empty where whoever looks may not see the
    successor, and `path` and `words` where no screen of it is to be opened.
    """

    before: str
    name: str
    unit: str
    state: DeploymentState
    at: datetime
    path: str
    words: str

    @property
    def live(self) -> bool:
        """Whether new alerts appear there."""
        return self.state is DeploymentState.LIVE

    @property
    def namesake(self) -> bool:
        """Whether both are called the same, as copies of one file are."""
        return self.name == self.before


def successor_of(
    office: Office, person: Person, row: DeploymentRow, screen: Screen
) -> Successor | None:
    """Return the deployment that a deployment's cameras were handed over to, if they were."""
    last = office.record.hand_overs.last(row.deployment_id)
    if last is None or last.state is not HandOverState.DONE:
        return None
    successor = office.record.deployments.find(last.successor_id)
    about = thing_of(successor)
    allowed = not why_not(person, screen.act, about)
    opens = allowed and successor.state in _SHOWN
    return Successor(
        before=row.name,
        name=successor.name if allowed else "",
        unit=successor.unit,
        state=successor.state,
        at=last.answered_at or last.at,
        path=screen.path.format(successor.deployment_id) if opens else "",
        words=f"{screen.words} {successor.name}" if opens else "",
    )

"""Model packs and policies, as they are installed and as deployments use them; to be read only.

Each file of a pack is hashed again when the page is opened, as `overt models verify` does.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from overt.deployment.policy import Policy, shipped_policies
from overt.errors import ConfigurationError, ModelError
from overt.people.office import Office
from overt.people.permissions import Thing
from overt.storage import DeploymentRow
from overt.vision.manifest import Manifest
from overt.vision.store import FileState, ModelStore
from overt.vocabulary import Act
from overt.web.api.asking import Here, SignedIn, does
from overt.web.pages.frame import page

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Pack:
    """A model pack as it stands in the store: `files` with what is wrong with each, if anything."""

    manifest: Manifest
    files: tuple[FileState, ...]
    deployments: int

    @property
    def complete(self) -> bool:
        """Whether every file is there and as pinned."""
        return not any(each.problem for each in self.files)


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy that comes with Overt or that deployments are under.

    `policy` is None where this version of Overt can no longer read it; `shipped` is its name
    among those that come with Overt, or nothing.
    """

    version: str
    sha256: str
    policy: Policy | None
    shipped: str
    deployments: int


@router.get("/settings", **does(Act.AUDIT_SEE))
def show(request: Request, office: Here, person: SignedIn) -> Response:
    """Show packs and policies."""
    office.demand(person, Act.AUDIT_SEE, Thing("settings"))
    rows = office.record.deployments.all()
    try:
        installed, problem = packs(office, rows), None
    except ModelError as error:
        installed, problem = [], error
    return page(request, "settings.html", packs=installed, problem=problem, policies=policies(rows))


def packs(office: Office, rows: Iterable[DeploymentRow]) -> list[Pack]:
    """Return every pack that is known, with the state of its files.

    Raises:
        ModelError: a manifest that was added cannot be read.
    """
    store, used = ModelStore(office.home.models), [row.pack_id for row in rows]
    return [
        Pack(manifest, tuple(store.verify(name)), used.count(manifest.pack_id))
        for name, manifest in sorted(store.manifests().items())
    ]


def policies(rows: Iterable[DeploymentRow]) -> list[InForce]:
    """Return the policies that come with Overt, and then others that deployments are under."""
    under: dict[str, list[DeploymentRow]] = {}
    for row in rows:
        under.setdefault(row.policy_sha256, []).append(row)
    found = []
    for name in shipped_policies():
        policy = Policy.shipped(name)
        count = len(under.pop(policy.sha256, ()))
        found.append(InForce(policy.version, policy.sha256, policy, name, count))
    for sha256, those in under.items():
        policy_or_none = _read(those[-1].policy_text)
        found.append(InForce(those[-1].policy_version, sha256, policy_or_none, "", len(those)))
    return found


def _read(text: str) -> Policy | None:
    try:
        return Policy.recorded(text.encode())
    except ConfigurationError:
        return None

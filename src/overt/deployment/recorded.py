"""A deployment as the record keeps it: its file sealed, its policy beside it, and what it is about.

The file is sealed under a key of the installation, since it may hold cameras' passwords; it is
kept until the deployment is over.
"""

import base64
import json
from functools import lru_cache
from pathlib import Path

from overt.audit.events import LiveViewOpened
from overt.deployment.file import Deployment
from overt.deployment.policy import Policy
from overt.errors import LifecycleError
from overt.keys.sealing import open_sealed, seal
from overt.people.office import Office
from overt.people.permissions import Person, Thing
from overt.storage import DeploymentRow
from overt.vocabulary import Act, DeploymentState

_FILES = "site/deployment-files"


def thing_of(row: DeploymentRow) -> Thing:
    """Return a deployment as what an act is about; it is its applicant's own."""
    return Thing("deployment", row.deployment_id, row.unit, row.applicant)


def policy_of(row: DeploymentRow) -> Policy:
    """Return the policy a deployment is under, as it was when it was drafted.

    Raises:
        ConfigurationError: this version of Overt cannot use it.
    """
    return policy_from(row.policy_text)


@lru_cache(maxsize=16)
def policy_from(text: str) -> Policy:
    """Return the policy that a record keeps as this text, which says nothing about anybody.

    Raises:
        ConfigurationError: this version of Overt cannot use it.
    """
    return Policy.recorded(text.encode())


def seal_file(office: Office, deployment_id: str, deployment: Deployment) -> bytes:
    """Return a deployment's file sealed: it may hold cameras' passwords."""
    kept = {
        "path": str(deployment.path),
        "file": base64.b64encode(deployment.data).decode(),
        "assessments": [each.sha256 for each in deployment.assessments],
        "report": base64.b64encode(deployment.report).decode(),
    }
    key = office.keys.site_key(_FILES)
    return seal(key, json.dumps(kept).encode(), {"deployment": deployment_id})


def opened(office: Office, row: DeploymentRow) -> Deployment:
    """Return the value that a deployment's recorded file and policy make.

    Raises:
        LifecycleError: its file is no longer kept.
        SealingError: the file was changed in the record.
    """
    if row.sealed_file is None:
        raise LifecycleError(
            "The deployment's file is no longer kept, since it is over.",
            remedy="Draft a new deployment.",
        )
    key = office.keys.site_key(_FILES)
    kept = json.loads(open_sealed(key, row.sealed_file, {"deployment": row.deployment_id}))
    data = base64.b64decode(kept["file"])
    hashes, report = tuple(kept["assessments"]), base64.b64decode(kept.get("report", ""))
    return Deployment.recorded(Path(kept["path"]), data, policy_of(row), hashes, report)


def seen(office: Office, person: Person, prefix: str) -> DeploymentRow:
    """Return a deployment, for a person who may see it.

    Raises:
        PermissionDenied: they may not.
        StorageError: there is none whose id begins so, or several.
    """
    row = office.record.deployments.find(prefix)
    office.demand(person, Act.DEPLOYMENT_SEE, thing_of(row))
    return row


def watched(office: Office, person: Person, prefix: str) -> DeploymentRow:
    """Return a live deployment, for a person who opens its pictures; that is put on the log.

    Raises:
        PermissionDenied: they may not.
        LifecycleError: it is not live.
        StorageError: there is none whose id begins so, or several.
    """
    row = office.record.deployments.find(prefix)
    office.demand(person, Act.DEPLOYMENT_WATCH, thing_of(row))
    if row.state is not DeploymentState.LIVE:
        raise LifecycleError("The deployment is not live.", remedy="Wait until it is started.")
    office.note(LiveViewOpened(row.deployment_id), by=person)
    return row

"""What must hold before a deployment is searched, and the one process that searches it.

Before anything is searched, every term is put together anew from what is on record and on this
machine, and held against what was authorised (requirement R-1). One process at a time runs a
deployment; if it dies, the deployment may be started again inside its window.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from overt.deployment.demands import demand_covered
from overt.deployment.file import Deployment
from overt.deployment.recorded import opened, policy_of, thing_of
from overt.deployment.terms import Bound, differences, terms_hash, terms_of
from overt.errors import AuthorityError, LifecycleError, MasterKeyError
from overt.people.office import Office
from overt.people.permissions import Person
from overt.runtime.jobs import demand_validated
from overt.runtime.preparation import Prepared, prepare_authorised
from overt.storage import DeploymentRow, ListFacts
from overt.vision.store import ModelStore, Pack
from overt.vocabulary import Act, DeploymentKind


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A deployment that may be searched now, whose list is ready and which this process alone has."""

    row: DeploymentRow
    person: Person
    deployment: Deployment
    prepared: Prepared
    _kept: ExitStack

    def let_go(self) -> None:
        """Let another process have it."""
        self._kept.close()


def made_ready(office: Office, person: Person, row: DeploymentRow) -> Ready:
    """Hold a deployment's terms, keep other processes from it, and open its list.

    Raises:
        AuthorityError: something is not as it was authorised.
        LifecycleError: it is not authorised, another process runs it, or its list is stale.
        ModelError, ConfigurationError: its models cannot be used.
    """
    deployment = opened(office, row)
    pack = ModelStore(office.home.models).load(deployment.pack)
    with ExitStack() as stack:
        stack.enter_context(alone(office, row))
        demand_terms(office, row, deployment, pack)
        prepared = prepare_authorised(deployment, office, row, pack)
        return Ready(row, person, deployment, prepared, stack.pop_all())


def demand_startable(office: Office, person: Person, row: DeploymentRow) -> None:
    """Check what can be checked of a start in no time, before anything is opened.

    Raises:
        PermissionDenied: the person may not start it.
        AuthorityError: its window is not now.
        MasterKeyError: it is live, and the master key lies beside the record.
    """
    office.demand(person, Act.DEPLOYMENT_START, thing_of(row))
    demand_covered(office, row)
    _demand_apart(office, row)


def demand_terms(
    office: Office, row: DeploymentRow, deployment: Deployment, pack: Pack
) -> ListFacts:
    """Check that everything is as it was authorised, and return what is known of the list.

    Raises:
        AuthorityError: something differs; it says what.
        LifecycleError: the list is gone, unapproved or stale, or an assessment is out of date.
        ConfigurationError: the policy's floor has no validation report that supports it.
    """
    if row.authorised_terms_sha256 is None:
        raise LifecycleError("Nobody has authorised it.", remedy="See: overt deployment show.")
    facts = office.record.watchlists.facts(row.watchlist_id)
    own = facts is not None and facts.deployment_id == row.deployment_id
    if facts is None or facts.approved_by is None or not own:
        raise LifecycleError(
            "The deployment's list is gone or was never approved.", remedy="Draft a new deployment."
        )
    bound = Bound(
        manifest_sha256=facts.manifest_sha256,
        subjects=facts.size_subjects,
        references=facts.size_references,
        pack_id=pack.id,
        threshold=float(row.terms["threshold"]),
    )
    changed = differences(row.terms, terms_of(deployment, bound))
    changed += [name for name in _miskept(row, deployment) if name not in changed]
    if changed or terms_hash(row.terms) != row.authorised_terms_sha256:
        what = ", ".join(changed) or "the terms on record"
        raise AuthorityError(
            f"What was authorised has changed: {what}.",
            remedy="Other terms need a new application and a new authority.",
        )
    demand_validated(deployment, bound.threshold, pack, facts.size_subjects)
    _demand_fresh(office, row, facts, deployment)
    return facts


def _miskept(row: DeploymentRow, deployment: Deployment) -> list[str]:
    """Return what stands beside the terms in the record and is not as in the file."""
    kept = {
        "kind": row.kind is deployment.kind,
        "unit": deployment.unit in {None, row.unit},
        "window": (row.window_start, row.window_end) == (deployment.start, deployment.end),
        "flags": row.flags == tuple(str(flag) for flag in deployment.flags),
    }
    return [name for name, same in kept.items() if not same]


def _demand_fresh(
    office: Office, row: DeploymentRow, facts: ListFacts, deployment: Deployment
) -> None:
    now, policy = office.now(), policy_of(row)
    if now - facts.validated_at > timedelta(hours=policy.watchlist.revalidation_hours):
        raise LifecycleError(
            f"The list was last held against its sources more than "
            f"{policy.watchlist.revalidation_hours:g} hours ago.",
            remedy="Do so again: overt watchlist revalidate.",
        )
    past = [each.id for each in deployment.assessments if each.review_date < now.date()]
    if past:
        raise LifecycleError(
            f"An assessment is past its review date: {', '.join(past)}.",
            remedy="Have it reviewed, and apply anew with the reviewed one.",
        )


def _demand_apart(office: Office, row: DeploymentRow) -> None:
    if row.kind is DeploymentKind.LIVE and not office.keys.master.apart:
        raise MasterKeyError(
            "A live deployment needs a master key that does not lie beside the record.",
            remedy="Set OVERT_MASTER_KEY; docs/how-to/keep-the-master-key.md has the choices.",
        )


@contextmanager
def alone(office: Office, row: DeploymentRow) -> Iterator[None]:
    """Keep a lock that the system lets go of when this process dies, however it does."""
    path = _lock_of(office, row)
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        _lock(path, descriptor)
        yield
        path.unlink(missing_ok=True)
    except BlockingIOError:
        raise LifecycleError(
            "The deployment is running already.", remedy="Look for the other window or machine."
        ) from None
    finally:
        os.close(descriptor)


def _lock(path: Path, descriptor: int) -> None:
    """Lock an open file, which must still be the one at its path: its holder removes it last.

    Raises:
        BlockingIOError: another process holds it, or has just let go of it.
    """
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    if not path.exists() or not os.path.samestat(path.stat(), os.fstat(descriptor)):
        raise BlockingIOError


def is_run(office: Office, row: DeploymentRow) -> bool:
    """Tell whether a process runs a deployment at this moment."""
    try:
        descriptor = os.open(_lock_of(office, row), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _lock_of(office: Office, row: DeploymentRow) -> Path:
    return office.home.path / f"running-{row.deployment_id[:16]}.lock"

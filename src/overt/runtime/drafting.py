"""Drafting: a deployment file becomes a deployment on record, its list enrolled and sealed.

What stands beside the sign-off later is put together here, where the list is open: its size,
who looks like whom, hub references, and the false alerts to be expected.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from overt.audit.events import DeploymentDrafted
from overt.deployment.appraised import seal_appraisal
from overt.deployment.file import Deployment
from overt.deployment.recorded import seal_file
from overt.deployment.terms import Bound, terms_hash, terms_of
from overt.errors import ConfigurationError
from overt.matching.gallery import Gallery
from overt.people.office import Office
from overt.people.permissions import Person, Thing
from overt.runtime.jobs import decision_policy, demand_validated
from overt.runtime.preparation import checked_list, enrolled
from overt.storage import DeploymentRow
from overt.values import Watchlist
from overt.vision.manifest import FpirTarget
from overt.vision.store import ModelStore, Pack
from overt.vocabulary import Act, DeploymentState
from overt.watchlist.appraisal import Appraisal, appraise, old_pictures
from overt.watchlist.enrolment import EnrolmentReport
from overt.watchlist.keeping import Keeping, keep, sealed
from overt.watchlist.prediction import OwnMeasurement

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A drafted deployment, what became of its list's rows, and what was found about the list."""

    row: DeploymentRow
    report: EnrolmentReport
    appraisal: Appraisal


def draft(office: Office, person: Person, deployment: Deployment, progress: Progress) -> Draft:
    """Put a deployment on record as a draft of this person's, and enrol and seal its list.

    Raises:
        PermissionDenied: the person is no applicant, or of another unit than the file names.
        ConfigurationError: its window is over, or more false alerts are to be expected than
            the policy permits.
        WatchlistError, ModelError: the list or the models cannot be used.
    """
    unit = deployment.unit or person.unit
    office.demand(person, Act.DEPLOYMENT_DRAFT, Thing("deployment", unit=unit))
    _demand_ahead(deployment, office.now())
    pack = ModelStore(office.home.models).load(deployment.pack)
    report = enrolled(checked_list(deployment, office.now()), pack, progress)
    deployment_id = uuid.uuid4().hex
    keeping = Keeping(
        deployment_id=deployment_id,
        deployment=deployment.name,
        by=person.account_id,
        destroy_after=deployment.end + timedelta(hours=deployment.policy.retention.list_hours),
    )
    bound, appraisal = _weighed(deployment, pack, report)
    listed = sealed(office, report, keeping)  # others may write meanwhile: it takes its time
    with office.record.together():
        watchlist = keep(office, listed)
        row = _row(office, person, deployment, watchlist, bound, appraisal)
        office.record.deployments.add(row)
        office.log.write(_drafted(row, bound), by=person.account_id)
    return Draft(row, report, appraisal)


def _demand_ahead(deployment: Deployment, now: datetime) -> None:
    if now >= deployment.end:
        raise ConfigurationError(
            "The deployment's window is over.", remedy="Correct start and end in the file."
        )


def _weighed(
    deployment: Deployment, pack: Pack, report: EnrolmentReport
) -> tuple[Bound, Appraisal]:
    watchlist = report.watchlist
    if not watchlist.references:
        raise ConfigurationError(
            "Nothing of the list could be enrolled.",
            remedy="See what is wrong with each row: overt watchlist check LIST IMAGES.",
        )
    gallery = Gallery.of(watchlist)
    threshold = decision_policy(deployment, pack, gallery).threshold
    target = FpirTarget(deployment.decision.fpir)
    own = _own_measurement(deployment, threshold, pack, len(gallery))
    found = appraise(watchlist, pack, threshold, target, deployment.expected_faces or 0, own)
    _demand_tolerable(deployment, found)
    return (
        Bound(
            manifest_sha256=watchlist.watchlist_id,
            subjects=len(watchlist.subjects),
            references=len(watchlist.references),
            pack_id=pack.id,
            threshold=float(threshold),
        ),
        found,
    )


def _own_measurement(
    deployment: Deployment, threshold: float, pack: Pack, subjects: int
) -> OwnMeasurement | None:
    """Return what the validation report measured, where the policy's floor rests on one."""
    report = demand_validated(deployment, threshold, pack, subjects)
    if report is None:
        return None
    return OwnMeasurement(f"{report.data.name}, by {report.signed_by}", report.thresholds)


def _demand_tolerable(deployment: Deployment, found: Appraisal) -> None:
    most = deployment.policy.watchlist.max_predicted_false_alerts
    expected = found.prediction.expected if found.prediction else 0.0
    if most is not None and expected > most:
        raise ConfigurationError(
            f"About {expected:.1f} false alerts are to be expected; the policy permits {most:g}.",
            remedy="Make the list shorter, or the threshold higher.",
        )


def _row(
    office: Office,
    person: Person,
    deployment: Deployment,
    watchlist: Watchlist,
    bound: Bound,
    appraisal: Appraisal,
) -> DeploymentRow:
    terms = terms_of(deployment, bound)
    facts = office.record.watchlists.facts(watchlist.watchlist_id)
    assert facts is not None
    assert facts.deployment_id is not None
    old = old_pictures(watchlist, deployment.policy.picture_ages, deployment.start.date())
    sealed = seal_appraisal(office, facts, {**appraisal.to_json(), "old_pictures": list(old)})
    return DeploymentRow(
        deployment_id=facts.deployment_id,
        name=deployment.name,
        unit=deployment.unit or person.unit,
        kind=deployment.kind,
        state=DeploymentState.DRAFT,
        use_case=f"{deployment.use_case.wording} ({deployment.use_case.paragraph})",
        location=deployment.location,
        window_start=deployment.start,
        window_end=deployment.end,
        applicant=person.account_id,
        deployment_text=deployment.redacted_text,
        sealed_file=seal_file(office, facts.deployment_id, deployment),
        file_sha256=deployment.sha256,
        policy_text=deployment.policy.data.decode(),
        policy_sha256=deployment.policy.sha256,
        policy_version=deployment.policy.version,
        pack_id=bound.pack_id,
        watchlist_id=watchlist.watchlist_id,
        terms=terms,
        terms_sha256=terms_hash(terms),
        appraisal={**_in_numbers(appraisal), "old_pictures": len(old)},
        sealed_appraisal=sealed,
        flags=tuple(str(flag) for flag in deployment.flags),
        created_at=office.now(),
    )


def _in_numbers(appraisal: Appraisal) -> dict[str, object]:
    """Return what an appraisal says without naming anybody."""
    said = appraisal.to_json()
    return {
        "references": appraisal.references,
        "subjects": appraisal.subjects,
        "threshold": appraisal.threshold,
        "expected_faces": appraisal.expected_faces,
        "prediction": said["prediction"],
        "lookalikes": len(appraisal.lookalikes),
        "hubs": len(appraisal.hubs),
        "same_pictures": len(appraisal.same_pictures),
    }


def _drafted(row: DeploymentRow, bound: Bound) -> DeploymentDrafted:
    return DeploymentDrafted(
        row.deployment_id,
        row.file_sha256,
        row.policy_sha256,
        row.watchlist_id,
        bound.manifest_sha256,
    )

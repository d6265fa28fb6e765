"""What was authorised is what runs: any other term is refused, and named."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from acts import START, Scene, a_policy, a_scene, change_behind, drafted
from example_records import a_watchlist
from overt.deployment import lifecycle, recorded
from overt.deployment.file import Deployment
from overt.errors import AuthorityError, LifecycleError, MasterKeyError, SealingError
from overt.runtime import operation, starting
from overt.runtime.run import RunOptions
from overt.runtime.views import RunView
from overt.storage import DeploymentRow
from overt.vision.manifest import shipped_manifests
from overt.vision.store import ModelStore, Pack
from overt.vocabulary import DeploymentKind, DeploymentState, Role
from overt.watchlist import governance

# How the file's text is changed so that the term of this name differs.
IN_THE_FILE: dict[str, tuple[str, str]] = {
    "name": ("North End, Saturday", "South End, Saturday"),
    "unit": ('unit = "croydon-north"', 'unit = "croydon-south"'),
    "kind": ('kind = "live"', 'kind = "rehearsal"'),
    "use case": ('"crime-hotspot"', '"intelligence-led"'),
    "location": ("North End, Croydon", "South End, Croydon"),
    "window": ("16:00:00+00:00", "17:00:00+00:00"),
    "written authority": ("House visits, tried twice each.", "House visits."),
    "intelligence": ("INT-2026-0117", "INT-2026-0118"),
    "flags": ("flags = []", 'flags = ["protest"]'),
    "assessments": ('version = "3.1"', 'version = "3.2"'),
    "expected faces": ("2500", "2600"),
    "cameras": ("smallest_face_px = 40", "smallest_face_px = 50"),
    "agreeing shots": ("[intelligence]", "[decision]\nmin_agreeing_shots = 3\n\n[intelligence]"),
    "smallest eye distance": (
        "[intelligence]",
        "[decision]\nmin_inter_eye_px = 20\n[intelligence]",
    ),
    "deployment file": ("name =", "# another file\nname ="),
}
ELSEWHERE = {"watchlist", "threshold", "models", "policy"}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with a_scene(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def models(tmp_path: Path) -> Pack:
    """The standard pack's manifest: no model is opened here."""
    return Pack(ModelStore(tmp_path), shipped_manifests()["standard"])


@pytest.fixture
def row(scene: Scene, models: Pack) -> DeploymentRow:
    """A deployment that is authorised, at the beginning of its window."""
    listed = a_watchlist()
    listed = replace(
        listed,
        pack_id=models.id,
        references=tuple(replace(each, pack_id=models.id) for each in listed.references),
    )
    draft = drafted(scene, watchlist=listed)
    governance.approve(scene.office, scene.person(Role.COMMANDER), draft)
    submitted = lifecycle.submit(scene.office, scene.person(Role.APPLICANT), draft)
    officer = scene.person(Role.AUTHORISING_OFFICER)
    scene.clock.now = START
    return lifecycle.authorise(scene.office, officer, submitted, "patrols have failed")


def _deployment(scene: Scene, row: DeploymentRow, change: Callable[[str], str]) -> Deployment:
    kept = recorded.opened(scene.office, row)
    hashes = tuple(each.sha256 for each in kept.assessments)
    return Deployment.recorded(kept.path, change(kept.text).encode(), kept.policy, hashes)


def test_terms_that_are_as_authorised_are_let_through(
    scene: Scene, row: DeploymentRow, models: Pack
) -> None:
    """R-1: nothing is refused while every term is as it was."""
    deployment = recorded.opened(scene.office, row)
    facts = starting.demand_terms(scene.office, row, deployment, models)
    assert facts.watchlist_id == row.watchlist_id


def test_every_term_is_changed_by_some_test(row: DeploymentRow) -> None:
    assert set(row.terms) == set(IN_THE_FILE) | ELSEWHERE


@pytest.mark.parametrize("term", IN_THE_FILE)
def test_a_file_that_differs_in_one_term_is_refused(
    scene: Scene, row: DeploymentRow, models: Pack, term: str
) -> None:
    """R-1, R-25: use case, location, window, cameras, shots: none can change unauthorised."""
    before, after = IN_THE_FILE[term]

    def change(text: str) -> str:
        assert before in text
        return text.replace(before, after, 1)

    changed = _deployment(scene, row, change)
    with pytest.raises(AuthorityError, match=rf"has changed: .*\b{term}\b"):
        starting.demand_terms(scene.office, row, changed, models)


@pytest.mark.parametrize("term", sorted(set(IN_THE_FILE) | ELSEWHERE))
def test_terms_that_were_changed_in_the_record_are_refused(
    scene: Scene, row: DeploymentRow, models: Pack, term: str
) -> None:
    """R-1, R-25: the threshold, and every other term, is the one that was signed."""
    other = 0.02 if term == "threshold" else "another"
    terms = json.dumps({**row.terms, term: other})
    change_behind(scene.office, "UPDATE deployments SET terms = ?", terms)
    row = scene.row(row)
    deployment = recorded.opened(scene.office, row)
    named = "the terms on record" if term == "threshold" else term
    with pytest.raises(AuthorityError, match=named):
        starting.demand_terms(scene.office, row, deployment, models)


@pytest.mark.parametrize(
    ("column", "value", "term"),
    [
        ("manifest_sha256", "00" * 32, "watchlist"),
        ("size_subjects", 1, "watchlist"),
        ("size_references", 4, "watchlist"),
    ],
)
def test_another_list_is_refused(
    scene: Scene, row: DeploymentRow, models: Pack, column: str, value: object, term: str
) -> None:
    """R-1: the list is bound by its manifest and its size."""
    change_behind(scene.office, f"UPDATE watchlists SET {column} = ?", value)  # noqa: S608
    deployment = recorded.opened(scene.office, row)
    with pytest.raises(AuthorityError, match=term):
        starting.demand_terms(scene.office, row, deployment, models)


def test_the_list_of_another_deployment_is_refused(
    scene: Scene, row: DeploymentRow, models: Pack
) -> None:
    """R-13: a list serves the one deployment it was made for."""
    change_behind(scene.office, "UPDATE watchlists SET deployment_id = 'another'")
    deployment = recorded.opened(scene.office, row)
    with pytest.raises(LifecycleError):
        starting.demand_terms(scene.office, row, deployment, models)


def test_other_models_are_refused(scene: Scene, row: DeploymentRow, models: Pack) -> None:
    """R-1: a pack whose files differ has another id, and was not authorised."""
    other = Pack(models._store, shipped_manifests()["opencv"])
    assert other.id != models.id
    deployment = recorded.opened(scene.office, row)
    with pytest.raises(AuthorityError, match="models"):
        starting.demand_terms(scene.office, row, deployment, other)


def test_another_policy_is_refused(scene: Scene, row: DeploymentRow, models: Pack) -> None:
    """R-1: a policy that was loosened afterwards does not count."""
    looser = a_policy(alerts_days="30").data.decode()
    row = replace(row, policy_text=looser)
    deployment = recorded.opened(scene.office, row)
    with pytest.raises(AuthorityError, match="policy"):
        starting.demand_terms(scene.office, row, deployment, models)


@pytest.mark.parametrize(
    ("column", "value", "term"),
    [
        ("kind", DeploymentKind.REHEARSAL, "kind"),
        ("unit", "another", "unit"),
        ("window_end", START, "window"),
        ("flags", ("protest",), "flags"),
    ],
)
def test_what_stands_beside_the_terms_is_held_to_the_file_too(
    scene: Scene, row: DeploymentRow, models: Pack, column: str, value: Any, term: str
) -> None:
    """R-1: the window that covers a start is the one that was signed."""
    row = replace(row, **{column: value})
    deployment = recorded.opened(scene.office, row)
    with pytest.raises(AuthorityError, match=term):
        starting.demand_terms(scene.office, row, deployment, models)


def test_a_file_changed_in_the_record_does_not_open(scene: Scene, row: DeploymentRow) -> None:
    """R-1: the sealed file is the one that was drafted."""
    assert row.sealed_file is not None
    flipped = bytes([*row.sealed_file[:-1], row.sealed_file[-1] ^ 1])
    with pytest.raises(SealingError):
        recorded.opened(scene.office, replace(row, sealed_file=flipped))


def test_nothing_unauthorised_or_unapproved_is_let_through(
    scene: Scene, row: DeploymentRow, models: Pack
) -> None:
    """R-1: no authority and no approved list, no searching."""
    deployment = recorded.opened(scene.office, row)
    with pytest.raises(LifecycleError):
        starting.demand_terms(
            scene.office, replace(row, authorised_terms_sha256=None), deployment, models
        )
    change_behind(scene.office, "UPDATE watchlists SET approved_by = NULL")
    with pytest.raises(LifecycleError):
        starting.demand_terms(scene.office, row, deployment, models)


def test_a_list_not_held_against_its_sources_lately_is_refused(
    scene: Scene, row: DeploymentRow, models: Pack
) -> None:
    """R-14: entries are revalidated within the policy's hours before start."""
    deployment = recorded.opened(scene.office, row)
    scene.clock.now = scene.office.record.watchlists.all_facts()[0].validated_at
    scene.clock.forward(hours=24)
    starting.demand_terms(scene.office, row, deployment, models)
    scene.clock.forward(seconds=1)
    with pytest.raises(LifecycleError, match="24 hours"):
        starting.demand_terms(scene.office, row, deployment, models)
    applicant = scene.person(Role.APPLICANT)
    governance.revalidate(scene.office, applicant, row, {"S-1", "S-2"})
    starting.demand_terms(scene.office, row, deployment, models)


def test_an_assessment_past_its_review_is_refused(
    scene: Scene, row: DeploymentRow, models: Pack
) -> None:
    """R-7: a review date that has passed since the application blocks the start."""
    deployment = recorded.opened(scene.office, row)
    scene.clock.now = scene.clock.now.replace(month=12, day=31, hour=23)
    change_behind(
        scene.office, "UPDATE watchlists SET validated_at = ?", "2026-12-31 12:00:00.000000"
    )
    starting.demand_terms(scene.office, row, deployment, models)
    scene.clock.forward(hours=1)
    with pytest.raises(LifecycleError, match="data-protection"):
        starting.demand_terms(scene.office, row, deployment, models)


def test_a_live_one_needs_a_master_key_apart_from_the_record(tmp_path: Path) -> None:
    """R-39: whoever takes the machine's disk must not have the list."""
    with a_scene(tmp_path / "home", apart=False) as scene:
        row = drafted(scene)
        with pytest.raises(MasterKeyError, match="beside the record"):
            starting._demand_apart(scene.office, row)
        governance.approve(scene.office, scene.person(Role.COMMANDER), row)
        row = lifecycle.submit(scene.office, scene.person(Role.APPLICANT), row)
        officer = scene.person(Role.AUTHORISING_OFFICER)
        row = lifecycle.authorise(scene.office, officer, row, "patrols have failed")
        scene.clock.now = START
        commander = scene.person(Role.COMMANDER)
        nobody = cast("RunView", None)  # refused before there is anything to be seen
        with pytest.raises(MasterKeyError, match="beside the record"):
            operation.operate(scene.office, commander, row, nobody, RunOptions(), lambda: True)
        assert scene.row(row).state is DeploymentState.AUTHORISED

"""The API holds the table of permissions, cell by cell."""

import pytest
from api_world import WITHOUT_ROUTE, Errand, World, errand, owners

from acts import HERE
from overt.deployment.policy import Policy
from overt.people.permissions import why_not
from overt.vocabulary import Act, Role
from overt.web.app import described
from overt.web.paths import ROOT


@pytest.mark.parametrize("act", sorted(set(Act) - WITHOUT_ROUTE))
def test_every_cell_of_the_table_is_as_the_api_answers(shared_world: World, act: Act) -> None:
    """R-62: by role, act and object, through the API."""
    wrong: list[tuple[object, ...]] = []
    untouched: dict[str, Errand] = {}
    for role in Role:
        asking = shared_world.scene.somebody(
            role, unit=HERE, rank=shared_world.scene.person(role).rank
        )
        for whose, owner in owners(shared_world, asking).items():
            sent = untouched.pop(owner.account_id, None) or errand(shared_world, act, owner)
            refused = bool(why_not(asking, act, sent.about))
            answer = shared_world.call(asking, sent)
            if answer.status == 403:
                untouched[owner.account_id] = sent
            if refused != (answer.status == 403) or not (refused or answer.status < 300):
                wrong.append((role, whose, answer.status, answer.body))

    assert wrong == []


def test_only_what_reads_files_and_owns_cameras_has_no_route() -> None:
    assert sorted(WITHOUT_ROUTE) == [
        Act.AUDIT_EXPORT,
        Act.DEPLOYMENT_DRAFT,
        Act.DEPLOYMENT_START,
        Act.DEPLOYMENT_WATCH,
        Act.RECORD_BACK_UP,
        Act.RECORD_PUBLISH,
        Act.WATCHLIST_SEE_FACE,
    ]


def test_the_document_names_the_act_of_every_route() -> None:
    document = described().openapi()
    named = {
        operation.get("x-overt-act")
        for path in document["paths"].values()
        for operation in path.values()
    }

    assert named - {None} == {each.value for each in set(Act) - WITHOUT_ROUTE}
    assert document["openapi"].startswith("3.1")


@pytest.mark.parametrize("role", sorted(set(Role)))
def test_lists_show_other_units_deployments_to_those_bound_to_none(
    world: World, role: Role
) -> None:
    ours = world.deployment(world.scene.person(Role.APPLICANT))
    theirs = world.deployment(world.scene.person(Role.APPLICANT, "brixton"))

    answer = world.as_(world.scene.person(role)).call("GET", f"{ROOT}/deployments")

    everywhere = role in {Role.AUDITOR, Role.ADMINISTRATOR}
    seen = {each["deployment_id"] for each in answer.json()}
    assert seen == {ours.deployment_id} | ({theirs.deployment_id} if everywhere else set())


def test_the_policy_narrows_who_sees_names(world: World) -> None:
    world.policy = Policy.shipped()
    row = world.deployment(world.scene.person(Role.APPLICANT))
    path = f"{ROOT}/deployments/{row.deployment_id}/watchlist"

    assert world.as_(world.scene.person(Role.OPERATOR)).call("GET", path).status == 403
    assert world.as_(world.scene.person(Role.COMMANDER)).call("GET", path).status == 200


def test_a_role_that_the_table_leaves_out_gains_nothing_by_one_the_policy_names(
    world: World,
) -> None:
    world.policy = Policy.shipped()
    both = world.scene.somebody(Role.OPERATOR, Role.ENGAGEMENT_OFFICER)
    row = world.deployment(world.scene.person(Role.APPLICANT))

    answer = world.as_(both).call("GET", f"{ROOT}/deployments/{row.deployment_id}/watchlist")

    assert answer.status == 403, "operators may see it, but not by this policy; officers never"


def test_what_is_unknown_is_refused_to_a_role_before_it_is_looked_for(world: World) -> None:
    path = f"{ROOT}/alerts/{'0' * 32}/crop"

    assert world.as_(world.scene.person(Role.AUDITOR)).call("GET", path).status == 403
    assert world.as_(world.scene.person(Role.OPERATOR)).call("GET", path).status == 404


def test_beginnings_of_ids_find_nothing(world: World) -> None:
    row = world.deployment(world.scene.person(Role.APPLICANT))
    path = f"{ROOT}/deployments/{row.deployment_id[:8]}"

    assert world.as_(world.scene.person(Role.APPLICANT)).call("GET", path).status == 422


def test_a_refused_act_is_on_the_log(world: World) -> None:
    path = f"{ROOT}/retention/apply"

    world.as_(world.scene.person(Role.OPERATOR)).call("POST", path)

    refused = world.scene.events("act.refused")
    assert [each["data"]["act"] for each in refused] == [Act.RETENTION_APPLY]

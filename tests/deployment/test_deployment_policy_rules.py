"""What a policy settles beyond lists and evidence, and what no policy can settle otherwise."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overt.deployment.policy import Policy, shipped_policies
from overt.errors import ConfigurationError
from overt.vocabulary import Role

_FOLDER = Path(__file__).parents[2] / "src/overt/deployment/policies"
_TEXT = (_FOLDER / "uk-policing.toml").read_text("utf-8")
_FLOOR = f"""
[[threshold_floor]]
pack = "standard"
floor = 0.04
report = "Validation 2026, records system 26/0417"
report_sha256 = "{"AB" * 32}"
signed_by = "Chief scientist"

[authority]
"""
_WITH_FLOOR = _TEXT.replace("\n[authority]\n", _FLOOR, 1)
_SECTIONS = ("authority", "list", "review", "retention", "access")


def _load(folder: Path, text: str) -> Policy:
    path = folder / "policy.toml"
    path.write_text(text, "utf-8")
    return Policy.load(path)


def _refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        _load(folder, text)
    return str(caught.value)


def _without(text: str, header: str) -> str:
    """Return a policy's text without the section that this header begins."""
    begin = text.index(f"\n{header}\n") + 1
    return text[:begin] + text[text.index("\n[", begin + 1) + 1 :]


@pytest.mark.parametrize("name", shipped_policies())
def test_each_shipped_policy_settles_every_safeguard_itself(name: str) -> None:
    """A default may change with Overt's version; what a policy says is in its hash."""
    values = tomllib.loads((_FOLDER / f"{name}.toml").read_text("utf-8"))

    assert set(values) >= set(_SECTIONS)
    assert {each["id"] for each in values["assessment"]} >= {"data-protection"}


def test_uk_policing_keeps_to_the_published_practice() -> None:
    """R-7, R-22, R-36 and R-37: what is attached, and how long lists and alerts are kept."""
    policy = Policy.shipped("uk-policing")

    assert [each.id for each in policy.assessments] == ["data-protection", "equality", "community"]
    assert policy.retention.list_hours == 24
    assert policy.retention.alerts_days == 31
    assert policy.retention.false_alerts_hours == 24
    assert policy.retention.log_months >= 6
    assert policy.watchlist.revalidation_hours == 24
    assert policy.review.two_person
    assert policy.review.adjudicated_only_to_officers


def test_a_venue_has_no_ranks_no_urgency_and_no_protest() -> None:
    """R-8 and R-9: nobody may authorise what the policy names nobody for."""
    policy = Policy.shipped("self-exclusion")

    assert policy.may_authorise("duty manager")
    assert policy.authority.urgent_ranks == ()
    assert not policy.may_authorise("duty manager", sensitive=True)
    assert policy.retention.alerts_days <= 1
    assert [each.id for each in policy.assessments] == ["data-protection"]


_EXPECTED = {
    "constable": (False, False),
    "inspector": (False, True),
    "superintendent": (True, True),
    "commander": (True, True),
}
"""Whether each may authorise ordinarily, and urgently."""


@pytest.mark.parametrize("rank", _EXPECTED)
def test_ranks_authorise_what_the_policy_lets_them(rank: str) -> None:
    """R-8 and R-9: urgency widens the ranks, a protest narrows them whatever the urgency."""
    policy = Policy.shipped("uk-policing")

    for spelt in (rank, rank.upper(), f"  {rank.title()} "):
        for urgent in (False, True):
            assert policy.may_authorise(spelt, urgent=urgent) == _EXPECTED[rank][urgent]
            sensitive = policy.may_authorise(spelt, urgent=urgent, sensitive=True)
            assert sensitive == (rank == "commander")


def test_categories_say_which_people_need_a_decision_each_and_how_old_pictures_may_be() -> None:
    """R-16 and R-17, as far as a policy states them."""
    policy = Policy.shipped("uk-policing")

    assert policy.needing_individual_authority == {"missing", "wanted-child"}
    assert policy.picture_ages["wanted-child"] < policy.picture_ages["wanted-by-court"]
    assert set(policy.picture_ages) == {each.id for each in policy.categories}


@pytest.mark.parametrize(
    "category_id",
    [
        *("wanted-under-18", "children", "victim-of-crime", "vulnerable", "associates"),
        *("potential-witness", "family-of-wanted"),
    ],
)
def test_no_policy_lists_the_vulnerable_without_a_decision_about_each(
    tmp_path: Path, category_id: str
) -> None:
    """R-16: under-18, victim, vulnerable and associate entries need individual authority."""
    written = 'id = "wanted-by-court"'
    text = _TEXT.replace(written, f'id = "{category_id}"', 1)

    assert f"{category_id} without individual authority" in _refusal(tmp_path, text)

    begin = text.index(f'id = "{category_id}"')
    decided = text[:begin] + text[begin:].replace("authority = false", "authority = true", 1)
    assert category_id in _load(tmp_path, decided).needing_individual_authority


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
@pytest.mark.parametrize("setting", ["faces", "watchlist_names"])
def test_auditors_and_administrators_never_see_anybody(
    tmp_path: Path, role: Role, setting: str
) -> None:
    """R-61: the auditor sees authority, settings, counts and deletions without seeing faces."""
    said = _refusal(tmp_path, _TEXT.replace(f"\n{setting} = [", f'\n{setting} = ["{role}", ', 1))

    assert f"[access] {setting}: may not see names or faces" in said
    assert "R-61" in said


@given(roles=st.lists(st.sampled_from(Role), min_size=1, max_size=7, unique=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_other_set_of_roles_may_be_named(tmp_path: Path, roles: list[Role]) -> None:
    """R-61: whatever a policy writes, neither role comes to see a face."""
    names = ", ".join(f'"{role}"' for role in roles)
    text = f"{_without(_TEXT, '[access]')}\n[access]\nfaces = [{names}]\n"

    if {Role.AUDITOR, Role.ADMINISTRATOR} & set(roles):
        assert "may not see" in _refusal(tmp_path, text)
    else:
        access = _load(tmp_path, text).access
        assert access.faces == tuple(roles)
        assert all(isinstance(role, Role) for role in access.faces)
        assert access.watchlist_names == ()


@given(
    alerts=st.floats(0.25, 31, allow_nan=False),
    false=st.floats(0, 744, allow_nan=False),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_false_alert_outlives_the_others(tmp_path: Path, alerts: float, false: float) -> None:
    """R-37: false alerts are deleted earliest."""
    text = _TEXT.replace("\nalerts_days = 31", f"\nalerts_days = {alerts!r}").replace(
        "\nfalse_alerts_hours = 24", f"\nfalse_alerts_hours = {false!r}"
    )

    if false > alerts * 24:
        assert "longer than alerts_days" in _refusal(tmp_path, text)
    else:
        assert _load(tmp_path, text).retention.false_alerts_hours == false


@given(late=st.integers(5, 3600), unanswered=st.integers(5, 3600))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_alert_is_late_before_it_is_unanswered(
    tmp_path: Path, late: int, unanswered: int
) -> None:
    """R-48: an unanswered alert times out, and is late before that."""
    text = _TEXT.replace("late_after_s = 30", f"late_after_s = {late}").replace(
        "unanswered_after_s = 120", f"unanswered_after_s = {unanswered}"
    )

    if late > unanswered:
        assert "[review] late_after_s" in _refusal(tmp_path, text)
    else:
        assert _load(tmp_path, text).review.unanswered_after_s == unanswered


def test_a_default_that_is_contradicted_is_told_where_something_is_written(tmp_path: Path) -> None:
    text = _TEXT.replace("late_after_s = 30\nunanswered_after_s = 120", "unanswered_after_s = 10")

    assert "[review] unanswered_after_s" in _refusal(tmp_path, text)


def test_a_floor_is_read_with_its_report(tmp_path: Path) -> None:
    """R-24: the floor is per model and comes from a signed validation report."""
    floor = _load(tmp_path, _WITH_FLOOR).threshold_floor("standard")

    assert floor is not None
    assert (floor.floor, floor.signed_by) == (0.04, "Chief scientist")
    assert floor.report_sha256 == "ab" * 32
    assert _load(tmp_path, _WITH_FLOOR).threshold_floor("another") is None


@pytest.mark.parametrize("header", ["[retention]", "[access]"])
def test_what_is_not_safe_to_leave_out_is_asked_for(tmp_path: Path, header: str) -> None:
    """R-36 and R-61: retention and access are decided and never assumed."""
    assert f"Add {header} and its settings" in _refusal(tmp_path, _without(_TEXT, header))


@pytest.mark.parametrize("header", ["[authority]", "[list]", "[review]"])
def test_what_is_left_out_takes_its_stricter_meaning(tmp_path: Path, header: str) -> None:
    policy = _load(tmp_path, _without(_TEXT, header))

    if header == "[authority]":
        assert not policy.may_authorise("commander", sensitive=True)
        assert not policy.may_authorise("inspector", urgent=True)
        assert policy.authority.sensitive_second_authoriser
    assert policy.watchlist.withdrawal_s <= 60
    assert policy.review.two_person
    assert policy.review.adjudicated_only_to_officers


_ASSESSMENTS = _TEXT[_TEXT.index("[[assessment]]") : _TEXT.index("[list]")]

_MISTAKES = [
    # the bounds that no policy may pass
    ("urgent_max_hours = 24", "urgent_max_hours = 48", "at most 24", "Article 5(3)"),
    ("review_due_days = 14", "review_due_days = 365", "at most 90", ""),
    ("training_valid_days = 365", "training_valid_days = 0", "at least 1", ""),
    ("revalidation_hours = 24", "revalidation_hours = 0", "more than 0", "held against"),
    ("withdrawal_s = 60", "withdrawal_s = 61", "at most 60", "withdrawn entry"),
    ("min_inter_eye_px = 24", "min_inter_eye_px = 2", "at least 16", "reference picture"),
    ("list_hours = 24", "list_hours = 25", "at most 24", "after the end"),
    ("alerts_days = 31", "alerts_days = 32", "at most 31", ""),
    ("alerts_days = 31", "", "is missing", "How long alerts are kept"),
    ("log_months = 24", "log_months = 5", "at least 6", "Article 19"),
    ("hold_max_days = 365", "hold_max_days = 0", "at least 1", "hold"),
    ("max_predicted_false_alerts = 10", "max_predicted_false_alerts = nan", "ordinary number", ""),
    ("max_picture_age_days = 3650", "max_picture_age_days = 0", "at least 1", "age of a picture"),
    # what is left out or misspelt
    (_ASSESSMENTS, "", "section is missing", "Add [[assessment]]"),
    ('id = "equality"', 'id = "community"', "id community twice", "its own id"),
    ('faces = ["operator", ', 'faces = ["operater", ', "one of: operator, engagement", ""),
    ("two_person = true", 'two_person = "yes"', "true or false", ""),
    ("[retention]", "[retentions]", "not a setting", "Did you mean retention?"),
    # what contradicts itself
    (
        "needs_individual_authority = true",
        "needs_individual_authority = false",
        "holds missing without individual authority",
        "R-16",
    ),
    (
        'sensitive_ranks = [\n  "commander"',
        'sensitive_ranks = [\n  "sergeant"',
        "names sergeant, which is not among authorising_ranks",
        "Add it there",
    ),
    # floors
    ("floor = 0.04", "floor = 0", "more than 0", "normalised comparison score"),
    ("AB" * 32, "AB" * 31, "64 hex digits", "sha256sum"),
    ('signed_by = "Chief scientist"', "", "is missing", "Who signed"),
    ("[decision]\n", "[decision]\nthreshold = 0.03\n", "above the policy's own threshold", "Raise"),
    ("[authority]\n", f"{_FLOOR.strip()}\n", "two floors for standard", "Keep the one"),
]


@pytest.mark.parametrize(("written", "instead", "message", "remedy"), _MISTAKES)
def test_what_no_policy_can_allow_is_refused(
    tmp_path: Path, written: str, instead: str, message: str, remedy: str
) -> None:
    """R-7, R-8, R-14, R-15, R-22, R-24, R-36 and R-57: a policy may only be stricter."""
    assert f"\n{written}" in _WITH_FLOOR or written in _WITH_FLOOR

    begin = _WITH_FLOOR.find(f"\n{written}")
    text = (
        _WITH_FLOOR.replace(written, instead, 1)
        if begin < 0
        else _WITH_FLOOR[: begin + 1] + instead + _WITH_FLOOR[begin + 1 + len(written) :]
    )
    said = _refusal(tmp_path, text)

    assert message in said
    assert remedy in said

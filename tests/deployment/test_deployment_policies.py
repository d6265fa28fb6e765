"""A policy closes the sets that a deployment chooses from, and cannot open some of them."""

import hashlib
from pathlib import Path
from typing import get_args

import pytest

from overt.deployment.file import examine
from overt.deployment.policy import Policy, shipped_policies
from overt.deployment.policy_sections import ALWAYS_REQUIRED, ROW_FIELDS, FpirTarget
from overt.errors import ConfigurationError
from overt.vision.manifest import FpirTarget as PackTarget
from overt.vocabulary import DeploymentKind
from overt.watchlist.rows import COLUMNS
from overt.watchlist.rules import ALWAYS_REQUIRED as LIST_ALWAYS_REQUIRED
from overt.watchlist.rules import ListRules

_FOLDER = Path(__file__).parents[2] / "src/overt/deployment/policies"
_TEXT = (_FOLDER / "uk-policing.toml").read_text("utf-8")


def _load(tmp_path: Path, text: str) -> Policy:
    path = tmp_path / "policy.toml"
    path.write_text(text, "utf-8")
    return Policy.load(path)


@pytest.mark.parametrize("name", shipped_policies())
def test_each_shipped_policy_is_usable_and_hashed(name: str) -> None:
    policy = Policy.shipped(name)

    assert policy.sha256 == hashlib.sha256((_FOLDER / f"{name}.toml").read_bytes()).hexdigest()
    assert policy.stamp == f"{policy.version} ({policy.sha256[:12]})"
    assert policy.decision.min_agreeing_shots == 2
    assert all(category.expected_responses for category in policy.categories)


def test_uk_policing_cites_the_published_paragraphs() -> None:
    """R-4: the use case comes from a controlled list that cites the policy."""
    paragraphs = [each.paragraph.rsplit(" ", 1)[1] for each in Policy.shipped().use_cases]

    assert paragraphs == ["2.3(a)", "2.3(b)", "2.7(a)", "2.7(b)", "2.9"]


def test_drawn_pictures_serve_rehearsals_only() -> None:
    """R-21: the origin of a picture must be a permitted one."""
    for name in shipped_policies():
        policy = Policy.shipped(name)
        assert "drawn" in policy.sources_for(DeploymentKind.REHEARSAL)
        assert "drawn" not in policy.sources_for(DeploymentKind.LIVE)


def test_pictures_from_family_stand_for_missing_people_only() -> None:
    sources = Policy.shipped().sources_for(DeploymentKind.LIVE)

    assert sources["family"] == {"missing"}
    assert sources["consented"] == {"test-subject"}
    assert sources["custody"] == set()


def test_children_and_missing_people_need_an_authority_of_their_own() -> None:
    """R-16, as far as a policy states it."""
    needing = {each.id for each in Policy.shipped().categories if each.needs_individual_authority}

    assert needing == {"missing", "wanted-child"}


def test_a_policy_says_what_the_watchlist_room_needs() -> None:
    policy = Policy.shipped()

    rules = ListRules(
        responses=policy.responses,
        sources=policy.sources_for(DeploymentKind.LIVE),
        most_references=policy.watchlist_cap,
        required=frozenset(policy.required_fields),
    )

    assert rules.responses["wanted-by-court"] == ("arrest",)
    assert set(COLUMNS) >= set(ROW_FIELDS)  # a list may ask more of a row than a policy can
    assert LIST_ALWAYS_REQUIRED == ALWAYS_REQUIRED
    assert set(get_args(FpirTarget)) == set(PackTarget)


_MISTAKES = [
    ('id = "wanted-child"', 'id = "other"', "could cover anybody", "paragraph 124"),
    ('id = "wanted-child"', 'id = "intelligence-interest"', "could cover anybody", "124"),
    ('id = "wanted-child"', 'id = "missing"', "id missing twice", "its own id"),
    (
        'origin = "taken by police"',
        'origin = "scraped"',
        "taken by a court or prison service, given",
        "",
    ),
    ('origin = "taken by police"', 'origin = "social media"', "must be one of", ""),
    ('only_for = ["missing"]', 'only_for = ["mising"]', "not a category", "Did you mean missing?"),
    ('  "lawful_basis",\n', "", "leaves out lawful_basis", "No policy can"),
    ('  "lawful_basis",\n', '  "lawfull_basis",\n', "do not have", "Did you mean lawful_basis?"),
    ("watchlist_cap = 20000", "watchlist_cap = 0", "at least 1", "most references"),
    ("watchlist_cap", "watch_list_cap", "not a setting", "Did you mean watchlist_cap?"),
    ("max_window_hours = 24", "max_window_hours = 1000", "at most 168", ""),
    ('version = "Overt UK policing 2026-11"', "", "is missing", "name and version"),
    ('priority = "red"', 'priority = "urgent"', "must be one of: red, amber, green", ""),
    ("needs_individual_authority = true", 'needs_individual_authority = "yes"', "true or fal", ""),
    ('expected_responses = ["safeguard"]', "expected_responses = []", "at least 1", "responses"),
    ("min_agreeing_shots = 2", "min_agreeing_shots = 0", "at least 1", ""),
    ("min_frames_per_second = 6", "min_frames_per_second = 0.5", "at least 1", "fewest frames"),
    ("min_frames_per_second = 6", "min_frames_per_second = 13", "more frames", "Lower min"),
    ("min_detection_width_px = 640", "min_detection_width_px = 64", "at least 160", "smallest"),
    ('fpir = "fpir_0_3_percent"', 'fpir = "fpir_50_percent"', "must be one of: fpir_3", ""),
]


@pytest.mark.parametrize(("written", "instead", "message", "remedy"), _MISTAKES)
def test_what_a_policy_may_not_say_is_refused(
    tmp_path: Path, written: str, instead: str, message: str, remedy: str
) -> None:
    """R-12: categories are closed, and none of them covers anybody."""
    assert written in _TEXT

    with pytest.raises(ConfigurationError) as caught:
        _load(tmp_path, _TEXT.replace(written, instead, 1))

    assert message in caught.value.message
    assert remedy in str(caught.value)


def test_a_policy_without_coverage_asks_for_what_is_usual(tmp_path: Path) -> None:
    before, _, after = _TEXT.partition("[coverage]")
    policy = _load(tmp_path, before + after[after.index("[notices]") :])

    assert policy.coverage == Policy.shipped().coverage
    assert policy.coverage.min_frames_per_second == 6


def test_an_unknown_shipped_policy_is_guessed() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Policy.shipped("uk-policeing")

    assert caught.value.remedy == "Did you mean uk-policing?"


def test_a_policys_problems_reach_the_deployment_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(_TEXT.replace("watchlist_cap", "cap"), "utf-8")
    (tmp_path / "d.toml").write_text('name = "x"\n[policy]\nfile = "policy.toml"\n')

    found = [each for each in examine(tmp_path / "d.toml").problems if each.line == 3]

    assert "watchlist_cap: is missing" in found[0].message

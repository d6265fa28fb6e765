"""The template is complete but for what only its reader can know."""

import re
import tomllib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from deployment_files import Find, Write

from overt.deployment.file import Deployment
from overt.deployment.policy import Policy
from overt.deployment.schema import settings_of
from overt.deployment.settings import DeploymentSettings
from overt.deployment.template import template, write_whole
from overt.errors import ConfigurationError
from overt.vocabulary import DeploymentKind

_NOW = datetime(2024, 7, 19, 9, 24, tzinfo=timezone(timedelta(hours=1)))
_KINDS = pytest.mark.parametrize("kind", DeploymentKind)


@_KINDS
def test_only_the_blanks_are_wrong_in_it(problems_of: Find, kind: DeploymentKind) -> None:
    text = template(kind, _NOW)
    blanks = [n for n, line in enumerate(text.splitlines(), 1) if re.search(r'= ""$', line)]

    found = problems_of(text)

    assert [each.line for each in found] == blanks
    assert {each.message for each in found} == {"is empty."}
    assert all(each.remedy for each in found)


@_KINDS
def test_filled_in_it_is_a_deployment(write: Write, kind: DeploymentKind) -> None:
    text = template(kind, _NOW)
    for setting, answer in [
        ("use_case", "crime-hotspot"),
        ("authorising_officer", "Supt Grace Hopper"),
        ("rank", "commander"),
        ("csv", "watchlist.csv"),
        ("images", "pictures"),
        ("source", "rtsps://10.0.0.5/live"),
        ("unit", "croydon-north"),
        ("file", "dpia.odt"),
    ]:
        text = text.replace(f'{setting} = ""', f'{setting} = "{answer}"')
    for setting, number in [
        ("expected_faces", "2500"),
        ("assessed_on", "2024-07-17"),
        ("review_date", "2024-12-31"),
    ]:
        text = text.replace(f'{setting} = ""', f"{setting} = {number}")
    text = re.sub(r'^(\w+) = ""$', r'\1 = "Answer for \1"', text, flags=re.MULTILINE)

    deployment = Deployment.load(write(text))

    assert deployment.kind is kind
    assert deployment.start == datetime(2024, 7, 19, 9, 0, tzinfo=UTC)
    assert deployment.end - deployment.start == timedelta(hours=6)


def test_a_rehearsal_is_asked_for_none_of_what_only_live_deployments_need() -> None:
    text = template(DeploymentKind.REHEARSAL, _NOW)

    for word in ("unit", "expected_faces", "intelligence", "assessment", "flags", "urgent"):
        assert word not in re.sub(r"intelligence that|intelligence-led", "", text)
    assert "#live" not in text + template(DeploymentKind.LIVE, _NOW)


def test_it_attaches_what_the_policy_it_names_asks_for() -> None:
    values = tomllib.loads(template(DeploymentKind.LIVE, _NOW))
    policy = Policy.shipped(values["policy"]["name"])

    attached = [each["id"] for each in values["assessment"]]

    assert attached == [each.id for each in policy.assessments]


def test_it_explains_every_setting_there_is() -> None:
    text = template(DeploymentKind.LIVE, _NOW)
    shown = set(re.findall(r"^(?:# )?(\w+) = ", text, re.MULTILINE))

    settings = {setting.path[-1] for setting in settings_of(DeploymentSettings)}
    left_out = settings - shown - set(tomllib.loads(text))

    assert left_out == {"json", "decision", "fpir", "threshold"}
    assert '(or json = "...")' in text
    assert "[decision]" in text


def test_nothing_is_written_over_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "d.toml"
    path.write_text("precious")

    with pytest.raises(ConfigurationError, match="is there already"):
        write_whole(path, "new", overwrite=False)
    assert path.read_text() == "precious"

    write_whole(path, "new", overwrite=True)
    assert path.read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["d.toml"]


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no" / "d.toml", tmp_path / ("x" * 300)):
        with pytest.raises(ConfigurationError) as caught:
            write_whole(path, "new", overwrite=False)
        assert caught.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    write_whole(tmp_path / "d.toml", "new", overwrite=False)

    assert (tmp_path / "d.toml").stat().st_mode & 0o077 == 0

"""A policy's floor counts as far as its signed validation report supports it, and no farther."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from deployment_files import LIVE, REHEARSAL, Find, Write
from hypothesis import given
from hypothesis import strategies as st
from reports import ATTACHED_REPORT, FILE, a_report, a_threshold, floor_on, signed

from overt.deployment.file import Deployment, examine
from overt.deployment.policy import Policy
from overt.deployment.problems import Problem
from overt.deployment.validation import MOST_BYTES, demand_supported, validated
from overt.errors import ConfigurationError
from overt.runtime.jobs import demand_validated
from overt.vision.store import Pack
from overt.vocabulary import DeploymentKind

_SHIPPED = Path(__file__).parents[2] / "src/overt/deployment/policies/uk-policing.toml"
_REPORT = a_report()
_SIGNED = signed(_REPORT)


def policy_with(section: str) -> Policy:
    text = _SHIPPED.read_text("utf-8")
    return Policy.recorded(text.replace("\n[authority]\n", f"{section}\n[authority]\n", 1).encode())


_POLICY = policy_with(floor_on(_SIGNED))


def under(folder: Path, section: str, written: str = LIVE, models: str = ATTACHED_REPORT) -> str:
    """Write a policy with a floor as `ours.toml`, and return a deployment file under it."""
    (folder / "ours.toml").write_bytes(policy_with(section).data)
    return written.replace("[watchlist]", f'[policy]\nfile = "ours.toml"\n{models}\n[watchlist]', 1)


def only(problems: list[Problem]) -> Problem:
    (problem,) = problems
    return problem


def test_a_report_that_supports_the_floor_is_kept_with_the_deployment(
    write: Write, tmp_path: Path
) -> None:
    """R-24: hash, signature, pack and floor are checked, and the report goes on record."""
    (tmp_path / FILE).write_bytes(_SIGNED)
    path = write(under(tmp_path, floor_on(_SIGNED)))

    deployment = Deployment.load(path)

    assert deployment.report == _SIGNED
    assert repr(_SIGNED)[2:40] not in repr(deployment)
    again = Deployment.recorded(
        path,
        deployment.data,
        deployment.policy,
        tuple(each.sha256 for each in deployment.assessments),
        deployment.report,
    )
    assert again == deployment


def test_without_its_report_nothing_starts(problems_of: Find, tmp_path: Path) -> None:
    """R-24: a floor is not taken at its word."""
    section = floor_on(_SIGNED)

    unnamed = only(problems_of(under(tmp_path, section, models="")))
    missing = only(problems_of(under(tmp_path, section)))
    (tmp_path / FILE).mkdir()
    folder = only(problems_of(under(tmp_path, section)))

    assert "[models] report: is missing" in unnamed.fault
    assert "Validation 2026" in unnamed.message
    assert "no such file" in missing.message
    assert "no such file" in folder.message


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"", "is empty"), (b"x" * (MOST_BYTES + 1), "larger than 1 MiB"), (b"x", "by its SHA-256")],
)
def test_a_file_that_is_no_report_is_refused(
    problems_of: Find, tmp_path: Path, data: bytes, said: str
) -> None:
    (tmp_path / FILE).write_bytes(data)

    assert said in only(problems_of(under(tmp_path, floor_on(_SIGNED)))).message


@given(st.integers(0, len(_SIGNED) - 1), st.integers(1, 255))
def test_a_report_altered_in_one_byte_is_refused(place: int, change: int) -> None:
    """R-24: whether or not the policy's hash was altered with it."""
    altered = bytearray(_SIGNED)
    altered[place] ^= change

    floor = _POLICY.threshold_floor("standard")
    assert floor is not None
    for digest in (floor.report_sha256, sha256(altered).hexdigest()):
        named = floor.model_copy(update={"report_sha256": digest})
        with pytest.raises(ConfigurationError, match="validation report"):
            validated(_POLICY, named, bytes(altered))


@pytest.mark.parametrize(
    ("data", "changes", "said"),
    [
        (_SIGNED, {"signed_with": ""}, "names no key"),
        (_SIGNED, {"signed_with": "a key"}, "is not one"),
        (signed(_REPORT, Ed25519PrivateKey.generate()), {}, "is not signed with this key"),
        (signed(a_report("another")), {}, "of the pack 'another'"),
        (_SIGNED, {"floor": 0.0399}, "lower than its validation report supports"),
        (signed(a_report(thresholds=(a_threshold(100, 0.03, 0.01),))), {}, "policy's FPIR, 0.3 %"),
    ],
)
def test_what_does_not_support_the_floor_blocks_the_start(
    problems_of: Find, tmp_path: Path, data: bytes, changes: dict[str, str], said: str
) -> None:
    """R-24: unsigned, signed by another, of another pack, or for more than it found."""
    (tmp_path / FILE).write_bytes(data)

    found = only(problems_of(under(tmp_path, floor_on(data, **changes))))  # type: ignore[arg-type]

    assert said in found.message
    assert found.remedy
    assert found.line


def test_a_rehearsal_needs_no_report_and_a_policy_without_a_floor_takes_none(
    problems_of: Find, write: Write, tmp_path: Path
) -> None:
    rehearsal = under(tmp_path, floor_on(_SIGNED), REHEARSAL, models="")

    assert problems_of(rehearsal) == []
    (tmp_path / FILE).write_bytes(_SIGNED)
    assert "of no use" in only(problems_of(under(tmp_path, ""))).message
    found = examine(write(under(tmp_path, floor_on(_SIGNED), REHEARSAL))).deployment
    assert found is not None
    assert found.report == b""


def supported(list_size: int, threshold: float, pack_id: str = "standard-1-abc") -> None:
    demand_supported(
        _REPORT,
        _POLICY,
        pack_id=pack_id,
        list_size=list_size,
        normalised=list_size >= 50,
        threshold=threshold,
    )


def test_the_threshold_is_held_to_what_the_report_found_for_a_list_so_long() -> None:
    """R-24: a threshold that serves a long list may be too low for a short one."""
    supported(1_000, 0.04)
    supported(100, 0.06)
    supported(10, 0.9)
    with pytest.raises(ConfigurationError, match=r"below the 0\.0600"):
        supported(100, 0.05)
    with pytest.raises(ConfigurationError, match=r"below the 0\.9000"):
        supported(10, 0.06)


@pytest.mark.parametrize("list_size", [1, 9, 11, 60, 99, 1_001, 20_000])
def test_no_threshold_is_supported_for_a_list_that_was_not_measured(list_size: int) -> None:
    with pytest.raises(ConfigurationError, match="supports no threshold for a list"):
        supported(list_size, 0.99)


def test_other_models_than_those_measured_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="is of the models 'standard-1-abc'"):
        supported(1_000, 0.5, pack_id="standard-2-def")


@given(st.integers(100, 1_000), st.floats(0.01, 0.1))
def test_between_list_sizes_the_support_lies_between_theirs(
    list_size: int, threshold: float
) -> None:
    floor = _REPORT.supported(0.003, list_size, normalised=True)

    assert floor is not None
    assert 0.04 <= floor <= 0.06
    if threshold >= floor:
        supported(list_size, threshold)
    else:
        with pytest.raises(ConfigurationError, match="supports for a list"):
            supported(list_size, threshold)


def test_the_report_is_asked_for_again_before_a_start(write: Write, tmp_path: Path) -> None:
    """R-24: when the list is enrolled and when its deployment starts, from what is on record."""
    (tmp_path / FILE).write_bytes(_SIGNED)
    deployment = Deployment.load(write(under(tmp_path, floor_on(_SIGNED))))
    pack = cast("Pack", SimpleNamespace(id="standard-1-abc"))

    assert demand_validated(deployment, 0.04, pack, 1_000) == _REPORT
    with pytest.raises(ConfigurationError, match=r"below the 0\.0600"):
        demand_validated(deployment, 0.05, pack, 100)
    drafted_before = replace(deployment, report=b"")  # by a version that kept none
    with pytest.raises(ConfigurationError, match="is missing"):
        demand_validated(drafted_before, 0.04, pack, 1_000)
    rehearsal = replace(drafted_before, kind=DeploymentKind.REHEARSAL)
    assert demand_validated(rehearsal, 0.04, pack, 1_000) is None

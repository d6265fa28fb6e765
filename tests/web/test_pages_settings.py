"""Packs and policies as the pages show them."""

import html
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from desk_world import Desk, a_desk

from overt.audit.events import RunEnded
from overt.deployment.policy import Policy, shipped_policies
from overt.vision.manifest import shipped_manifests
from overt.vision.store import ModelStore
from overt.vocabulary import Role

_FILES = {"detector.onnx": b"detector bytes", "recogniser.onnx": b"recogniser bytes"}

_PACK = """
name = "mine"
version = "1"
title = "Two files"

[detector]
file = "detector.onnx"
decoder = "yunet"
smallest_score = 0.5

[features]
file = "recogniser.onnx"
chip = "arcface-112"
dimension = 128
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path) as made:
        yield made


def _a_pack(desk: Desk, folder: Path) -> Path:
    """A pack of two tiny files in the store; return where they lie."""
    files = "".join(
        f'\n[[file]]\nname = {json.dumps(name)}\nsha256 = "{sha256(data).hexdigest()}"\n'
        'licence = "MIT <own>"\nprovenance = "made by this test"\n'
        for name, data in _FILES.items()
    )
    folder.mkdir()
    for name, data in _FILES.items():
        (folder / name).write_bytes(data)
    (folder / "pack.toml").write_text(_PACK + files)
    ModelStore(desk.scene.office.home.models).add(folder / "pack.toml", folder)
    return desk.scene.office.home.models / "mine"


@pytest.mark.parametrize("role", sorted(set(Role)))
def test_administrators_and_auditors_see_the_settings(desk: Desk, role: Role) -> None:
    """R-61: an auditor sees the settings; R-62: others have no business with them."""
    shown = desk.as_(role).get("/settings")

    assert shown.status == (200 if role in {Role.ADMINISTRATOR, Role.AUDITOR} else 403)
    assert ("SHA-256" in shown.text) == (shown.status == 200)


def test_each_file_is_hashed_again_when_it_is_looked_at(desk: Desk, tmp_path: Path) -> None:
    lying, auditor = _a_pack(desk, tmp_path / "pack"), desk.as_(Role.AUDITOR)
    sound = auditor.get("/settings").text.partition("Two files")[2].partition("</section>")[0]

    (lying / "detector.onnx").write_bytes(b"detector bytez")
    (lying / "recogniser.onnx").unlink()
    bad = auditor.get("/settings").text.partition("Two files")[2].partition("</section>")[0]

    assert "complete, every hash as pinned" in sound
    assert sound.count(">as pinned<") == 2
    assert sha256(_FILES["detector.onnx"]).hexdigest() in sound
    assert "MIT &lt;own&gt;" in sound
    assert "made by this test" in sound
    assert "not complete" in bad
    assert "is not the file that was pinned" in bad
    assert "recogniser.onnx is missing" in bad


def test_every_shipped_pack_and_policy_is_there(desk: Desk) -> None:
    text = html.unescape(desk.as_(Role.AUDITOR).get("/settings").text)

    for manifest in shipped_manifests().values():
        assert manifest.pack_id in text
    for name in shipped_policies():
        policy = Policy.shipped(name)
        assert policy.sha256 in text
        assert policy.use_cases[0].paragraph in text
        assert f"late after {policy.review.late_after_s} s" in text


def test_a_policy_that_deployments_are_under_is_shown_as_it_was(desk: Desk) -> None:
    row = desk.live()

    text = html.unescape(desk.as_(Role.AUDITOR).get("/settings").text)
    own = text.partition(row.policy_sha256)[0].rpartition("<section")[2]

    assert "comes with Overt" not in own
    assert "1 deployment on record" in own
    assert "Two people decide</dt><dd>no</dd>" in text.partition(row.policy_sha256)[2]


def test_a_policy_that_can_no_longer_be_read_is_still_named(desk: Desk) -> None:
    row = desk.live()
    record = desk.scene.office.record
    with record.together():
        record.deployments.change(row.deployment_id, policy_text="nothing = 1", policy_sha256="cd")
        desk.scene.office.log.write(RunEnded("", "", 0, 0, 0))

    shown = desk.as_(Role.AUDITOR).get("/settings")

    assert shown.status == 200
    assert "This version of Overt can no longer read it." in shown.text


def test_a_manifest_that_cannot_be_read_is_said_and_policies_are_shown(desk: Desk) -> None:
    folder = desk.scene.office.home.models / "broken"
    folder.mkdir(parents=True)
    (folder / "pack.toml").write_text("not toml at all [")

    shown = desk.as_(Role.ADMINISTRATOR).get("/settings")

    assert shown.status == 200
    assert "is not valid TOML" in shown.text
    assert Policy.shipped().sha256 in shown.text

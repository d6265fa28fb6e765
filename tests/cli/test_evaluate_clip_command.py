"""`overt evaluate clip` searches as a rehearsal does, with its rights and on the log, or not at all."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from authorised import a_team
from overt.audit.canonical import parse_leaf
from overt.cli import screen
from overt.cli.evaluate_clip import _show
from overt.deployment.file import Deployment
from overt.errors import AuthorityError, ConfigurationError, PermissionDenied, SignInError
from overt.evaluation.clip_runs import evaluate_recordings, left_out
from overt.evaluation.clip_summary import sum_up
from overt.evaluation.clips import AnnotatedPassage
from overt.evaluation.passage_results import (
    AlertKind,
    AlertResult,
    CameraResult,
    Outcome,
    PassageResult,
)
from overt.evaluation.passages import PairingRules
from overt.home import Home
from overt.people.office import Office
from overt.people.permissions import Person
from overt.runtime.counts import Counts
from overt.vocabulary import DeploymentKind, NotSearchable
from rehearsals import (
    overt_here,
    write_deployment,
    write_drawn_list,
    write_list,
    write_portrait_clip,
)

LISTED, OTHERS = 14, (3, 15)
HEADER = "passage_id,subject_id,camera,first_s,last_s,boxes\n"
FACE = "0: 180 100 300 280"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of somebody listed who faces the camera."""
    return write_portrait_clip(tmp_path_factory.mktemp("clip") / "two.mp4", LISTED, seconds=2)


@pytest.fixture
def home(scratch_home: Path, clip: Path) -> Path:
    """A home with a deployment of two cameras, and a list with nobody on it yet."""
    write_list(scratch_home, {})
    write_deployment(scratch_home, {"gate": clip, "yard": clip})
    return scratch_home


@contextmanager
def _quiet(_what: str) -> Iterator[Callable[[int, int], None]]:
    yield lambda _done, _of: None


def _evaluate(
    office: Office, deployment: Deployment, passage: AnnotatedPassage, person: Person | None = None
) -> list[CameraResult]:
    return evaluate_recordings(deployment, [passage], office, person, _quiet, PairingRules())


def _passage(camera: str = "gate") -> AnnotatedPassage:
    return AnnotatedPassage("1", f"drawn-{LISTED}", camera, 0, 2)


@pytest.mark.models
def test_who_passes_is_held_against_who_alerted(home: Path) -> None:
    write_drawn_list(home, (LISTED, *OTHERS))
    annotation = home / "who.csv"
    annotation.write_text(f"{HEADER}1,drawn-{LISTED},gate,0,2,{FACE}\n2,unlisted,gate,1,2,\n")

    told = overt_here("evaluate", "clip", "deployment.toml", annotation, "--json", home=home)

    assert told.returncode == 0, told.stderr
    result = json.loads(told.stdout)
    assert [each["outcome"] for each in result["passages"]] == [
        Outcome.ALERTED,
        Outcome.NOT_DETECTED,
    ]
    assert result["summary"]["tpir"]["value"] == 1
    _look_at_the_record(home)


def _look_at_the_record(home: Path) -> None:
    """Nothing was filed, and the search stands on the log, with its beginning and end."""
    with Office.open(Home(home)) as office:
        assert office.record.runs.all() == []
        entries = [parse_leaf(leaf) for _, leaf in office.record.journal.entries()]
    tags = [entry.event for entry in entries]
    assert [tag for tag in tags if tag.startswith("run.")] == ["run.began", "run.ended"]


def test_nobody_searches_who_might_not_rehearse(home: Path) -> None:
    deployment = Deployment.load(home / "deployment.toml")
    with Office.open(Home(home)) as office:
        team = a_team(office)

        with pytest.raises(SignInError):
            _evaluate(office, deployment, _passage())
        with pytest.raises(PermissionDenied):
            _evaluate(office, deployment, _passage(), team.applicant)


def test_a_live_deployment_is_not_evaluated(home: Path) -> None:
    deployment = replace(Deployment.load(home / "deployment.toml"), kind=DeploymentKind.LIVE)
    with Office.open(Home(home)) as office, pytest.raises(AuthorityError):
        _evaluate(office, deployment, _passage())


def test_a_passage_of_an_unknown_camera_is_refused(home: Path) -> None:
    deployment = Deployment.load(home / "deployment.toml")

    with (
        Office.open(Home(home)) as office,
        pytest.raises(ConfigurationError, match="'roof'") as raised,
    ):
        _evaluate(office, deployment, _passage("roof"))

    assert "gate, yard" in raised.value.remedy
    assert left_out(deployment, [_passage()]) == ["yard"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "--frames-per-second"),
        (("--frames-per-second", "25"), "a deployment with one camera"),
    ],
)
def test_a_gt_txt_needs_what_it_does_not_say(
    home: Path, options: tuple[str, ...], said: str
) -> None:
    (home / "gt.txt").write_text("1,1,0,0,10,10\n")

    ended = overt_here("evaluate", "clip", "deployment.toml", "gt.txt", *options, home=home)

    assert ended.returncode == 1
    assert said in " ".join(ended.stderr.split())


def test_who_an_id_is_has_to_be_said_plainly(home: Path, clip: Path) -> None:
    write_deployment(home, {"gate": clip})
    (home / "gt.txt").write_text("1,1,0,0,10,10\n")
    given = ("--frames-per-second", "5", "--subject", "one=S-1")

    ended = overt_here("evaluate", "clip", "deployment.toml", "gt.txt", *given, home=home)

    assert ended.returncode == 1
    assert "'one=S-1'" in ended.stderr


def test_what_is_shown_names_every_passage_and_every_false_alert(
    capsys: pytest.CaptureFixture[str],
) -> None:
    screen.out.cache_clear()
    true = PassageResult(_passage(), Outcome.ALERTED, alerted_s=0.5, score=0.04, rank=1)
    reasons = {NotSearchable.TOO_SMALL: 3}
    lost = PassageResult(_passage(), Outcome.NOT_SEARCHABLE, not_searchable=reasons)
    alerts = (
        AlertResult("gate", 0.5, 1, "drawn-14", 0.04, AlertKind.TRUE, "1"),
        AlertResult("gate", 1.5, 2, "drawn-3", 0.03, AlertKind.OF_NOBODY, ""),
    )
    counts = Counts(faces_seen=3, faces_searched=2, alerts=2)
    result = CameraResult("gate", 0.02, counts, (true, lost), alerts, 2, 1, 0, 2, 0)

    _show([result], sum_up([result]))

    shown = " ".join(capsys.readouterr().out.split())
    screen.out.cache_clear()
    assert "alerted in time" in shown
    assert "too small" in shown
    assert "0.500 (1 of 2)" in shown
    assert "False alert: gate at 1.5 s, as drawn-3, score 0.0300, nobody annotated." in shown

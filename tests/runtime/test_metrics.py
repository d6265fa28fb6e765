"""What monitoring is told: every number where it belongs, and nothing about anybody."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from acts import Scene, a_scene, an_alert_of, drafted
from overt.capture import Link
from overt.people.office import Office
from overt.runtime.counts import Counts
from overt.runtime.live import LiveHub
from overt.runtime.messages import Beat, CameraState
from overt.runtime.metrics import Metrics
from overt.runtime.operations import Operations
from overt.runtime.pace import Kept
from overt.runtime.readiness import Readiness
from overt.runtime.timing import Spread
from overt.vocabulary import DropCause, LinkState, LossCause

_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"
_ROW = re.compile(r"^\| `(overt_\w+)` \| (\w+) \| ([^|]*)\|", re.MULTILINE)


class _Running(Operations):
    """Operations of which these are said to run."""

    def __init__(self, office: Office, *running: str) -> None:
        super().__init__(office, LiveHub(office.now))
        self._named = set(running)

    def running(self) -> set[str]:
        return self._named


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with a_scene(tmp_path) as made:
        yield made


_Sample = tuple[str, frozenset[tuple[str, str]]]


def _samples(metrics: Metrics) -> dict[_Sample, float]:
    """Every sample by name and labels, as a reader of the format finds them."""
    text = metrics.exposition().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _busy(scene: Scene) -> tuple[Metrics, str]:
    """A deployment whose camera was lost twice, with one alert that nobody has taken."""
    row = drafted(scene)
    an_alert_of(scene, row)
    operations = _Running(scene.office, row.deployment_id)
    live = operations.hub.begin(row.deployment_id, ["north-end"])
    ages = Spread()
    for age_s in (0.1, 0.1, 0.3):
        ages.add(age_s)
    state = CameraState(
        "north-end",
        Counts(frames=40, faces_seen=7, faces_searched=5),
        Counter({DropCause.OVERTAKEN: 3, DropCause.NOT_DUE: 21}),
        Kept(12.5, 640, 42, 6.0, below_floor=True, below_floor_s=30.5),
        link=Link(LinkState.LOST, reconnects=2, losses=Counter({LossCause.BROKEN: 2})),
        ages=ages,
    )
    live.state(Beat(state).state)
    return Metrics(scene.office, operations, Readiness(scene.office), lambda: 4), row.deployment_id


def test_a_cameras_numbers_are_told(scene: Scene) -> None:
    metrics, deployment_id = _busy(scene)
    told = _samples(metrics)

    def of(name: str, **more: str) -> float:
        labels = {"deployment": deployment_id, "camera": "north-end", **more}
        return told[f"overt_camera_{name}", frozenset(labels.items())]

    assert of("frames_total") == 40
    assert of("frames_dropped_total", cause="overtaken") == 3
    assert of("frames_dropped_total", cause="not_due") == 21
    assert of("frames_dropped_total", cause="late") == 0
    assert of("detection_rate_hertz") == 12.5
    assert (of("detection_width_pixels"), of("surely_found_pixels")) == (640, 42)
    assert of("floor_hertz") == 6
    assert of("below_floor_seconds_total") == 30.5
    assert of("last_frame_age_seconds") >= 0
    assert (
        of("frame_age_seconds_bucket", le="0.25"),
        of("frame_age_seconds_bucket", le="+Inf"),
    ) == (
        2,
        3,
    )
    assert of("frame_age_seconds_sum") == pytest.approx(0.5)
    assert (of("link", state="lost"), of("link", state="playing")) == (1, 0)
    assert (of("state", state="stalled"), of("state", state="running")) == (1, 0)
    assert of("reconnects_total") == 2
    assert (of("losses_total", cause="broken"), of("losses_total", cause="died")) == (2, 0)
    assert of("faces_seen_total") == 7
    assert of("faces_searched_total") == 5
    assert of("alerts_total") == 0


def test_the_service_the_log_and_the_queue_are_told(scene: Scene) -> None:
    metrics, deployment_id = _busy(scene)
    scene.office.log.checkpoint()
    scene.clock.forward(seconds=30)
    told = _samples(metrics)

    def of(name: str, **labels: str) -> float:
        return told[name, frozenset(labels.items())]

    assert of("overt_deployments_running") == 1
    assert of("overt_event_streams_open") == 4
    assert of("overt_ready") == 1
    assert of("overt_log_entries") == scene.office.record.journal.tree().size
    assert of("overt_log_unsigned_entries") == 0
    assert of("overt_log_checkpoint_age_seconds") == 30
    assert of("overt_alert_queue", deployment=deployment_id, stage="new") == 1
    assert of("overt_alert_queue", deployment=deployment_id, stage="closed") == 0


def test_what_does_not_run_is_not_told_of(scene: Scene) -> None:
    operations = _Running(scene.office)
    operations.hub.begin("0" * 32, ["north-end"])
    metrics = Metrics(scene.office, operations, Readiness(scene.office), lambda: 0)

    told = _samples(metrics)

    assert not [name for name, labels in told if dict(labels).get("camera")]
    assert ("overt_log_checkpoint_age_seconds", frozenset()) not in told
    assert told["overt_deployments_running", frozenset()] == 0


def test_the_page_has_every_metric_with_its_kind_and_labels(scene: Scene) -> None:
    metrics, _ = _busy(scene)
    scene.office.log.checkpoint()
    written = {
        name: (kind, frozenset(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels in _ROW.findall(_PAGE.read_text("utf-8"))
    }
    told = {
        sample.name: (family.type, frozenset(sample.labels))
        for family in text_string_to_metric_families(metrics.exposition().decode())
        for sample in family.samples
    }

    assert written == told


def test_every_word_of_a_label_is_on_the_page(scene: Scene) -> None:
    metrics, _ = _busy(scene)
    page = _PAGE.read_text("utf-8")
    for _, labels in _samples(metrics):
        for name, value in labels:
            if name in {"cause", "state", "stage"}:
                assert f"`{value}`" in page


def test_nobody_is_in_it(scene: Scene) -> None:
    metrics, _ = _busy(scene)
    record = scene.office.record
    people = record.accounts.all()
    text = metrics.exposition().decode()

    assert people
    secrets = [each for person in people for each in (person.name, person.account_id)]
    row = record.deployments.all()[0]
    for each in [*secrets, row.name, row.location, row.unit, "Example Person", "S-1", "10.0.0.5"]:
        assert each not in text

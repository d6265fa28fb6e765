"""What monitoring is told of the service: numbers of cameras and of the log, about nobody.

A series is labelled with a deployment's random id, a camera's name and words of closed sets
(causes, states, stages), and never with an account, a listed person, a place or an address.
Only deployments that run in this service are told of; their series end with them. The text is
Prometheus's exposition format 0.0.4
(https://prometheus.io/docs/instrumenting/exposition_formats/).
"""

import platform
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, TypeAlias

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from overt import __version__
from overt.audit.checkpoint import read_note
from overt.deployment.recorded import policy_of
from overt.people.office import Office
from overt.review.standing import stage_of
from overt.runtime.live import CameraLive, Health
from overt.runtime.operations import Operations
from overt.runtime.readiness import Readiness
from overt.vocabulary import AlertStage, DropCause, LinkState, LossCause

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Goes with `exposition`."""

_CAMERA = ("deployment", "camera")
_AGES = range(-6, 3)  # of two: 16 ms to 4 s, and what is older than 3 s is never decided on

_Labels: TypeAlias = tuple[str, ...]
_Sample: TypeAlias = tuple[_Labels, float]


class Metrics(Collector):
    """Collects the numbers of one service, anew whenever it is asked. Threads may share it."""

    def __init__(
        self,
        office: Office,
        operations: Operations,
        readiness: Readiness,
        streams: Callable[[], int],
    ) -> None:
        """`streams` says how many event streams are open."""
        self._office = office
        self._operations = operations
        self._readiness = readiness
        self._streams = streams
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def exposition(self) -> bytes:
        """Return everything as text.

        Raises:
            StorageError: the record cannot be read.
        """
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, as prometheus_client asks for them."""
        yield from self._of_service()
        yield from self._of_log()
        running = sorted(self._operations.running())
        cameras = [(each, live) for each in running for live in self._operations.hub.cameras(each)]
        yield from _of_cameras(cameras)
        yield self._queue(running)

    def describe(self) -> Iterator[Metric]:
        """Yield nothing: names are checked by a test, and not at every start."""
        yield from ()

    def _of_service(self) -> Iterator[Metric]:
        version = (__version__, platform.python_version())
        yield _gauge(
            "overt_build_info",
            "Always 1; its labels say which build runs.",
            [(version, 1)],
            ("version", "python"),
        )
        ready = not self._readiness.reasons()
        yield _gauge("overt_ready", "Whether the service is ready: 1 or 0.", [((), ready)])
        running = len(self._operations.running())
        yield _gauge(
            "overt_deployments_running", "Deployments that run in this service.", [((), running)]
        )
        yield _gauge(
            "overt_event_streams_open",
            "Pages that are told of changes now.",
            [((), self._streams())],
        )

    def _of_log(self) -> Iterator[Metric]:
        journal = self._office.record.journal
        size, last = journal.tree().size, journal.last_checkpoint()
        unsigned = size - (last[0] if last else 0)
        yield _gauge("overt_log_entries", "Entries of the audit log.", [((), size)])
        yield _gauge(
            "overt_log_unsigned_entries",
            "Entries that no checkpoint covers yet.",
            [((), unsigned)],
        )
        signed_at = read_note(last[1], self._office.log.verifier).at if last else None
        age_s = [(self._office.now() - signed_at).total_seconds()] if signed_at else []
        yield _gauge(
            "overt_log_checkpoint_age_seconds",
            "Time since the last signed checkpoint.",
            [((), each) for each in age_s],
        )

    def _queue(self, running: list[str]) -> Metric:
        samples: list[_Sample] = []
        for deployment_id in running:
            row, now = self._office.record.deployments.find(deployment_id), self._office.now()
            dockets = self._office.record.dockets.of_deployment(deployment_id)
            stages = Counter(stage_of(each, policy_of(row), now) for each in dockets)
            samples += [((deployment_id, _word(stage)), stages[stage]) for stage in AlertStage]
        return _gauge(
            "overt_alert_queue",
            "Alerts by how far people are with them.",
            samples,
            ("deployment", "stage"),
        )


def _of_cameras(cameras: list[tuple[str, CameraLive]]) -> Iterator[Metric]:
    def each(number: Callable[[CameraLive], float | None]) -> list[_Sample]:
        told = ((of, live.camera, number(live)) for of, live in cameras)
        return [((of, camera), value) for of, camera, value in told if value is not None]

    yield _counter(
        "overt_camera_frames", "Frames that were looked at.", each(lambda live: live.frames)
    )
    yield _counter(
        "overt_camera_frames_dropped",
        "Frames that were never looked at, by cause.",
        _by(
            cameras,
            lambda live: {DropCause(name): n for name, n in live.dropped.items()},
            DropCause,
        ),
        (*_CAMERA, "cause"),
    )
    yield _gauge(
        "overt_camera_detection_rate_hertz",
        "Frames looked at a second, over a few seconds.",
        each(lambda live: live.frames_per_second),
        _CAMERA,
    )
    yield _gauge(
        "overt_camera_detection_width_pixels",
        "What pictures are reduced to before faces are looked for, on their longer side.",
        each(lambda live: live.width_px or None),
        _CAMERA,
    )
    yield _gauge(
        "overt_camera_surely_found_pixels",
        "How wide a face must be in the camera's picture to be found as good as always.",
        each(lambda live: live.finds_px or None),
        _CAMERA,
    )
    yield _gauge(
        "overt_camera_floor_hertz",
        "Frames a second that the policy asks to be looked at.",
        each(lambda live: live.floor_per_second),
        _CAMERA,
    )
    yield _counter(
        "overt_camera_below_floor_seconds",
        "Time in which fewer frames were looked at than the policy asks.",
        each(lambda live: live.below_floor_s),
    )
    yield _gauge(
        "overt_camera_last_frame_age_seconds",
        "Time since a frame was last looked at.",
        each(lambda live: live.last_frame_age_s),
        _CAMERA,
    )
    yield _ages(cameras)
    yield _gauge(
        "overt_camera_state",
        "How a camera is: 1 for its state, 0 for every other.",
        _by(cameras, lambda live: {live.state: 1}, Health),
        (*_CAMERA, "state"),
    )
    yield _gauge(
        "overt_camera_link",
        "How a live source is connected: 1 for its state, 0 for every other.",
        _by(cameras, lambda live: {live.link: 1}, LinkState),
        (*_CAMERA, "state"),
    )
    yield _counter(
        "overt_camera_reconnects",
        "How often a source was opened again.",
        each(lambda live: live.reconnects),
    )
    yield _counter(
        "overt_camera_losses",
        "How often a source was lost, by cause.",
        _by(cameras, lambda live: live.losses, LossCause),
        (*_CAMERA, "cause"),
    )
    yield _counter(
        "overt_camera_faces_seen", "Passages of faces.", each(lambda live: live.faces_seen)
    )
    yield _counter(
        "overt_camera_faces_searched",
        "Passages that were searched for on the list.",
        each(lambda live: live.searched),
    )
    yield _counter(
        "overt_camera_alerts",
        "Alerts on record: possible ones, for people to decide.",
        each(lambda live: live.alerts),
    )


def _ages(cameras: list[tuple[str, CameraLive]]) -> Metric:
    family = HistogramMetricFamily(
        "overt_camera_frame_age_seconds",
        "How old frames were when they were decided on.",
        labels=_CAMERA,
    )
    for of, live in cameras:
        buckets = [(str(2.0**each), float(live.ages.at_most(each))) for each in _AGES]
        whole = ("+Inf", float(live.ages.count))
        family.add_metric((of, live.camera), [*buckets, whole], live.ages.total_s)
    return family


def _by(
    cameras: list[tuple[str, CameraLive]],
    counts: Callable[[CameraLive], Mapping[Any, int]],
    words: type[StrEnum],
) -> list[_Sample]:
    """Return a number for each word of a closed set, zeros too, so that no series is missing."""
    return [
        ((of, live.camera, _word(word)), found.get(word, 0))
        for of, live in cameras
        for found in [counts(live)]
        for word in words
    ]


def _word(word: StrEnum) -> str:
    return word.name.lower()


def _gauge(name: str, text: str, samples: list[_Sample], labels: _Labels = ()) -> Metric:
    return _filled(GaugeMetricFamily(name, text, labels=labels), samples)


def _counter(name: str, text: str, samples: list[_Sample], labels: _Labels = _CAMERA) -> Metric:
    return _filled(CounterMetricFamily(name, text, labels=labels), samples)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, samples: list[_Sample]) -> Metric:
    for labels, value in samples:
        family.add_metric(labels, float(value))
    return family

"""One camera's process: a thread that decodes, and the pipeline that looks.

Everything before an alert lives in this process's memory and ends with it. What leaves it is
the messages of `messages.py` and, in a rehearsal that asks for it, a video; in that video, and in
the pictures that are sent while somebody watches, every face without an alert is hidden.
"""

import resource
import signal
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic

import cv2

from overt.capture import (
    BackOff,
    BoundedQueue,
    CaptureSettings,
    Due,
    FrameBuffer,
    FrameSource,
    Lasting,
    Link,
    NewestFrame,
    OwnPace,
    always,
    asking,
    open_source,
    parse_address,
    redact,
)
from overt.capture.lasting import OLDEST_S
from overt.errors import OvertError, SourceError
from overt.keys.memory import harden_process
from overt.logs import fault
from overt.logs.events import Part
from overt.logs.pipe import written_in_child
from overt.matching.gallery import Gallery
from overt.runtime.closeness import Closeness
from overt.runtime.live_pictures import LivePictures
from overt.runtime.lookahead import Lookahead
from overt.runtime.memory_limit import give_memory_back, keep_memory_together, limit_memory
from overt.runtime.message_codec import send_message
from overt.runtime.messages import (
    Beat,
    CameraState,
    Change,
    Changed,
    Ended,
    Message,
    NotRaised,
    Order,
    Raised,
    Spare,
    Taken,
    Watched,
    Withdrawn,
)
from overt.runtime.pace import Pace, PaceSettings
from overt.runtime.passages import AlertedBefore
from overt.runtime.pipeline import CameraPipeline, CameraSettings
from overt.runtime.rehearsal_video import RehearsalVideo
from overt.runtime.shared_gallery import received
from overt.runtime.stop_sign import StopSign
from overt.runtime.timing import StageClock
from overt.synthetic import SCHEME
from overt.values import FaceDetection, Frame
from overt.vision.detection import DetectorSettings
from overt.vision.store import ModelStore
from overt.vocabulary import DropCause, LinkState

STOP_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
"""What asks a run to stop: the parent's to handle, and not heard by a camera's process."""

AGE = "age at decision"
"""The stage that counts how old each frame was when it was decided on."""

_BEAT_S = 0.25

_LEAVING_S = 1.0
"""A thread that decodes leaves within a frame's time, unless it is held up by a camera for ever."""


@dataclass(frozen=True, slots=True)
class CameraJob:
    """Everything a camera's process is started with, besides the gallery.

    With `newest_only`, as for live sources, a picture that is not due is passed over and counted,
    within `pace`, and a recording plays at its own pace; without it a recording is taken as fast as
    the machine allows and nothing is dropped. A `lasting` source is opened again whenever it ends,
    and its process started again, after waits of at most `longest_wait_s`; `tries` says how often
    in a row it has cost a process already, so that the next one waits before it opens it.
    `video` is where an annotated video goes, if any. `alerted` are those who alerted lately in
    the process that this one replaces, so that nobody's passage alerts twice: how long ago counts
    from `alerted_at_s`, by the monotonic clock, which is one for all processes of a machine.
    """

    settings: CameraSettings
    source: str = field(repr=False)
    capture: CaptureSettings
    detector: DetectorSettings
    store: Path
    pack: str
    threads: int
    newest_only: bool = False
    lasting: bool = False
    pace: PaceSettings = field(default_factory=PaceSettings)
    longest_wait_s: float = 30.0
    tries: int = 0
    video: Path | None = None
    alerted: tuple[AlertedBefore, ...] = field(default=(), repr=False)
    alerted_at_s: float = field(default_factory=monotonic, compare=False)


def work(job: CameraJob, pipe: Connection, stop: StopSign) -> None:
    """Run one camera until its source ends or `stop` is set. The target of a process.

    The first thing that comes out of the pipe is the gallery.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    harden_process()
    limit_memory()
    keep_memory_together()
    cv2.setNumThreads(job.threads)
    with written_in_child():
        try:
            _Worker(job, received(pipe), pipe, stop.is_set).run()
        except OvertError as error:  # before anything was looked at
            send_message(pipe, Ended(CameraState(job.settings.camera), error=error))
        except (BrokenPipeError, ConnectionResetError, EOFError):
            pass  # the parent is gone, and with it every reason to look
        except Exception as unforeseen:
            fault(Part.CAMERA, unforeseen)
            raise
        finally:
            pipe.close()


class _Worker:
    def __init__(
        self,
        job: CameraJob,
        gallery: Gallery,
        pipe: Connection,
        stopped: Callable[[], bool],
    ) -> None:
        self._job = job
        self._pipe = pipe
        self._send: Callable[[Message], None] = partial(send_message, pipe)
        self._stopped = stopped
        self._buffer: FrameBuffer = NewestFrame() if job.newest_only else BoundedQueue()
        width_px = job.detector.working_px
        pace = job.pace if job.newest_only else PaceSettings.unhurried(width_px)
        self._pace = Pace(pace, width_px)
        self._clock = StageClock()
        self._source: FrameSource | None = None  # set by the decoding thread, then only read
        # A camera takes a second or two to be opened, and loading models as long: at once.
        self._decoding = threading.Thread(target=self._decode, name="decoding", daemon=True)
        self._decoding.start()
        pack = ModelStore(job.store).load(job.pack)
        # A live source has one frame at hand: all threads in it. A recording has the next ones.
        ahead = 1 if job.newest_only else job.threads
        threads = job.threads // ahead
        detectors = [pack.detector(job.detector, threads=threads) for _ in range(ahead)]
        self._detectors = detectors
        self._change: tuple[Change, Gallery] | None = None
        extractor = pack.extractor(threads=job.threads)
        if job.lasting:
            extractor.extract([])  # the engine makes ready now, and not at the first face
        self._pipeline = CameraPipeline(
            job.settings, detectors[0], extractor, gallery, clock=self._clock
        )
        zoned = list(map(self._pipeline.in_zone, detectors))
        self._closeness = Closeness(zoned[0], self._pace, fixed=not job.newest_only)
        self._lookahead = Lookahead(self._buffer, zoned, self._closeness.begin)
        self._pictures = LivePictures(job.settings)
        self._last_look_s = monotonic()
        self._late = 0
        self._last_beat_s = 0.0
        self._film_s = 0.0
        self._followed_s = monotonic()

    def run(self) -> None:
        """Watch the source to its end and say how it ended."""
        try:
            self._send(self._ended())
        finally:
            # Python ends in an abort where a thread is still in OpenCV's code.
            self._decoding.join(_LEAVING_S)

    def _ended(self) -> Ended:
        """Watch the source to its end, and return how it ended."""
        error: OvertError | None = None
        try:
            with ExitStack() as stack:
                self._watch(stack)
            error = None if self._stopped() else self._buffer.error
        except OvertError as failure:
            error = failure
        except (BrokenPipeError, ConnectionResetError):
            raise
        except Exception as unforeseen:  # noqa: BLE001 - the worker's outer loop; others go on
            fault(Part.CAMERA, unforeseen)
            error = OvertError(
                f"Camera {self._job.settings.camera} failed ({type(unforeseen).__name__}).",
                remedy="Please report this as a fault in Overt; the other cameras go on.",
            )
        finally:
            self._buffer.stop()
        note = (self._source.note if self._source else None) or ""
        return Ended(self._last_state(), note, error)

    def _watch(self, stack: ExitStack) -> None:
        video: RehearsalVideo | None = None
        lookahead = stack.enter_context(self._lookahead)
        while not self._stopped() and not lookahead.finished:
            self._hear()
            self._change_over()
            detected = lookahead.take(_BEAT_S)
            if detected is not None:
                if video is None and self._job.video is not None:
                    video = stack.enter_context(RehearsalVideo(self._job.video, self._job.settings))
                if self._is_late(detected[0]):
                    self._late += 1
                else:
                    self._follow(*detected, video)
                self._last_look_s = monotonic()
                self._pace.done()
            self._beat()

    def _is_late(self, frame: Frame) -> bool:
        """Tell whether a live frame has become too old to alert on while faces were looked for."""
        return self._job.lasting and monotonic() - frame.monotonic_s > OLDEST_S

    def _hear(self) -> None:
        """Take in what the parent says."""
        while self._change is None and self._pipe.poll():
            try:
                order: Order = self._pipe.recv()
            except EOFError:
                raise BrokenPipeError from None
            match order:
                case Withdrawn(subject_ids):
                    self._pipeline.withdraw(subject_ids)
                case Watched(on):
                    self._pictures.on = on
                    self._pipeline.watched = on or self._job.settings.watched
                case Spare(what):
                    self._pace.spare(what)
                case Taken():
                    self._pictures.taken()
                case NotRaised(subject_ids):
                    self._pipeline.forget(subject_ids)
                case Change():
                    self._change = (order, received(self._pipe))

    def _change_over(self) -> None:
        """Between two frames, take over what the parent has said to look by and to search."""
        if self._change is None:
            return
        (change, gallery), self._change = self._change, None
        settings, before = change.settings, self._state(stages=True)
        self._job = replace(self._job, settings=settings)
        self._pipeline.change(settings, self._detectors[0], gallery)
        self._pipeline.watched = self._pictures.on or settings.watched
        zoned = list(map(self._pipeline.in_zone, self._detectors))
        self._lookahead.look_by(zoned)
        self._closeness.look_by(zoned[0])
        self._pictures.change(settings)
        self._send(Changed(before))

    def _follow(
        self, frame: Frame, faces: Sequence[FaceDetection], video: RehearsalVideo | None
    ) -> None:
        clock = self._clock
        if not self._pipeline.counts.frames:
            self._remember(frame)
        with clock.stage("after detection"):
            result = self._pipeline.follow(frame, faces)
        clock.add(AGE, monotonic() - frame.monotonic_s)
        alerts = result.alerts
        if alerts and self._is_late(frame):  # looking took too long: a later look may alert
            self._pipeline.forget({each.candidate.subject_id for each in alerts})
            alerts = ()
        for alert in alerts:
            template = self._pipeline.template_of(alert.candidate.subject_id)
            self._send(Raised(alert, frame.monotonic_s, template))
        self._hear()  # it may have taken the picture before meanwhile
        if self._pictures.due():
            with clock.stage("live picture"):
                self._pictures.make(frame, result, self._send)
        if video is not None:
            with clock.stage("annotated video"):
                video.write(frame, result)
        self._film_s, self._followed_s = frame.presentation_s, monotonic()

    def _remember(self, first: Frame) -> None:
        """Take over who alerted before; until the first frame came, all the time that passed."""
        passed_s = first.monotonic_s - self._job.alerted_at_s - first.presentation_s
        self._pipeline.remember(
            replace(each, ago_s=each.ago_s + passed_s) for each in self._job.alerted
        )

    def _decode(self) -> None:
        """Open the source and fill the buffer: the body of the decoding thread."""
        error: OvertError | None = None
        try:
            timed = replace(self._job.capture, timed=self._clock.add)
            job = replace(self._job, capture=timed)
            with _open(job, lambda: not self._stopped(), self._due) as source:
                self._source = source
                for frame in source:
                    if not self._buffer.put(frame):
                        break
        except OvertError as failure:
            error = failure
        except Exception as unforeseen:  # noqa: BLE001 - the thread's outer loop; decoders raise anything
            fault(Part.DECODING, unforeseen)
            error = SourceError(
                f"Decoding failed ({type(unforeseen).__name__}).",
                remedy="Check that the file or camera plays elsewhere.",
            )
        self._buffer.finish(error)

    def _due(self, _presentation_s: float) -> bool:
        """Tell whether a picture should be looked at; when all is over, `put` will say so."""
        return self._pace.due() or self._buffer.finished

    def _beat(self) -> None:
        if monotonic() - self._last_beat_s >= _BEAT_S:
            self._last_beat_s = monotonic()
            self._send(Beat(self._state()))

    def _state(self, *, stages: bool = False) -> CameraState:
        link = self._source.link() if isinstance(self._source, Lasting) else None
        playing = link is None or link.state is LinkState.PLAYING
        # Copied first: adding up goes key by key, and decoding may count a new cause meanwhile.
        dropped = self._buffer.dropped + Counter(self._source.dropped if self._source else {})
        dropped += Counter({DropCause.LATE: self._late})
        return CameraState(
            camera=self._job.settings.camera,
            counts=self._pipeline.counts,
            dropped=dropped,
            kept=self._pace.kept((link.for_s if link else inf) if playing else 0.0),
            waiting_s=monotonic() - self._last_look_s,
            silent_s=self._pace.came_ago_s,
            link=link or Link(),
            # Of a camera that is away, no film goes on, and time does.
            alerted_ago_s=self._pipeline.alerted_ago_s(
                self._film_s + monotonic() - self._followed_s
            ),
            film_s=self._film_s,
            film_length_s=self._source.info.duration_s if self._source else None,
            peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            ages=self._clock.spread(AGE),
            stages=self._clock.spreads() if stages else {},
        )

    def _last_state(self) -> CameraState:
        state = self._state(stages=True)
        left = Counter({DropCause.LEFT: self._lookahead.left})
        return replace(state, dropped=state.dropped + left)


def _open(job: CameraJob, wanted: Callable[[], bool], due: Due) -> FrameSource:
    if job.lasting:
        return Lasting(
            redact(job.source),
            lambda: _open_anew(job, due),
            wanted,
            back_off=BackOff(most_s=job.longest_wait_s, tries=job.tries),
            ask=asking(job.source),
        )
    return _open_once(job, due)


def _open_anew(job: CameraJob, due: Due) -> FrameSource:
    give_memory_back()  # what is left of the stream before
    return _open_once(job, due)


def _open_once(job: CameraJob, due: Due) -> FrameSource:
    drawn = job.source.startswith(SCHEME)
    if not job.newest_only:
        due = always
    elif drawn or not parse_address(job.source).live:
        due = OwnPace(due)
    if drawn:
        return _drawn(job, due)
    return open_source(job.source, job.capture, due)


def _drawn(job: CameraJob, due: Due) -> FrameSource:
    # What draws loads SciPy: half a second and 24 MB, which no real camera's process needs.
    from overt.synthetic.source import street_from_source  # noqa: PLC0415

    return street_from_source(job.source, job.settings.camera, due=due)

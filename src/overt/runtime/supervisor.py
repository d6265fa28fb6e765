"""Starts one process a camera, listens to all of them, and ends any that no longer answers.

A decoder can block for ever inside a library call, so no limit set inside the process is sure;
the parent's is. What a camera's process holds in memory dies with it.
"""

from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import wait
from time import monotonic, sleep

from overt.errors import ConfigurationError, ModelError, SourceError
from overt.logs import fault, tell
from overt.logs.events import CameraProcessEnded, Part
from overt.matching.gallery import Gallery
from overt.runtime.crew import cores
from overt.runtime.message_codec import NoMessageError
from overt.runtime.messages import (
    Beat,
    Changed,
    Ended,
    Message,
    Order,
    Spare,
    Watched,
    Withdrawn,
)
from overt.runtime.pace import Sparing
from overt.runtime.patience import Fault, Patience
from overt.runtime.shared_gallery import SharedGallery
from overt.runtime.sharing import Sharing
from overt.runtime.supervised import NO_ANSWER, NONSENSE, UNHEARD, SupervisedCamera
from overt.runtime.worker import CameraJob
from overt.vocabulary import LossCause

__all__ = ["Patience", "Supervisor"]

_LISTEN_S = 0.2
_ASLEEP_S = 2.0
"""A parent that was not up for so long itself, as when a machine is paused, heard nobody."""


class Supervisor:
    """Runs cameras and hands on what they say. Used by one thread, once.

    A camera with a lasting source is never given up: its process is started again, after waits
    that grow to half a minute, until the run stops. What its processes counted is added up.
    """

    def __init__(
        self, jobs: Sequence[CameraJob], gallery: Gallery, patience: Patience | None = None
    ) -> None:
        # Spawned, not forked: the engines' threads do not survive a fork, and a child should
        # inherit nothing that it is not given.
        self._context = get_context("spawn")
        self._patience = patience or Patience()
        self._gallery = SharedGallery.of(gallery)
        self._withdrawn: frozenset[str] = frozenset()
        self._sharing, self._spared = Sharing(), Sparing.NOTHING
        self._awake_s = monotonic()
        self._watched = False
        self._stopping = False
        self._cameras = [SupervisedCamera(job, self._context) for job in jobs]
        self._begin_new()

    def listen(self, should_stop: Callable[[], bool]) -> Iterator[Message | None]:
        """Yield every message until all cameras have ended; None when a moment passed silently.

        When `should_stop` says so, the cameras are told to stop and given a few seconds to.
        """
        while any(not camera.ended for camera in self._cameras):
            if not self._stopping and should_stop():
                self._leave()
            ready = self._ready()
            for camera in ready:  # one by one: whoever listens may change the cameras meanwhile
                yield from self._hear(camera)
            if not ready:
                yield None
            yield from self._end_faulty()
            yield from self._begin_again()
            self._begin_new()
            self._share()

    def change(self, jobs: Sequence[CameraJob], gallery: SharedGallery) -> frozenset[str]:
        """Give the cameras other jobs and another list; return the names of those that answer.

        A camera takes over what it can between two frames; if its source or its models are
        others, another process does. Whatever those named here say belongs to the job before,
        until each says `Changed`, or `Ended` where no job is left for it. What is new begins as
        soon as there is room. The gallery is this supervisor's from now on.
        """
        before, self._gallery = self._gallery, gallery
        before.close()
        self._withdrawn = frozenset()
        for camera in self._cameras:
            if camera.ended:  # it has said its last word, and is known to nobody from now on
                camera.kill()
        going = [camera for camera in self._cameras if not camera.ended]
        left = {job.settings.camera: job for job in jobs}
        for camera in going:
            job = left.pop(camera.name, None)
            if job is None:
                camera.leave()
            else:
                camera.change(job, gallery)
        added = [SupervisedCamera(job, self._context) for job in left.values()]
        self._cameras = [*going, *added]
        self._begin_new()
        return frozenset(camera.name for camera in going)

    def withdraw(self, subject_ids: frozenset[str]) -> None:
        """Tell every camera to search without these subjects from its next frame on."""
        self._withdrawn |= subject_ids
        self._order(Withdrawn(subject_ids))

    def forget(self, camera: str, subject_ids: frozenset[str]) -> None:
        """Tell one camera that its alerts as these subjects were not put on record."""
        for each in self._cameras:
            if each.name == camera:
                each.forget(subject_ids)

    def watch(self, *, on: bool) -> None:
        """Have every camera make pictures from now on, or none; the same again costs nothing."""
        if on is not self._watched:
            self._watched = on
            self._order(Watched(on))

    def close(self) -> None:
        """End every process that is left."""
        self._leave()
        until_s = monotonic() + self._patience.grace_s
        for camera in self._cameras:
            if camera.ended and camera.process:  # it has said its last word, and has to leave
                camera.process.join(max(0.0, until_s - monotonic()))
            camera.kill()
        self._gallery.close()

    def _leave(self) -> None:
        self._stopping = True
        for camera in self._cameras:
            camera.leave()

    def _begin_new(self) -> None:
        """Begin with cameras that never had a process, as many at a time as there are cores.

        They load libraries and models; more at once would only be ready later, all of them.
        """
        loading = sum(camera.is_loading for camera in self._cameras)
        for camera in self._cameras:
            waits = camera.is_new and not camera.leaves and not camera.is_to_change
            if waits and loading < cores():
                self._begin(camera)
                loading += 1

    def _begin(self, camera: SupervisedCamera) -> None:
        """Start a camera's process, with what it has to know of the time before."""
        try:
            camera.start(self._context, self._gallery)
        except OSError as error:  # there may be room again when others have ended
            if not camera.job.lasting:
                raise
            fault(Part.CAMERA, error)
            camera.put_off()
            return
        if self._withdrawn:
            camera.tell(Withdrawn(self._withdrawn))
        if self._watched:
            camera.tell(Watched(on=True))
        if self._spared is not Sparing.NOTHING:
            camera.tell(Spare(self._spared))

    def _share(self) -> None:
        """Have cameras leave something to those that are below their floor."""
        going = [camera for camera in self._cameras if not camera.ended]
        held_up = len(going) > 1 and any(camera.is_held_up for camera in going)
        what = self._sharing.judge(held_up=held_up)
        if what is not self._spared:
            self._spared = what
            self._order(Spare(what))

    def _order(self, order: Order) -> None:
        for camera in self._cameras:
            camera.tell(order)

    def _ready(self) -> list[SupervisedCamera]:
        by_pipe = {each.pipe: each for each in self._cameras if each.pipe and not each.ended}
        if not by_pipe:
            sleep(_LISTEN_S)
        return [by_pipe[pipe] for pipe in wait(list(by_pipe), _LISTEN_S) if pipe in by_pipe]

    def _hear(self, camera: SupervisedCamera) -> Iterator[Message]:
        try:
            message = camera.receive()
        except BlockingIOError:
            yield from self._lose(camera, Fault(LossCause.SILENT, NO_ANSWER))
            return
        except NoMessageError:
            yield from self._lose(camera, Fault(LossCause.DIED, NONSENSE))
            return
        except UNHEARD:
            yield from self._lose(camera, Fault(LossCause.DIED, "its process died"))
            return
        if isinstance(message, Changed):
            yield camera.turn()
            return
        if isinstance(message, Ended) and camera.is_to_change:
            yield from self._turn(camera)
            return
        if isinstance(message, Ended) and self._comes_back(camera, message):
            words = str(message.error) if message.error else "it ended by itself"
            yield from self._lose(camera, Fault(LossCause.DIED, words))
            return
        camera.ended = isinstance(message, Ended)
        yield message

    def _comes_back(self, camera: SupervisedCamera, ended: Ended) -> bool:
        """Tell whether a process ended that is to be started again, and may fare better then.

        Models that never worked never will. Where they did, what fails is the machine's memory, or
        its disk: the next process may find enough.
        """
        unusable = isinstance(ended.error, ModelError | ConfigurationError)
        hopeless = unusable and not camera.has_looked
        return camera.job.lasting and not camera.leaves and not hopeless

    def _turn(self, camera: SupervisedCamera) -> Iterator[Message]:
        """Have another process take over, whose job is the one that the camera was given last."""
        yield from camera.kill()
        while camera.is_to_change:
            yield camera.turn()
        self._begin(camera)

    def _end_faulty(self) -> Iterator[Message]:
        self._forgive_own_absence()
        for camera in self._cameras:
            if camera.ended:
                continue
            if fault := camera.fault(self._patience):
                yield from self._lose(camera, fault)

    def _forgive_own_absence(self) -> None:
        now = monotonic()
        away_s, self._awake_s = now - self._awake_s, now
        if away_s > _ASLEEP_S:
            for camera in self._cameras:
                camera.heard_s += away_s

    def _lose(self, camera: SupervisedCamera, fault: Fault) -> Iterator[Message]:
        """End a camera's process, hand on what it still said, and see whether it comes back."""
        silent_s = monotonic() - camera.heard_s
        yield from camera.kill()
        tell(CameraProcessEnded(camera.job.settings.camera, fault.cause, silent_s))
        error = SourceError(
            f"Camera {camera.job.settings.camera} was ended: {fault.words}.",
            remedy="Check the camera, its network and its cable; the other cameras go on.",
        )
        if camera.is_to_change:
            if camera.job.lasting and not camera.leaves:
                camera.wait_for_another(fault.cause, error.message)
            yield from self._turn(camera)
        elif camera.job.lasting and not camera.leaves:
            yield Beat(camera.wait_for_another(fault.cause, error.message))
        else:
            camera.ended = True
            yield Ended(camera.told(), error=error)

    def _begin_again(self) -> Iterator[Message]:
        for camera in self._cameras:
            if camera.ended or camera.pipe is not None:
                continue
            if camera.is_to_change:
                yield from self._turn(camera)
            elif camera.leaves:
                camera.ended = True
                yield Ended(camera.told())
            elif camera.again_s is not None and monotonic() >= camera.again_s:
                self._begin(camera)

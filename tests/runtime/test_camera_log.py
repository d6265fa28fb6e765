"""What the log says of cameras: each change once, and nothing while nothing changes."""

from collections import Counter
from dataclasses import replace

from overt.capture import Link
from overt.errors import SourceError
from overt.logs import hear
from overt.logs.events import (
    CameraAtFloor,
    CameraBack,
    CameraBelowFloor,
    CameraEnded,
    CameraFrozen,
    CameraLost,
    CameraOpened,
    CameraUnfrozen,
    LogEvent,
)
from overt.runtime.camera_log import CameraLog
from overt.runtime.counts import Counts
from overt.runtime.messages import Beat, CameraState, Ended
from overt.runtime.pace import Kept
from overt.vocabulary import LinkState, LossCause


def _state(frames: int, link: Link | None = None) -> CameraState:
    return CameraState("gate", Counts(frames=frames), link=link or Link())


def _lost(*causes: LossCause, state: LinkState = LinkState.LOST) -> Link:
    return Link(state, losses=Counter(causes))


def _told(*states: CameraState, ended: Ended | None = None) -> list[LogEvent]:
    log, told = CameraLog(), list[LogEvent]()
    with hear(told.append):
        for state in states:
            log.see(Beat(state))
        if ended:
            log.see(ended)
    return told


def test_a_camera_that_goes_on_is_told_of_once() -> None:
    assert _told(_state(0), _state(1), _state(2), _state(2)) == [CameraOpened("gate")]


def test_a_loss_and_a_return_are_told_with_cause_and_time() -> None:
    lost, back = _lost(LossCause.BROKEN), _lost(LossCause.BROKEN, state=LinkState.PLAYING)

    told = _told(_state(5), _state(5, lost), _state(5, lost), _state(6, back), _state(7, back))

    assert told[:2] == [CameraOpened("gate"), CameraLost("gate", LossCause.BROKEN)]
    assert isinstance(told[2], CameraBack)
    assert told[2].after_s >= 0
    assert len(told) == 3


def test_a_camera_that_is_lost_again_and_again_comes_back_once() -> None:
    opening, died = LossCause.NOT_OPENED, LossCause.DIED

    told = _told(
        _state(5),
        _state(5, _lost(died)),
        _state(5, _lost(died, opening)),
        _state(6, _lost(died, opening, state=LinkState.PLAYING)),
    )

    assert [type(each) for each in told] == [CameraOpened, CameraLost, CameraLost, CameraBack]


def test_a_frozen_picture_is_told_as_it_begins_and_ends_and_a_loss_is_no_end_of_it() -> None:
    frozen, lost = Link(still_s=30.0), _lost(LossCause.BROKEN)
    playing = _lost(LossCause.BROKEN, state=LinkState.PLAYING)
    links = [Link(still_s=29.0), frozen, replace(frozen, still_s=31.0), lost, playing, playing]

    told = _told(*(_state(5, link) for link in links))

    assert told == [
        CameraOpened("gate"),
        CameraFrozen("gate", 30.0),
        CameraLost("gate", LossCause.BROKEN),
        CameraUnfrozen("gate"),
    ]


def test_a_pace_below_what_the_policy_asks_is_told_as_it_begins_and_ends() -> None:
    slow = Kept(2.5, 640, floor_per_second=6.0, below_floor=True)
    again = Kept(6.5, 640, floor_per_second=6.0, below_floor_s=12.0)
    states = [replace(_state(frames), kept=kept) for frames, kept in enumerate([slow, slow, again])]

    told = _told(*states)

    assert told == [
        CameraBelowFloor("gate", 2.5, 6.0),
        CameraOpened("gate"),
        CameraAtFloor("gate", 12.0),
    ]


def test_an_end_is_told_with_the_class_of_its_error_and_never_its_words() -> None:
    ended = Ended(_state(9), error=SourceError("rtsp://operator:s3cr3t@10.0.0.5 is no more."))

    assert _told(ended=ended) == [CameraOpened("gate"), CameraEnded("gate", "SourceError", 9)]

"""Live pictures on one connection: the newest only, as long as somebody may look, and no longer."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import pytest
from starlette.types import Message

from overt.errors import StorageError
from overt.runtime.live import LiveDeployment, LiveHub
from overt.runtime.messages import CameraState, Ended, Picture
from overt.web.pages.watching import LiveStream, Over, Watched, parts

HERE = "a deployment"


@dataclass
class Part:
    """One part of the stream, taken apart."""

    header: dict[str, Any]
    jpeg: bytes


def taken_apart(data: bytes) -> list[Part]:
    """The parts of a piece of the stream, which must hold whole ones only."""
    found = []
    while data:
        length = int.from_bytes(data[:4], "big")
        header = json.loads(data[4 : 4 + length])
        end = 4 + length + header["bytes"]
        assert len(data) >= end
        found.append(Part(header, data[4 + length : end]))
        data = data[end:]
    return found


@pytest.fixture
def hub() -> LiveHub:
    return LiveHub()


@pytest.fixture
def run(hub: LiveHub) -> LiveDeployment:
    return hub.begin(HERE, ["gate", "exit"])


def watched(over: Over = Over.NOT, **changes: Any) -> Watched:
    return Watched(HERE, ["gate", "exit"], lambda: over, **changes)


def show(run: LiveDeployment, number: int, camera: str = "gate") -> None:
    run.picture(Picture(camera, number, monotonic(), b"picture %d" % number))


async def some(stream: AsyncIterator[bytes], count: int) -> list[Part]:
    """The next so many parts."""
    return [taken_apart(await asyncio.wait_for(anext(stream), 10))[0] for _ in range(count)]


def test_each_part_says_whose_picture_it_is_how_old_and_how_long(
    hub: LiveHub, run: LiveDeployment
) -> None:
    async def look() -> list[Part]:
        with hub.watch(HERE):
            show(run, 1)
            show(run, 1, "exit")
            async with aclosing(parts(hub, watched())) as stream:
                return await some(stream, 2)

    gate, out = asyncio.run(look())

    assert (gate.header["camera"], out.header["camera"]) == ("gate", "exit")
    assert gate.header["sequence"] == 1
    assert gate.header["bytes"] == len(gate.jpeg)
    assert gate.jpeg == b"picture 1"
    assert 0 <= gate.header["age_s"] < 5


def test_whoever_is_slow_is_sent_the_newest_and_never_what_is_old(
    hub: LiveHub, run: LiveDeployment
) -> None:
    async def look() -> list[int]:
        with hub.watch(HERE):
            async with aclosing(parts(hub, watched())) as stream:
                show(run, 1)
                seen = await some(stream, 1)
                for number in range(2, 9):
                    show(run, number)
                seen += await some(stream, 1)
                show(run, 9)
                seen += await some(stream, 1)
                return [each.header["sequence"] for each in seen]

    assert asyncio.run(look()) == [1, 8, 9]


def test_a_picture_is_sent_within_milliseconds_of_being_there(
    hub: LiveHub, run: LiveDeployment
) -> None:
    """It waits here for a fraction of the 300 ms that the street on a screen may be behind."""

    async def look() -> list[float]:
        waited = []
        with hub.watch(HERE):
            async with aclosing(parts(hub, watched())) as stream:
                for number in range(1, 12):
                    next_one = asyncio.ensure_future(anext(stream))
                    await asyncio.sleep(0.03)
                    begun = monotonic()
                    show(run, number)
                    await asyncio.wait_for(next_one, 10)
                    waited.append(monotonic() - begun)
        return waited

    assert sorted(asyncio.run(look()))[5] < 0.1


def test_a_line_without_pictures_is_not_silent(hub: LiveHub, run: LiveDeployment) -> None:
    async def look() -> list[Part]:
        async with aclosing(parts(hub, watched(silence_s=0.05))) as stream:
            return await some(stream, 3)

    assert [each.header["bytes"] for each in asyncio.run(look())] == [0, 0, 0]


@pytest.mark.parametrize("over", [Over.SESSION, Over.DEPLOYMENT])
def test_it_ends_with_the_session_and_with_the_deployment_and_says_which(
    hub: LiveHub, run: LiveDeployment, over: Over
) -> None:
    """R-34: who is no longer signed in, or no longer may, is shown nothing more."""

    async def look() -> list[Part]:
        return [taken_apart(each)[0] async for each in parts(hub, watched(over, looked_again_s=0))]

    *_, last = asyncio.run(look())

    assert last.header["over"] == over
    assert last.jpeg == b""


def test_it_ends_where_it_cannot_be_told_who_may_look(hub: LiveHub, run: LiveDeployment) -> None:
    def unreadable() -> Over:
        raise StorageError("The record cannot be read.", remedy="Try again.")

    async def look() -> list[Part]:
        stopped = Watched(HERE, ["gate"], unreadable, looked_again_s=0)
        return [taken_apart(each)[0] async for each in parts(hub, stopped)]

    assert [each.header.get("over") for each in asyncio.run(look())] == ["unknown"]


def test_it_ends_when_every_camera_has_ended(hub: LiveHub, run: LiveDeployment) -> None:
    for camera in ("gate", "exit"):
        run.ended(Ended(CameraState(camera)))

    async def look() -> list[Part]:
        return [taken_apart(each)[0] async for each in parts(hub, watched(looked_again_s=0))]

    assert asyncio.run(look())[-1].header["over"] == "deployment"


@dataclass
class Line:
    """A browser's end of a connection."""

    sent: list[Message] = field(default_factory=list)
    shown: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    stuck: bool = False

    async def receive(self) -> Message:
        """Wait until the browser leaves."""
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a part, unless it is stuck."""
        self.sent.append(message)
        if len(self.sent) > 2:
            self.shown.set()
        if self.stuck and message["type"] == "http.response.body":
            await asyncio.sleep(3600)


_SCOPE = {"type": "http", "asgi": {"spec_version": "2.3"}}


def test_cameras_make_pictures_while_somebody_watches_and_not_after(
    hub: LiveHub, run: LiveDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-34: nobody looking means that no picture is made."""
    monkeypatch.setattr("overt.runtime.live_deployment._LINGER_S", 0.0)

    async def look() -> tuple[bool, bool]:
        line = Line()
        answer = LiveStream(hub, watched(silence_s=0.01))
        task = asyncio.create_task(answer(_SCOPE, line.receive, line.send))
        await asyncio.wait_for(line.shown.wait(), 10)
        during = run.watched()
        line.gone.set()
        await asyncio.wait_for(task, 10)
        return during, run.watched()

    assert not run.watched()
    assert asyncio.run(look()) == (True, False)


def test_a_browser_that_takes_nothing_is_let_go(
    hub: LiveHub, run: LiveDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overt.web.pages.watching.STALLED_S", 0.05)
    monkeypatch.setattr("overt.runtime.live_deployment._LINGER_S", 0.0)

    async def look() -> bool:
        line = Line(stuck=True)
        answer = LiveStream(hub, watched())
        with suppress(TimeoutError):
            await asyncio.wait_for(answer(_SCOPE, line.receive, line.send), 10)
        return run.watched()

    assert asyncio.run(look()) is False

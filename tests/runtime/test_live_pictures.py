"""A camera's live pictures: nobody in them but who alerted, few, small, and in nobody's way."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic, sleep

import cv2
import numpy as np
import pytest
from camera_jobs import a_gallery, a_job
from numpy.typing import NDArray
from painted_people import HEIGHT, WIDTH, Seen, Street, film, stay

from overt.capture import Zone
from overt.matching.decision import DecisionPolicy
from overt.matching.gallery import Gallery
from overt.runtime import jobs
from overt.runtime.live_pictures import MOST_A_SECOND, MOST_BYTES, MOST_WIDTH_PX, LivePictures
from overt.runtime.message_codec import next_message, send_message
from overt.runtime.messages import Beat, CameraState, Ended, Message, Picture, Taken, Watched
from overt.runtime.pipeline import CameraPipeline, CameraSettings, PipelineResult
from overt.runtime.shared_gallery import SharedGallery
from overt.runtime.shown import as_shown
from overt.runtime.stop_sign import StopSign
from overt.runtime.worker import work
from overt.synthetic.faces import portrait
from overt.synthetic.identity import Person
from overt.synthetic.street import DrawnStreet, StreetSettings
from overt.values import FaceDetection, Frame, RGBImage
from overt.vision.detection import DetectorSettings
from overt.vision.quality import QualityLimits
from overt.vision.store import ModelStore, Pack
from overt.vocabulary import DeploymentKind
from rehearsals import write_portrait_clip

LISTED, STRANGER = 1, 7
LEFT_HALF = Zone(((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))


class Sent:
    """Takes pictures in the pipe's place; each is taken at once unless `slow`."""

    def __init__(self, pictures: LivePictures, *, slow: bool = False) -> None:
        self.pictures, self._slow = pictures, slow
        self.messages: list[Picture] = []

    def __call__(self, message: Message) -> None:
        """Take a message."""
        assert isinstance(message, Picture)
        self.messages.append(message)
        if not self._slow:
            self.pictures.taken()


def decoded(picture: Picture) -> RGBImage:
    image = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(image[:, :, ::-1], np.uint8)


def detail(image: RGBImage) -> float:
    """How much neighbouring pixels differ: much in the noise that stands for features."""
    return float(np.abs(np.diff(image[..., 2].astype(int), axis=0)).mean())


def nothing_seen(image: RGBImage) -> PipelineResult:
    height, width = image.shape[:2]
    return PipelineResult((), np.zeros((0, 4), np.float32), frozenset(), (0, 0, width, height))


def a_frame(image: RGBImage) -> Frame:
    frame = next(film([[]]))
    return replace(frame, image=image)


# --- who is shown -----------------------------------------------------------------------------


def shown(street: Street, sights: Sequence[Sequence[Seen]], zone: Zone) -> RGBImage:
    """What is shown of the last of these sights."""
    frame, result = street.watch(sights)[-1]
    return as_shown(frame.image, result, zone, MOST_WIDTH_PX)


def test_only_who_alerted_is_shown_and_only_where_confirmed_in_this_very_frame() -> None:
    """R-34: faces without an alert are hidden in live views."""
    street = Street()
    both = [[Seen(LISTED, 150.0), Seen(STRANGER, 450.0)]] * 20
    unsure = [[Seen(LISTED, 150.0, score=0.35), Seen(STRANGER, 450.0)]]

    image = shown(street, both, Zone.whole())
    assert detail(image[95:145, 130:170]) > 40
    assert detail(image[95:145, 430:470]) < 5
    ((frame, result),) = street.watch(unsure, start_s=2.0)
    assert not result.alerted
    assert detail(as_shown(frame.image, result, Zone.whole())[95:145, 130:170]) < 5


def test_a_subject_who_is_withdrawn_is_hidden_from_the_next_frame_on() -> None:
    """R-15, R-34: who may no longer be searched for is hidden as everybody is."""
    street = Street()
    assert street.watch(stay(LISTED, 2.0))[-1][1].alerted

    street.pipeline.withdraw(["P-1"])

    ((_, result),) = street.watch([[Seen(LISTED, 300.0)]], start_s=2.0)
    assert len(result.boxes_px) == 1
    assert not result.alerted


@pytest.mark.parametrize(("aside_px", "hidden"), [(0, 0), (20, 1)])
def test_what_may_be_another_face_is_hidden_unless_it_is_a_part_of_the_alerted_one(
    aside_px: int, hidden: int
) -> None:
    street = Street()
    (frame, result), *_ = reversed(street.watch(stay(LISTED, 2.0)))
    alerted = result.boxes_px[next(iter(result.alerted))]
    low, width = alerted[:2], alerted[2] - alerted[0]
    weak = np.concatenate([low + width * 0.4, low + width * 0.9]) + [aside_px, 0] * 2
    perhaps = FaceDetection(weak.astype(np.float32), np.zeros((5, 2), np.float32), 0.15)

    later = replace(frame, sequence=frame.sequence + 1, presentation_s=frame.presentation_s + 0.1)
    seen = [*street.detector.detect(later.image), perhaps]
    result = street.pipeline.follow(later, seen)

    assert result.alerted
    among = [index for index, box in enumerate(result.boxes_px) if np.allclose(box, weak)]
    assert len(among) == hidden
    assert not result.alerted & set(among)


def test_switched_on_while_it_runs_an_alerted_face_is_confirmed_in_every_frame() -> None:
    street = Street()
    street.pipeline.watched = False
    street.watch(stay(LISTED, 2.0))

    unwatched = street.watch(stay(LISTED, 2.0), start_s=2.0)
    street.pipeline.watched = True
    watched = street.watch(stay(LISTED, 2.0), start_s=4.0)

    assert not all(result.alerted for _, result in unwatched)
    assert all(result.alerted for _, result in watched)


def test_what_was_not_looked_at_is_hidden_and_the_zone_is_drawn() -> None:
    street = Street(zone=LEFT_HALF)
    beyond = Seen(STRANGER, WIDTH - 60)

    image = shown(street, [[beyond]], LEFT_HALF)

    assert image.shape == (HEIGHT, WIDTH, 3)
    assert detail(image[95:145, WIDTH - 85 : WIDTH - 35]) < 5
    blue = np.all(np.abs(image[40:200, WIDTH // 2].astype(int) - (120, 200, 255)) < 40, axis=1)
    assert blue.mean() > 0.9


def test_a_large_picture_is_scaled_down_and_hides_what_the_large_one_hid() -> None:
    street = Street(zone=LEFT_HALF)
    ((frame, result),) = street.watch([[Seen(STRANGER, 100), Seen(STRANGER, WIDTH - 60)]])
    tripled = np.repeat(np.repeat(frame.image, 3, axis=0), 3, axis=1)
    result = replace(
        result,
        boxes_px=3 * result.boxes_px,
        looked_at_px=tuple(3 * side for side in result.looked_at_px),  # type: ignore[arg-type]
    )

    image = as_shown(tripled, result, LEFT_HALF, MOST_WIDTH_PX)

    assert image.shape == (270, 720, 3)
    assert detail(image) < 5


def test_what_may_be_a_face_is_hidden_and_not_followed_unless_it_lies_in_a_surer_one() -> None:
    street = Street()
    sights = [[Seen(LISTED, 150.0), Seen(STRANGER, 450.0, score=0.15)]] * 20
    within_the_other = [[Seen(LISTED, 150.0), Seen(STRANGER, 150.0, size=16, score=0.15)]]

    image = shown(street, sights, Zone.whole())
    assert detail(image[95:145, 130:170]) > 40
    assert detail(image[95:145, 430:470]) < 5
    assert street.pipeline.counts.faces_seen == 1
    ((_, result),) = street.watch(within_the_other, start_s=2.0)
    assert len(result.boxes_px) == 1


@pytest.mark.models
def test_no_face_without_an_alert_can_be_seen_of_a_drawn_street(pack: Pack) -> None:
    """R-34: the real detector finds nobody in the pictures but who alerted."""
    street = DrawnStreet(StreetSettings(seed=7, people=14, listed=4, seconds=24))
    pipeline = on_the_street(pack, sorted({p.person_seed for p in street.passages if p.listed}))
    pictures = LivePictures(pipeline_settings(pack))
    eyes = pack.detector(DetectorSettings(working_px=MOST_WIDTH_PX, smallest_score=0.5), threads=2)
    hidden, kept = [], 0
    for frame in street_frames(street, every=15):
        result = pipeline.process(frame)
        sent = Sent(pictures)
        pictures.make(frame, result, sent)
        (after,) = map(decoded, sent.messages)
        size = (after.shape[1], after.shape[0])
        before = np.asarray(cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA), np.uint8)
        boxes = result.boxes_px * np.float32(size[0] / frame.image.shape[1])
        alerted = boxes[sorted(result.alerted)]
        others = [face.box_px for face in eyes.detect(before) if not within(face, alerted)]
        hidden += [likeness(before, after, box) for box in others]
        kept += sum(likeness(before, after, box) > 0.9 for box in alerted)
        assert [face for face in eyes.detect(after) if not within(face, alerted)] == []

    print(f"{len(hidden)} hidden, at most {max(hidden):.2f} like before; {kept} alerted ones shown")
    assert max(hidden) < 0.75
    assert len(hidden) > 80
    assert kept > 10


def street_frames(street: DrawnStreet, *, every: int) -> Iterator[Frame]:
    """Some of a street's frames, at their own times."""
    blank = next(film([[]]))
    for sequence in range(0, street.info.expected_frames or 0, every):
        image, at_s = street.draw(sequence), sequence / street.settings.frames_per_second
        yield replace(blank, sequence=sequence, presentation_s=at_s, image=image)


def pipeline_settings(pack: Pack) -> CameraSettings:
    return CameraSettings(
        camera="gate",
        kind=DeploymentKind.REHEARSAL,
        zone=Zone.whole(),
        limits=QualityLimits(smallest_face_px=40),
        policy=DecisionPolicy(threshold=0.022, version="the drawn street's"),
        pack_id=pack.id,
        watched=True,
    )


def on_the_street(pack: Pack, listed: Sequence[int]) -> CameraPipeline:
    """The pipeline of a camera on a drawn street, with a list of those and of twenty others."""
    detector, extractor = pack.detector(DetectorSettings(), threads=2), pack.extractor(threads=2)
    seeds = [*listed, *range(500_000, 500_020)]
    chips, names = [], []
    for seed in seeds:
        picture = portrait(Person.from_seed(seed))
        for face in detector.detect(picture)[:1]:
            chips += extractor.align(picture, [face])
            names.append(f"drawn-{seed}")
    gallery = Gallery(names, extractor.extract(chips), pack.id)
    eyes = pack.detector(
        DetectorSettings(working_px=960, smallest_score=jobs._HIDING_SCORE), threads=2
    )
    return CameraPipeline(pipeline_settings(pack), eyes, extractor, gallery)


def within(face: FaceDetection, boxes: NDArray[np.float32]) -> bool:
    """Whether the middle of a face lies in one of the boxes."""
    x, y = face.centre_px
    return any(x1 <= x <= x2 and y1 <= y <= y2 for x1, y1, x2, y2 in boxes)


def likeness(before: RGBImage, after: RGBImage, box: NDArray[np.float32]) -> float:
    """How alike the fine detail within a box is in two pictures: 1 where it is the same."""
    height, width = before.shape[:2]
    x1, y1, x2, y2 = np.clip(box, 0, [width, height] * 2).astype(int)
    dx, dy = (x2 - x1) // 6, (y2 - y1) // 6  # the box that is drawn round an alert is no face
    rows, columns = slice(y1 + dy, y2 - dy), slice(x1 + dx, x2 - dx)
    one, other = (_fine(part[rows, columns]) for part in (before, after))
    return float((one * other).mean())


def _fine(part: RGBImage) -> NDArray[np.float32]:
    """The fine detail of a part of a picture, of mean 0 and deviation 1."""
    detail = part.astype(np.float32)
    detail -= cv2.GaussianBlur(detail, (0, 0), 4)
    return np.asarray((detail - detail.mean()) / detail.std(), np.float32)


# --- how many, and how large -------------------------------------------------------------------


def test_there_are_no_more_than_eight_a_second() -> None:
    pictures = LivePictures(pipeline_like())
    pictures.on = True
    sent = Sent(pictures)
    frame = a_frame(np.zeros((90, 160, 3), np.uint8))
    result = nothing_seen(frame.image)
    began_s = monotonic()
    while monotonic() - began_s < 2.0:
        if pictures.due():
            pictures.make(frame, result, sent)
        sleep(0.002)

    assert 2 <= len(sent.messages) <= 2 * MOST_A_SECOND + 1
    assert [each.sequence for each in sent.messages] == list(range(1, len(sent.messages) + 1))


def pipeline_like() -> CameraSettings:
    return a_job("gate", "nowhere", Path()).settings


def test_none_is_made_while_nobody_watches_or_the_one_before_was_not_taken() -> None:
    pictures = LivePictures(pipeline_like())
    sent = Sent(pictures, slow=True)
    frame = a_frame(np.zeros((90, 160, 3), np.uint8))
    assert not pictures.due()

    pictures.on = True
    assert pictures.due()
    pictures.make(frame, nothing_seen(frame.image), sent)
    sleep(1.5 / MOST_A_SECOND)
    assert not pictures.due()

    pictures.taken()
    assert pictures.due()


def test_a_picture_that_a_pipe_would_not_hold_is_made_coarser_or_not_at_all() -> None:
    pictures = LivePictures(pipeline_like())
    pictures.on = True
    for contrast in (10, 60, 120, 255):
        noise = np.random.default_rng(1).integers(0, contrast, (1080, 720, 3), np.uint8)
        sent = Sent(pictures)
        pictures.make(a_frame(noise), nothing_seen(noise), sent)
        assert all(len(each.jpeg) <= MOST_BYTES for each in sent.messages)
        pictures.taken()


def test_a_pipe_holds_the_largest_picture_and_what_else_is_said_meanwhile() -> None:
    ours, theirs = get_context("spawn").Pipe()

    def say() -> None:
        for _ in range(40):  # beats of ten seconds, after which a silent parent is no parent
            send_message(theirs, Beat(CameraState("gate")))
        send_message(theirs, Picture("gate", 1, 0.0, bytes(MOST_BYTES)))

    saying = threading.Thread(target=say, daemon=True)
    saying.start()
    saying.join(10)
    try:
        assert not saying.is_alive()
    finally:
        ours.close()
        theirs.close()


# --- a camera's process ------------------------------------------------------------------------


@pytest.fixture
def camera(store: ModelStore, pack: Pack, tmp_path: Path) -> Iterator[Connection]:
    """The pipe of a camera that looks at somebody for a minute, at the recording's own pace."""
    clip = write_portrait_clip(tmp_path / "long.mp4", 14, seconds=60)
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    stop = StopSign(context)
    job = a_job("gate", clip, store.folder, paced=True)
    process = context.Process(target=work, args=(job, theirs, stop), daemon=True)
    process.start()
    theirs.close()
    shared = SharedGallery.of(a_gallery())
    shared.send(ours, process.pid or 0)
    shared.close()
    yield ours
    stop.set()
    process.join(20)
    process.kill()
    ours.close()


def hear(camera: Connection, until: Callable[[list[Message]], bool]) -> list[Message]:
    """Listen until it is so, for a minute at most."""
    heard: list[Message] = []
    began_s = monotonic()
    while not until(heard):
        assert monotonic() - began_s < 60
        if camera.poll(0.2):
            heard.append(next_message(camera, "gate"))
    return heard


def looks(heard: list[Message]) -> bool:
    return any(isinstance(each, Beat) and each.state.counts.frames for each in heard)


def beats(count: int) -> Callable[[list[Message]], bool]:
    return lambda heard: sum(isinstance(each, Beat) for each in heard) >= count


def pictures_in(heard: list[Message]) -> list[Picture]:
    return [each for each in heard if isinstance(each, Picture)]


@pytest.mark.models
def test_a_camera_shows_pictures_only_while_watched_and_one_at_a_time(camera: Connection) -> None:
    """R-34: what leaves a camera's process of those who did not alert is hidden already."""
    assert not pictures_in(hear(camera, looks))
    assert not pictures_in(hear(camera, beats(4)))

    camera.send(Watched(on=True))
    heard = hear(camera, beats(12))  # three seconds in which no picture is taken
    (first,) = pictures_in(heard)
    assert not isinstance(heard[-1], Ended)
    assert decoded(first).shape == (360, 480, 3)
    assert detail(decoded(first)[100:280, 180:300]) < 5
    assert 0 < monotonic() - first.captured_s < 30

    camera.send(Taken())
    (second,) = pictures_in(hear(camera, beats(8)))
    assert second.sequence == 2
    assert second.captured_s > first.captured_s

    camera.send(Taken())
    camera.send(Watched(on=False))
    assert len(pictures_in(hear(camera, beats(8)))) <= 1  # one may have been on its way
    camera.send(Taken())
    assert not pictures_in(hear(camera, beats(8)))

"""Drawn people are themselves in every picture, and nobody else."""

import numpy as np
import pytest

from overt.synthetic.faces import PORTRAIT_PX, portrait
from overt.synthetic.head import draw_head
from overt.synthetic.identity import HairStyle, Person
from overt.synthetic.render import Light, Pose, Window
from overt.synthetic.shape import Expression

_WINDOW = Window(-125, 175, 250, 345, 0.4)


def _face(person: Person, pose: Pose, expression: Expression | None = None) -> np.ndarray:
    drawing = draw_head(person, pose, Light(), _WINDOW, expression or Expression())
    return drawing.rgb * (drawing.alpha[..., None] > 127)


def test_a_seed_is_one_person() -> None:
    assert Person.from_seed(17) == Person.from_seed(17)
    assert Person.from_seed(17).name == "Drawn Person 017"


def test_no_two_seeds_are_the_same_person() -> None:
    people = [Person.from_seed(seed) for seed in range(300)]

    assert len({(person.skull, person.eyes, person.nose) for person in people}) == 300


def test_the_whole_range_of_skin_and_hair_is_drawn() -> None:
    people = [Person.from_seed(seed) for seed in range(300)]
    melanin = [person.skin.melanin for person in people]

    assert np.histogram(melanin, 5, (0, 1))[0].min() > 30
    assert {person.hair.style for person in people} == set(HairStyle)


def test_the_same_portrait_is_drawn_again_pixel_for_pixel() -> None:
    picture = portrait(Person.from_seed(3), 1)

    assert picture.shape == (PORTRAIT_PX[1], PORTRAIT_PX[0], 3)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture, portrait(Person.from_seed(3), 1))
    assert not np.array_equal(picture, portrait(Person.from_seed(3), 2))


@pytest.mark.parametrize("yaw", [-40, 25])
def test_a_turned_head_moves_its_nose_the_way_it_turns(yaw: float) -> None:
    # The nose reaches farthest to the viewer, so the deepest point of the picture is its tip.
    person = Person.from_seed(5)
    tips = []
    for turned in (0, yaw):
        depth = draw_head(person, Pose(yaw=turned), Light(), _WINDOW).depth
        face = depth[40:100, 25:75]
        tips.append(np.unravel_index(face.argmax(), face.shape)[1])

    assert np.sign(int(tips[1]) - int(tips[0])) == np.sign(yaw)


def test_expression_blink_and_light_change_the_picture() -> None:
    person = Person.from_seed(8)
    plain = _face(person, Pose())

    assert not np.array_equal(plain, _face(person, Pose(), Expression(blink=1)))
    assert not np.array_equal(plain, _face(person, Pose(), Expression(smile=1, mouth_open=0.5)))


def test_a_head_seen_from_behind_shows_no_face() -> None:
    person = next(
        person for seed in range(50) if (person := Person.from_seed(seed)).hair.style == "short"
    )
    behind = draw_head(person, Pose(yaw=180), Light(), _WINDOW)
    middle = behind.rgb[30:70, 40:60].reshape(-1, 3).mean(axis=0)
    hair, skin = np.array(person.hair.colour), np.array(person.skin.colour)

    assert np.linalg.norm(middle - hair) < np.linalg.norm(middle - skin)

"""Plots: the same for the same figures, told apart without colour, and sound where values are odd."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import cv2
import numpy as np
import pytest

from overt.evaluation.plots import Curves, Interval, Intervals, Plot, Spreads, png, size_inches, svg
from overt.evaluation.report import Histogram, Line

_CURVES = Curves(
    "FNIR <and> FPIR",
    'what it "shows" & tells',
    "FPIR",
    "FNIR",
    (
        Line(
            "raw", (0.001, 0.01, 0.1, 1.0), (0.9, 0.6, 0.3, 0.0), (0.8, 0.5, 0.2, 0.0), (1.0,) * 4
        ),
        Line("s-norm", (0.001, 0.01, 0.1, 1.0), (0.7, 0.4, 0.1, 0.0)),
    ),
    guides=(0.01,),
)
_SPREADS = Spreads(
    "scores",
    "how scores are spread",
    Histogram("s-norm", (0.0, 0.1, 0.2), (0.5, 0.4), (0.9, 0.1), 0.1),
    (("FPIR 1 %", 0.15),),
)
_INTERVALS = Intervals("groups", "FPIR by group", "FPIR", (Interval("A", 0.01, 0.0, 0.02),))
_PLOTS: tuple[Plot, ...] = (_CURVES, _SPREADS, _INTERVALS)


@pytest.mark.parametrize("plot", _PLOTS, ids=lambda plot: type(plot).__name__)
def test_a_drawing_is_the_same_each_time_and_sound(plot: Plot) -> None:
    drawn = svg(plot, "a")

    assert drawn == svg(plot, "a")
    root = ET.fromstring(drawn)  # noqa: S314  it is our own
    assert root.get("role") == "img"
    assert root.get("aria-label") == plot.alt


def test_ids_of_two_drawings_never_meet() -> None:
    def ids(text: str) -> set[str]:
        return set(re.findall(r'\bid="([^"]+)"', text))

    first, second = svg(_CURVES, "a"), svg(_CURVES, "b")

    assert ids(first)
    assert not ids(first) & ids(second)
    for text in (first, second):
        assert set(re.findall(r'(?:url\(|href=")#([^")]+)', text)) <= ids(text)


def test_lines_are_told_apart_by_dashes_and_not_by_colour_alone() -> None:
    drawn = svg(replace(_CURVES, guides=()), "a")
    styles = re.findall(r'stroke: var\(--series-(\d)\)[^"]*stroke-width: 1\.8[^"]*', drawn)
    dashed = re.findall(r"stroke-dasharray: ([\d., ]+);[^\"]*stroke: var\(--series-1\)", drawn)

    assert {"0", "1"} <= set(re.findall(r"--series-(\d)", drawn))
    assert styles or dashed


def test_a_share_of_zero_has_its_place_on_a_logarithmic_axis() -> None:
    nothing = replace(_CURVES, lines=(Line("none", (0.001, 1.0), (0.0, 0.0)),))

    assert "NaN" not in svg(nothing, "a").replace("nan", "NaN")


def test_a_picture_for_paper_has_three_pixels_a_dot_and_is_white() -> None:
    picture = cv2.imdecode(np.frombuffer(png(_CURVES), np.uint8), cv2.IMREAD_COLOR)

    assert picture is not None
    assert picture.shape[1] == 200 * size_inches(_CURVES)[0]
    assert (picture[:20] == 255).all()


def test_a_plot_of_many_groups_is_taller() -> None:
    rows = tuple(Interval(f"a group called {n}", 0.01, 0.0, 0.02) for n in range(12))

    assert size_inches(replace(_INTERVALS, rows=rows))[1] > size_inches(_INTERVALS)[1]

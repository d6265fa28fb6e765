"""Drawn deployments that were really held, and what their record is spoilt with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.drawn_day import Day, Shift

from acts import Scene, a_scene
from overt.publication.columns import COLUMNS, Row
from overt.publication.layouts import Layout
from overt.publication.publishing import publish
from overt.storage import DeploymentRow
from overt.vocabulary import Role

MORNING = datetime(2024, 1, 23, 10, tzinfo=UTC)

SHORT = Shift("North End", MORNING, 378, 1_123, arrests=1, other=1, false=1, unseen=1)
"""A short one with an alert of every ending; one false alert of 1,123 faces."""

SPLIT = Shift("Church Street", MORNING.replace(day=25), 120, 800, 1, 1, thresholds=(0.04, 0.05))
"""One whose threshold was raised halfway."""


@contextmanager
def a_day(folder: Path, listed: int = 3) -> Iterator[tuple[Scene, Day]]:
    """An office in which deployments can be held, each with a list of so many people."""
    with a_scene(folder) as scene:
        yield scene, Day(scene.office, scene.clock, listed)


def rows_of(scene: Scene, day: Day, *deployments: DeploymentRow) -> tuple[Row, ...]:
    """What is published of deployments."""
    person = day.person(Role.COMMANDER)
    return publish(scene.office, person, deployments, Layout.JSON).rows


@cache
def drawn_rows() -> tuple[Row, ...]:
    """The rows of `SPLIT`, which are two, and then of `SHORT`."""
    with TemporaryDirectory() as folder, a_day(Path(folder)) as (scene, day):
        return rows_of(scene, day, day.hold(SPLIT), day.hold(SHORT))


def spoilt(row: Row, **changes: Any) -> Row:
    """The row with some columns changed, and nothing else put right."""
    parts = {column.name: column.part for column in COLUMNS}
    for name, value in changes.items():
        part = getattr(row, parts[name])
        row = replace(row, **{parts[name]: replace(part, **{name: value})})
    return row

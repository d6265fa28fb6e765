"""A gallery in memory that processes share is the gallery it was made of, and cannot be changed."""

import mmap
import os
from datetime import date
from multiprocessing import get_context

import numpy as np
import pytest

from overt.matching.gallery import Gallery
from overt.runtime.shared_gallery import SharedGallery, received
from overt.values import Quality, Reference, Subject, Watchlist

_QUALITY = Quality(60, 0.1, 0.5, 0, 0, 0, 0.9)


def _watchlist(subjects: int) -> Watchlist:
    """A list whose subjects have one, two or three references in turn."""
    chance = np.random.default_rng(5)
    references = []
    for number in range(subjects):
        for picture in range(1 + number % 3):
            row = chance.standard_normal(16)
            template = np.asarray(row / np.linalg.norm(row), np.float32)
            references.append(
                Reference(
                    *(f"R-{number}/{picture} é", f"S-{number}", "pack", template, b""),
                    *("custody", date(2024, 1, 1), _QUALITY),
                )
            )
    listed = tuple(Subject(f"S-{n}", "", "", "", "", "", "") for n in range(subjects))
    return Watchlist("list", "pack", listed, tuple(references))


@pytest.mark.parametrize("subjects", [1, 7, 120])
def test_what_another_process_is_given_searches_as_the_gallery_itself(subjects: int) -> None:
    gallery = Gallery.of(_watchlist(subjects))
    shared = SharedGallery.of(gallery)
    ours, theirs = get_context("spawn").Pipe()
    probe = np.asarray(np.ones(16) / 4, np.float32)

    ours.send("before")
    shared.send(ours, os.getpid())
    ours.send("after")
    shared.close()

    assert theirs.recv() == "before"
    given = received(theirs)
    assert theirs.recv() == "after"
    assert given.search(probe, "pack") == gallery.search(probe, "pack")
    assert given.normalises is gallery.normalises
    gone = frozenset(f"S-{n}" for n in range(0, subjects - 1, 2))
    fewer, expected = given.without(gone), gallery.without(gone)
    assert fewer.search(probe, "pack") == expected.search(probe, "pack")


def test_nobody_writes_into_it_any_more() -> None:
    shared = SharedGallery.of(Gallery.of(_watchlist(9)))

    with pytest.raises(PermissionError):
        os.pwrite(shared._descriptor, b"x", 0)
    with pytest.raises(PermissionError):
        mmap.mmap(shared._descriptor, 0)
    with pytest.raises(ValueError, match="read-only"):
        shared.gallery().parts().templates[0, 0] = 0
    shared.close()

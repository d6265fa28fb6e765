"""Verifying the log while the service runs, for whoever asks."""

import threading

import pytest

from authorised import Team
from overt.people.office import Office
from overt.runtime.verification import Verifications


def _no_thread(_thread: threading.Thread) -> None:
    """Do as Python does where the system has no room for another one."""
    raise RuntimeError("can't start new thread")


def test_one_that_found_no_thread_keeps_nobody_from_the_next(
    office: Office, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifications, person = Verifications(office), team.commander
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", _no_thread)
        with pytest.raises(RuntimeError):
            verifications.begin(person)

    verifications.begin(person)
    verifications.wait(person, 60)

    latest = verifications.latest(person)
    assert latest is not None
    assert latest.finished_at is not None

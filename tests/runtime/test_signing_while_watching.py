"""The log is signed beside the cameras: what is wrong with that is told, and ends little."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from overt.errors import AuditError, RecordBusyError, StorageError
from overt.runtime import signing
from overt.runtime.signing import Signing


def a_signing(sign: Callable[[], object]) -> Signing:
    """Signing of a log that does so when it is asked to sign."""

    class Asked:
        def checkpoint_if_due(self) -> object:
            return sign()

    log: Any = Asked()
    return Signing(log)


def failing(error: Exception) -> Callable[[], object]:
    def sign() -> object:
        raise error

    return sign


def told_of(one: Signing) -> list[AuditError]:
    """What is told of two signatures, one after the other."""
    told = one.sign_if_due()
    assert one._signed is not None
    one._signed.exception(5)
    return told + one.sign_if_due()


def test_a_record_that_somebody_else_writes_is_signed_another_time() -> None:
    one = a_signing(failing(RecordBusyError("it is locked.")))

    assert told_of(one) == []
    assert one.close() == []


def test_a_record_that_cannot_be_written_is_no_small_matter() -> None:
    with pytest.raises(StorageError):
        told_of(a_signing(failing(StorageError("the disk is full."))))


def test_a_witness_that_is_away_is_told_of_once() -> None:
    away = AuditError("it cannot be reached.")
    one = a_signing(failing(away))

    assert told_of(one) == [away]
    assert told_of(one) == []


def test_a_witness_that_hangs_keeps_no_end_off_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "_LEAVING_S", 0.1)
    ended = Event()
    one = a_signing(ended.wait)
    one.sign_if_due()

    (told,) = one.close()
    ended.set()

    assert "does not answer" in str(told)

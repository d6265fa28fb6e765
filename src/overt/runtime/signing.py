"""Signing the log while cameras are watched: in a thread, for a slow witness must hold up nothing."""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress

from overt.audit.log import Log
from overt.errors import AuditError, RecordBusyError, StorageError

_LEAVING_S = 15.0
"""Longer than a witness that is there takes. One that hangs must not keep a run's end off the record."""


class Signing:
    """Has the log signed where that is due. Neither an alert nor a stop waits for it."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._thread = ThreadPoolExecutor(1, "checkpoints")
        self._signed: Future[AuditError | None] | None = None
        self._told: set[str] = set()

    def sign_if_due(self) -> list[AuditError]:
        """See whether it is due, unless that is going on; return what went wrong, each once.

        Raises:
            StorageError: the record cannot be written.
        """
        if self._signed is not None and not self._signed.done():
            return []
        wrong = self._wrong()
        self._signed = self._thread.submit(self._sign)
        return wrong

    def close(self) -> list[AuditError]:
        """Wait a while for what is going on; return what the witness had against it, if anything."""
        self._thread.shutdown(wait=False)
        if self._signed is not None and not wait([self._signed], _LEAVING_S).done:
            self._signed = None
            return [
                AuditError(
                    "The witness of the log does not answer.",
                    remedy="See whether its folder or address can be reached; the log is whole.",
                )
            ]
        with suppress(StorageError):  # nobody waits for this signature any more
            return self._wrong()
        return []

    def _wrong(self) -> list[AuditError]:
        error = self._signed.result() if self._signed else None  # raises what is no witness's
        self._signed = None
        if error is None or str(error) in self._told:
            return []
        self._told.add(str(error))
        return [error]

    def _sign(self) -> AuditError | None:
        try:
            self._log.checkpoint_if_due()
        except AuditError as error:  # the witness is away; what is on the log is safe
            return error
        except RecordBusyError:  # it is due again soon
            return None
        return None

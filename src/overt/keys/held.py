"""A master key that this process holds in memory while it works."""

import threading
from collections.abc import Callable
from typing import NoReturn

from overt.errors import MasterKeyError, SealingError
from overt.keys.sealing import DataKey, open_sealed, seal


class HeldKey:
    """A `MasterKey` of 32 bytes, fetched when it is first needed and then kept in memory.

    A wrapped key is a sealed value (`overt.keys.sealing`) that is bound to its purpose, so a
    key that was wrapped for one thing does not unwrap as another. Threads may share it.
    """

    __slots__ = ("_fetch", "_fetching", "_key", "apart", "name")

    def __init__(self, name: str, fetch: Callable[[], DataKey], *, apart: bool) -> None:
        self.name = name
        self.apart = apart
        self._fetch = fetch
        self._fetching = threading.Lock()
        self._key: DataKey | None = None

    def wrap(self, key: DataKey, purpose: str) -> bytes:
        """Return the key sealed for a purpose.

        Raises:
            MasterKeyError: the master key cannot be had.
            SealingError: the key has been wiped.
        """
        return seal(self._held(), key.reveal(), _bound(purpose))

    def unwrap(self, wrapped: bytes, purpose: str) -> DataKey:
        """Return what `wrap` wrapped for this purpose.

        Raises:
            MasterKeyError: it was wrapped by another master key or for another purpose, it was
                changed, or the master key cannot be had.
        """
        held = self._held()
        try:
            return DataKey(open_sealed(held, wrapped, _bound(purpose)))
        except (SealingError, ValueError):
            raise does_not_open(self.name) from None

    def _held(self) -> DataKey:
        with self._fetching:
            if self._key is None:
                self._key = self._fetch()
            return self._key

    def __repr__(self) -> str:
        return f"HeldKey({self.name})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a master key does not leave the process it is used in")


def does_not_open(name: str) -> MasterKeyError:
    """Return the error for a wrapped key that a master key does not open."""
    return MasterKeyError(
        f"The master key ({name}) does not open the keys of this record.",
        remedy="Give the master key that the record was begun with; see the how-to on master keys.",
    )


def _bound(purpose: str) -> dict[str, str | int]:
    return {"is": "data key", "purpose": purpose}

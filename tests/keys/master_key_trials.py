"""What the tests of master keys share: a passphrase, keyrings, and how an error must look."""

from collections.abc import Callable

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from overt.errors import MasterKeyError

PASSPHRASE = "correct horse battery staple"  # noqa: S105  it guards nothing


class MemoryKeyring(KeyringBackend):
    """A real backend of the keyring package that keeps its entries in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """Return an entry, or None where there is none."""
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep an entry."""
        self.entries[service, username] = password


class LockedKeyring(MemoryKeyring):
    """A keyring that nobody has unlocked, and that says too much about it."""

    def get_password(self, service: str, username: str) -> str | None:  # noqa: ARG002
        """Refuse, as locked keyrings do."""
        raise KeyringLocked(PASSPHRASE)


def refusal(act: Callable[[], object]) -> MasterKeyError:
    """Return the error that an act ends in: one line, a remedy, and nothing behind it."""
    with pytest.raises(MasterKeyError) as caught:
        act()
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value

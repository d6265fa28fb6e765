"""Keys for alerts to come, made beforehand: each alert is sealed under a key of its own.

Making a key is a commit on the disk. Making several at once, before they are needed, keeps that
out of the time between a frame and its alert.
"""

from overt.storage import KeyStore

_AHEAD = 16  # more than a deployment on the published record ever raised at one time
_FEW = 8


class AlertKeys:
    """Hands out key ids, each once. For use by one thread."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys
        self._ready: list[str] = []

    def make_ahead(self) -> None:
        """Make keys if few are left: for moments in which nobody waits for an alert."""
        if len(self._ready) < _FEW:
            self._ready += self._keys.new_ones("alert", _AHEAD)

    def take(self) -> str:
        """Return the id of a key that nothing has been sealed with."""
        if not self._ready:
            self._ready = self._keys.new_ones("alert", _AHEAD)
        return self._ready.pop()

    def put_back(self, key_id: str) -> None:
        """Take back a key that nothing was sealed with after all."""
        self._ready.append(key_id)

    def destroy_unused(self) -> None:
        """Destroy the keys that were not needed."""
        if self._ready:
            self._keys.destroy(self._ready)
            self._ready = []

"""The one place where templates, pictures and names become bytes in the record, and back.

Everything that could show a face, a template or who is listed is sealed here before it is
stored (AES-256-GCM, `overt.keys.sealing`), and bound to its place: a ciphertext that is moved
to another entry, list, pack or column does not open.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from overt.errors import StorageError
from overt.keys.sealing import DataKey, open_sealed, seal
from overt.values import Template

Place = Mapping[str, str | int]
"""What a sealed value is bound to: what it is, and of which entry, list, pack and version."""

_VERSION = 1


def place(what: str, **where: str | int) -> Place:
    """Return what a sealed value is bound to."""
    return {"what": what, "version": _VERSION, **where}


def seal_template(key: DataKey, template: Template, where: Place) -> bytes:
    """Seal a template `(d,)` as its float32 values, little-endian whatever the machine."""
    return seal(key, np.ascontiguousarray(template, dtype="<f4").tobytes(), where)


def open_template(key: DataKey, sealed: bytes, where: Place, dimension: int) -> Template:
    """Return the template `(dimension,)` float32 that `seal_template` sealed.

    Raises:
        SealingError: it was changed or moved, or the key is another one.
        StorageError: it is not `dimension` float32 values.
    """
    plain = open_sealed(key, sealed, where)
    if len(plain) != 4 * dimension:
        raise StorageError(
            "A template in the record is damaged.",
            remedy="Import the watchlist again from its files.",
        )
    return np.frombuffer(plain, dtype="<f4").astype(np.float32)


def seal_picture(key: DataKey, jpeg: bytes, where: Place) -> bytes:
    """Seal an encoded picture."""
    return seal(key, jpeg, where)


def open_picture(key: DataKey, sealed: bytes, where: Place) -> bytes:
    """Return the encoded picture that `seal_picture` sealed.

    Raises:
        SealingError: it was changed or moved, or the key is another one.
    """
    return open_sealed(key, sealed, where)


def seal_facts(key: DataKey, facts: Mapping[str, Any], where: Place) -> bytes:
    """Seal what is known about somebody, as JSON."""
    return seal(key, json.dumps(facts, ensure_ascii=True).encode(), where)


def open_facts(key: DataKey, sealed: bytes, where: Place) -> dict[str, Any]:
    """Return the facts that `seal_facts` sealed.

    Raises:
        SealingError: they were changed or moved, or the key is another one.
    """
    facts: dict[str, Any] = json.loads(open_sealed(key, sealed, where))
    return facts

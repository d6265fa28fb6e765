"""Finds a row by the beginning of its id, as people type it."""

from typing import Any

from sqlalchemy import Column, Connection, func, select

from overt.errors import NotFoundError, StorageError


def unique_id(connection: Connection, column: Column[Any], prefix: str) -> str:
    """Return the one id in `column` that is `prefix`, or else the one that begins with it.

    Raises:
        NotFoundError: no id begins so.
        StorageError: several do.
    """
    what = column.name.removesuffix("_id")
    begins_so = func.substr(column, 1, len(prefix)) == prefix
    query = select(column).where(begins_so).order_by(column)
    found: list[str] = list(connection.execute(query).scalars()) if prefix else []
    if prefix in found:
        return prefix
    if not found:
        raise NotFoundError(
            f"There is no {what} whose id begins with “{prefix}”.",
            remedy="List what there is, and copy the id from there.",
        )
    if len(found) > 1:
        raise StorageError(
            f"{len(found)} ids begin with “{prefix}”: {_some(found)}.",
            remedy="Give more of the id.",
        )
    return found[0]


def _some(ids: list[str]) -> str:
    return ", ".join(ids[:3]) + (", …" if len(ids) > 3 else "")

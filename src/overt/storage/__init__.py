"""The record: runs, watchlists and alerts, kept in one place and durable when written.

This is the only room that knows SQL. It keeps what the other rooms' values say and decides
nothing: what may be stored, for how long and on whose authority is said elsewhere.
"""

from overt.storage.alerts import AlertRecord
from overt.storage.record import Record
from overt.storage.runs import End, Run
from overt.storage.watchlists import Enrolled

__all__ = ["AlertRecord", "End", "Enrolled", "Record", "Run"]

"""The layouts in which a record is written."""

from enum import StrEnum


class Layout(StrEnum):
    """In which layout a record is written; the last is the Metropolitan Police's columns."""

    CSV = "csv"
    JSON = "json"
    HTML = "html"
    MET_CSV = "met-csv"

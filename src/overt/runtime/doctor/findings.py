"""What a check says: how something stands, in words, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """How something stands."""

    FINE = "fine"
    ATTENTION = "attention"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `remedy` is empty where nothing is to be done."""

    name: str
    standing: Standing
    words: str
    remedy: str = ""


def fine(name: str, words: str) -> Finding:
    """Return a finding with which nothing is to be done."""
    return Finding(name, Standing.FINE, words)


def attention(name: str, words: str, remedy: str) -> Finding:
    """Return a finding that somebody should know of; deployments can run."""
    return Finding(name, Standing.ATTENTION, words, remedy)


def wrong(name: str, words: str, remedy: str) -> Finding:
    """Return a finding with which no deployment should run."""
    return Finding(name, Standing.WRONG, words, remedy)

"""Refusals as pages say them: without the commands that somebody at a terminal would type."""

import re

_COMMAND = re.compile(r":? ?\bovert [a-z]+ [a-z-]+[^.;]*|^Add --.*$")


def without_commands(words: str) -> str:
    """Return words as they read without commands.

    >>> without_commands("An engagement officer closes each: overt alerts close.")
    'An engagement officer closes each.'
    """
    said = _COMMAND.sub("", words).strip()
    return "" if said == "See." else said

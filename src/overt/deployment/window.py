"""The authorised window in words: how long, from when, until when, and how far off."""

from datetime import UTC, datetime, timedelta


def spell_time(moment: datetime) -> str:
    """Return an aware time as this computer's time zone has it, with UTC where they differ."""
    local = moment.astimezone()
    spelt = f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}"
    return spelt if not local.utcoffset() else f"{spelt} ({moment.astimezone(UTC):%H:%M} UTC)"


def spell_duration(length: timedelta) -> str:
    """Return a length of time in its two largest units; a negative one as if positive.

    >>> spell_duration(timedelta(hours=-2, minutes=-5)), spell_duration(timedelta(seconds=20))
    ('2 h 5 min', '20 s')
    """
    seconds = round(abs(length.total_seconds()))
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    parts = ((days, "days" if days != 1 else "day"), (hours, "h"), (minutes, "min"))
    named = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(named[:2]) or f"{seconds} s"

"""How times, ages and scores are put into words, the same on every picture and page."""

from datetime import UTC, date, datetime, tzinfo

from overt.values import Alert, Quality

# The dashes are meant.
POSSIBLE_MATCH = "Possible match – for a person to decide"  # noqa: RUF001
REHEARSAL = "REHEARSAL – not a live deployment"  # noqa: RUF001
PICTURE_GONE = "Destroyed with its watchlist"


def in_utc_and_local(moment: datetime, zone: tzinfo | None = None) -> str:
    """Return an aware moment in UTC and in `zone`, by default this machine's own.

    >>> from zoneinfo import ZoneInfo
    >>> in_utc_and_local(datetime(2026, 7, 4, 12, 0, 2, tzinfo=UTC), ZoneInfo("Europe/London"))
    '4 July 2026, 12:00:02 UTC (13:00:02 BST)'
    """
    utc, local = moment.astimezone(UTC), moment.astimezone(zone)
    told = f"{in_words(utc.date())}, {utc:%H:%M:%S} UTC"
    if local.utcoffset() == utc.utcoffset():
        return told
    other_day = f"{in_words(local.date())}, " if local.date() != utc.date() else ""
    return f"{told} ({other_day}{local:%H:%M:%S} {local.tzname()})"


def in_words(day: date) -> str:
    """Return a date as it is written in a sentence.

    >>> in_words(date(2026, 7, 4))
    '4 July 2026'
    """
    return f"{day.day} {day:%B %Y}"


def age_in_words(taken: date, seen: date) -> str:
    """Return how old a picture was when its subject may have been seen.

    >>> age_in_words(date(2023, 11, 5), date(2026, 7, 4))
    '2 years 7 months old'
    >>> age_in_words(date(2026, 7, 1), date(2026, 7, 4))
    '3 days old'
    """
    months = (seen.year - taken.year) * 12 + seen.month - taken.month - (seen.day < taken.day)
    if months < 1:
        return f"{_count(max((seen - taken).days, 0), 'day')} old"
    years, months = divmod(months, 12)
    parts = [_count(n, unit) for n, unit in ((years, "year"), (months, "month")) if n]
    return f"{' '.join(parts)} old"


def quality_in_words(quality: Quality) -> str:
    """Return what a person may want to know of a picture's quality, without a verdict.

    >>> quality_in_words(Quality(41.5, 123.4, 0.48, -12.3, 3.0, 0.5, 0.7))
    '42 px between the eyes, turned 12°'
    """
    turned = max(abs(quality.yaw_deg), abs(quality.pitch_deg))
    pose = "frontal" if turned < 5 else f"turned {turned:.0f}°"
    return f"{quality.inter_eye_distance_px:.0f} px between the eyes, {pose}"


def evidence_in_words(alert: Alert) -> str:
    """Return how many shots of the track the alert rests on.

    >>> from types import SimpleNamespace
    >>> evidence_in_words(SimpleNamespace(agreeing=4, shots=5))
    '4 of 5 shots agree'
    """
    return f"{alert.agreeing} of {_count(alert.shots, 'shot')} agree"


def scores_in_words(alert: Alert) -> str:
    """Return the comparison score beside its threshold, so that nobody takes it for a chance."""
    candidate = alert.candidate
    return (
        f"comparison score {candidate.comparison_score:.3f}, "
        f"normalised {candidate.normalised_score:.3f}, "
        f"threshold {alert.threshold:.3f}; not a probability"
    )


def duration_in_words(duration_s: float) -> str:
    """Return a duration in hours, minutes and seconds.

    >>> duration_in_words(3_725.4), duration_in_words(42.26), duration_in_words(60)
    ('1 h 2 min 5 s', '42 s', '1 min 0 s')
    """
    minutes, seconds = divmod(round(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (seconds, "s")]
    first = next((n for n, (value, _) in enumerate(parts) if value), 2)
    return " ".join(f"{value} {unit}" for value, unit in parts[first:])


def _count(n: int, unit: str) -> str:
    return f"{n} {unit}" if n == 1 else f"{n} {unit}s"

"""Whether the clock can be relied on: windows, deadlines and every entry of the log rest on it."""

from overt.runtime.doctor.findings import Finding, attention, fine, wrong

_STEP_S = 0.02
"""A clock that is only being corrected runs apart by 0.25 ms in half a second (adjtimex(2))."""


def synchronised(told: bool | None) -> Finding:  # noqa: FBT001  what the system told
    """Judge what keeps the clock right; None where nothing says whether anything does."""
    remedy = "Run chrony or systemd-timesyncd, with a time server that this machine reaches."
    if told is None:
        return attention("clock", "Nothing here says whether the clock is kept right.", remedy)
    if not told:
        return wrong("clock", "The clock is not synchronised with any time server.", remedy)
    return fine("clock", "The clock is kept right by a time server.")


def steady(step_s: float) -> Finding:
    """Judge by how much the clock ran apart from the monotonic one, over half a second."""
    if abs(step_s) > _STEP_S:
        return attention(
            "steadiness of the clock",
            f"The clock was moved by {1000 * step_s:+.0f} ms within half a second.",
            "Look again in a minute; if it goes on, see what sets the clock of this machine.",
        )
    return fine("steadiness of the clock", "The clock runs at an even pace.")

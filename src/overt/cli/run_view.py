"""What a person sees of a run: a live picture on a terminal, plain lines elsewhere."""

from collections import deque
from datetime import UTC, datetime
from time import monotonic
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from overt.capture import FROZEN_S
from overt.cli.screen import printable
from overt.deployment.file import Deployment
from overt.reporting.wording import evidence_in_words
from overt.runtime.messages import CameraState, Ended
from overt.runtime.views import Listed
from overt.storage import AlertRecord
from overt.values import Alert
from overt.vocabulary import DeploymentKind, LinkState

_CARDS = 6  # the newest alerts that stay in sight
_LINE_EVERY_S = 5.0
_STALE_S = 5.0


class QuietView:
    """Shows nothing."""

    def enrolling(self, done: int, entries: int) -> None:
        """Pass over it."""

    def listed(self, listed: Listed) -> None:
        """Pass over it."""

    def alert(self, record: AlertRecord) -> None:
        """Pass over it."""

    def state(self, state: CameraState) -> None:
        """Pass over it."""

    def ended(self, ended: Ended) -> None:
        """Pass over it."""


class PlainView:
    """Lines for a log or a pipe: one an alert, and the counts every few seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said_s: dict[str, float] = {}

    def enrolling(self, done: int, entries: int) -> None:
        """Say how enrolment goes, now and then."""
        if done == entries or monotonic() - self._said_s.get("", 0.0) > _LINE_EVERY_S:
            self._said_s[""] = monotonic()
            self._say(f"enrolling: {done} of {entries}")

    def listed(self, listed: Listed) -> None:
        """Say what is searched."""
        self._say(_list_words(listed))

    def alert(self, record: AlertRecord) -> None:
        """Say that there is an alert."""
        self._say("  ".join(_alert_words(record)))

    def state(self, state: CameraState) -> None:
        """Say the counts, now and then."""
        if monotonic() - self._said_s.get(state.camera, 0.0) > _LINE_EVERY_S:
            self._said_s[state.camera] = monotonic()
            self._say(_camera_line(state))

    def ended(self, ended: Ended) -> None:
        """Say how a camera ended."""
        self._say(_camera_line(ended.state))
        self._say(f"{ended.state.camera}: {_how_it_ended(ended)}")

    def noted(self, words: str) -> None:
        """Say what concerns the whole run."""
        self._say(f"NOTE: {words}")

    def _say(self, line: str) -> None:
        self._console.print(printable(line), soft_wrap=True)


class LiveView:
    """A picture of the run that redraws itself; use it in a `with` statement."""

    def __init__(self, console: Console, deployment: Deployment) -> None:
        self._deployment = deployment
        self._states: dict[str, CameraState] = {}
        self._heard_s: dict[str, float] = {}
        self._endings: dict[str, str] = {}
        self._cards: deque[AlertRecord] = deque(maxlen=_CARDS)
        self._list_words = "reading the watchlist"
        self._note = ""
        self._enrolled: tuple[int, int] | None = None
        self._live = Live(console=console, refresh_per_second=8, get_renderable=self._picture)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.__exit__(None, None, None)

    def enrolling(self, done: int, entries: int) -> None:
        """Show how enrolment goes."""
        self._enrolled = (done, entries)

    def listed(self, listed: Listed) -> None:
        """Show what is searched."""
        self._enrolled = None
        self._list_words = _list_words(listed)

    def alert(self, record: AlertRecord) -> None:
        """Show an alert's card."""
        self._cards.appendleft(record)

    def state(self, state: CameraState) -> None:
        """Show how a camera is doing."""
        self._states[state.camera] = state
        self._heard_s[state.camera] = monotonic()

    def ended(self, ended: Ended) -> None:
        """Show how a camera ended."""
        self._endings[ended.state.camera] = _how_it_ended(ended)

    def noted(self, words: str) -> None:
        """Show what concerns the whole run, until it ends."""
        self._note = f"NOTE: {words}"

    def _picture(self) -> RenderableType:
        parts: list[RenderableType] = [_banner(self._deployment), Text(self._list_words)]
        if self._note:
            parts.append(Text(self._note, "bold yellow"))
        if self._enrolled is not None:
            done, entries = self._enrolled
            parts += [Text(f"enrolling {done} of {entries}"), ProgressBar(entries, done, width=50)]
        if self._states:
            parts.append(self._cameras())
        parts += [_card(record) for record in self._cards]
        return Group(*parts)

    def _cameras(self) -> Table:
        headings = ("camera", "state", "film", "a second", "dropped", "faces", "searched", "alerts")
        table = Table(*headings, expand=False, border_style="dim")
        for name, state in self._states.items():
            counts = state.counts
            table.add_row(
                Text(printable(name)),
                Text(self._endings.get(name) or self._alive(state)),
                _film(state),
                _pace(state),
                str(state.dropped.total()),
                str(counts.faces_seen),
                str(counts.faces_searched),
                str(counts.alerts),
            )
        return table

    def _alive(self, state: CameraState) -> str:
        silent_s = max(state.waiting_s, monotonic() - self._heard_s[state.camera])
        if silent_s > _STALE_S:
            why = _why_lost(state)
            return f"NO PICTURE for {silent_s:.0f} s{': ' if why else ''}{why}"
        if state.link.still_s >= FROZEN_S:
            return f"PICTURE UNCHANGED for {state.link.still_s:.0f} s"
        if state.kept.below_floor:
            return f"BELOW THE POLICY'S FLOOR of {state.kept.floor_per_second:g} a second"
        return "watching" if state.counts.frames else "starting"


def _banner(deployment: Deployment) -> Text:
    kind = "REHEARSAL" if deployment.kind is DeploymentKind.REHEARSAL else "LIVE"
    title = f" {kind} · {printable(deployment.name)} · {printable(deployment.location)} "
    return Text.assemble((title, "bold reverse"), f"  {datetime.now(UTC):%H:%M:%S} UTC")


def _card(record: AlertRecord) -> Panel:
    words = _alert_words(record)
    return Panel(
        Text("\n".join(words[1:])),
        title=Text(words[0]),
        title_align="left",
        border_style="yellow",
        width=76,
    )


def _alert_words(record: AlertRecord) -> list[str]:
    alert = record.alert
    candidate, when = alert.candidate, f"{alert.captured_at:%H:%M:%S} UTC"
    against = ""  # what a live run says may end up in a file; who is listed is shown with a look
    if alert.kind is DeploymentKind.REHEARSAL:
        against = f", against {candidate.subject_id} (reference {candidate.reference_id})"
    return [
        f"{_mark(alert.kind)}Possible match {record.number} - for a person to decide",
        f"camera {alert.camera}, {when}{against}",
        f"{evidence_in_words(alert)}; {_ms(alert)} from the frame",
        f"compare the pictures: overt alerts show {alert.alert_id[:8]}",
    ]


def _ms(alert: Alert) -> str:
    return f"{alert.latency_s * 1000:.0f} ms"


def _mark(kind: DeploymentKind) -> str:
    return "REHEARSAL: " if kind is DeploymentKind.REHEARSAL else ""


def _list_words(listed: Listed) -> str:
    line = (
        f"{listed.subjects:,} people listed, {listed.references:,} references, "
        f"{listed.refused:,} rows refused; decision threshold {listed.threshold:.4f} "
        "(not a probability)"
    )
    if listed.beyond_measured:
        line += (
            "\nNOTE: the models' thresholds were measured for smaller lists; expect more false "
            "alerts than the policy asks for, and measure before relying on this one."
        )
    return line


def _camera_line(state: CameraState) -> str:
    counts = state.counts
    still_s = state.link.still_s
    unchanged = f"; the picture has not changed for {still_s:.0f} s" if still_s >= FROZEN_S else ""
    return (
        f"{state.camera}: {counts.frames:,} frames, {_pace(state)} a second, "
        f"{state.dropped.total():,} dropped, {counts.faces_seen:,} faces seen, "
        f"{counts.faces_searched:,} searched, {counts.alerts:,} alerts{unchanged}{_short(state)}"
        f"{_lost(state)}"
    )


def _pace(state: CameraState) -> str:
    kept = state.kept
    width = f" at {kept.width_px} px" if kept.width_px else ""
    return f"{kept.frames_per_second:.1f}{width}"


def _short(state: CameraState) -> str:
    kept = state.kept
    if not kept.below_floor:
        return ""
    return (
        f"; BELOW THE POLICY'S FLOOR: {kept.frames_per_second:.1f} of "
        f"{kept.floor_per_second:g} frames a second"
    )


def _lost(state: CameraState) -> str:
    why = _why_lost(state)
    return f"; NO PICTURE: {why}" if why else ""


def _why_lost(state: CameraState) -> str:
    """Return why a camera that delivers nothing was lost; nothing where it delivers."""
    link = state.link
    return "" if link.state is LinkState.PLAYING else printable(link.why)


def _film(state: CameraState) -> str:
    length = f" of {state.film_length_s:.0f}" if state.film_length_s else ""
    return f"{state.film_s:.0f}{length} s"


def _how_it_ended(ended: Ended) -> str:
    if ended.error is not None:
        return f"FAILED: {ended.error.message}"
    return f"ended; {ended.note}" if ended.note else "ended"

"""The stage clip: three listed people among 2,848 strangers' references, one of them large.

Where each of them stands is written down here, so that a right reference at rank 1 of somebody
else's track counts for nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.context import Context
from bench.deployments import Scene
from bench.lists import REFERENCES, enrolled, stage_list
from bench.results import Claim, Grid
from bench.runs import RunReport, run_apart
from bench.tracks import TrackOutcome, track_outcomes

ALERTS_FOR = "lin-manuel-miranda"


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when somebody is seen: a middle in fractions of the picture, and seconds."""

    subject_id: str
    middle: tuple[float, float]
    from_s: float
    to_s: float

    def holds(self, track: TrackOutcome) -> bool:
        """Tell whether a track's best shot is within a twentieth of the picture of the place."""
        across, down = (abs(a - b) for a, b in zip(track.middle, self.middle, strict=True))
        meets = track.from_s <= self.to_s and track.to_s >= self.from_s
        return meets and max(across, down) < 0.05


PLACES = (
    Place("obama", (0.56, 0.27), 7.0, 9.2),
    Place("alex-lacamoire", (0.11, 0.56), 0.0, 0.7),
)
"""The two whose tracks are too poor for an alert: one turned away, one 25 px wide."""


@dataclass(frozen=True, slots=True)
class StageResult:
    """A run as fast as the machine allows, and what every track came to."""

    run: RunReport
    clip_s: float
    tracks: tuple[TrackOutcome, ...]

    def claims(self) -> Iterator[Claim]:
        """Return the claims of the stage clip."""
        found = ", ".join(alert.subject_id for alert in self.run.alerts) or "none"
        yield Claim(
            "stage: alerts",
            f"one, {ALERTS_FOR}",
            found,
            [alert.subject_id for alert in self.run.alerts] == [ALERTS_FOR],
        )
        for place in PLACES:
            ranks = [track.ranks.get(place.subject_id, 0) for track in self._at(place)]
            yield Claim(
                f"stage: {place.subject_id} in their own track",
                "rank 1",
                ", ".join(f"rank {rank}" for rank in ranks) or "no track was searched",
                bool(ranks) and min(ranks) == 1,
            )
        yield Claim(
            "stage: time for the clip",
            f"< {self.clip_s:.1f} s",
            f"{self.run.watching_s:.1f} s",
            self.run.watching_s < self.clip_s,
        )

    def grids(self) -> Iterator[Grid]:
        """Return alerts, times and tracks."""
        yield _alerts(self.run)
        yield run_times("stage: times", {"as fast as possible": self.run})
        yield stage_times("stage: time a stage", {"stage": self.run})
        yield self._tracks()

    def _at(self, place: Place) -> list[TrackOutcome]:
        return [track for track in self.tracks if place.holds(track)]

    def _tracks(self) -> Grid:
        rows = tuple(
            (
                str(track.track_id),
                f"{track.from_s:.2f}-{track.to_s:.2f}",
                f"{track.middle[0]:.2f}, {track.middle[1]:.2f}",
                f"{track.width_px:.0f}",
                f"{track.agreeing} of {track.shots}",
                track.best_subject,
                f"{track.normalised_score:.4f}",
                f"{track.comparison_score:.3f}",
                *(str(track.ranks.get(subject, "-")) for subject in REFERENCES),
            )
            for track in self.tracks
        )
        heads = ("track", "seconds", "place", "px", "agree", "best candidate", "s-norm", "raw")
        return Grid(
            f"stage: tracks, threshold {self.run.threshold:.4f}",
            (*heads, *(f"rank of {subject}" for subject in REFERENCES)),
            rows,
        )


def measure(context: Context) -> StageResult:
    """Run the stage clip and listen to its tracks."""
    files = stage_list(context)
    scene = Scene("stage", str(context.need("video/stage-640x360.mp4")), files)
    watchlist = enrolled(context, files)
    with context.progress("running the stage clip"):
        run = run_apart(context, scene, paced=False)
    return StageResult(run, 9.2, tuple(track_outcomes(context, scene, watchlist, REFERENCES)))


def run_times(title: str, runs: dict[str, RunReport]) -> Grid:
    """Return how long runs took, and what they looked at."""
    heads = ("run", "list", "loading s", "starting s", "watching s", "frames", "frames/s")
    rows = tuple(
        (
            name,
            f"{run.subjects:,}",
            f"{run.loading_s:.1f}",
            f"{run.starting_s:.1f}",
            f"{run.watching_s:.1f}",
            str(run.frames),
            f"{run.frames_per_second:.1f}",
            str(run.detections),
            f"{run.faces_seen} / {run.faces_searched}",
            ", ".join(f"{count} {cause}" for cause, count in run.dropped.items()) or "none",
        )
        for name, run in runs.items()
    )
    return Grid(
        title,
        (*heads, "detections", "faces seen / searched", "dropped"),
        rows,
        "loading: list and threshold; starting: the camera's process, to its first frame done.",
    )


def stage_times(title: str, runs: dict[str, RunReport]) -> Grid:
    """Return the stage times of runs, side by side: median and 95th percentile."""
    names = dict.fromkeys(time.stage for run in runs.values() for time in run.stage_times)
    by_run = [{time.stage: time for time in run.stage_times} for run in runs.values()]
    rows = tuple(
        (
            name,
            *(
                f"{times[name].p50_ms:.2f} / {times[name].p95_ms:.2f}  ({times[name].count})"
                if name in times
                else ""
                for times in by_run
            ),
        )
        for name in names
    )
    return Grid(title, ("stage", *runs), rows, "p50 / p95 in ms, and of how many calls.")


def _alerts(run: RunReport) -> Grid:
    rows = tuple(
        (
            alert.subject_id,
            f"{alert.comparison_score:.4f}",
            f"{alert.normalised_score:.4f}",
            f"{alert.threshold:.4f}",
            f"{alert.agreeing} of {alert.shots}",
            f"{alert.presentation_s:.2f}",
        )
        for alert in run.alerts
    )
    return Grid("stage: alerts", ("subject", "raw", "s-norm", "threshold", "agree", "at s"), rows)

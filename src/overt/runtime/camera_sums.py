"""What the states of one camera come to, over its processes and in its present job."""

from dataclasses import replace

from overt.runtime.counts import since, total
from overt.runtime.messages import CameraState
from overt.runtime.timing import Spread


def added(before: CameraState, now: CameraState) -> CameraState:
    """Return the state of a camera whose earlier processes had come to `before`."""
    link = replace(
        now.link,
        reconnects=before.link.reconnects + now.link.reconnects,
        losses=before.link.losses + now.link.losses,
        lost_s=before.link.lost_s + now.link.lost_s,
        why=now.link.why or before.link.why,
    )
    return replace(
        now,
        counts=total([before.counts, now.counts]),
        dropped=before.dropped + now.dropped,
        link=link,
        kept=replace(now.kept, below_floor_s=before.kept.below_floor_s + now.kept.below_floor_s),
        film_s=before.film_s + now.film_s,
        ages=before.ages + now.ages,
        peak_memory_mb=max(before.peak_memory_mb, now.peak_memory_mb),
    )


def state_since(whole: CameraState, before: CameraState) -> CameraState:
    """Return the state of a camera in its present job, which began when it had come to `before`."""
    link = replace(
        whole.link,
        reconnects=whole.link.reconnects - before.link.reconnects,
        losses=whole.link.losses - before.link.losses,
        lost_s=whole.link.lost_s - before.link.lost_s,
    )
    return replace(
        whole,
        counts=since(whole.counts, before.counts),
        dropped=whole.dropped - before.dropped,
        link=link,
        kept=replace(
            whole.kept, below_floor_s=whole.kept.below_floor_s - before.kept.below_floor_s
        ),
        ages=whole.ages.since(before.ages),
        stages={
            name: spread.since(before.stages.get(name, Spread()))
            for name, spread in whole.stages.items()
        },
    )

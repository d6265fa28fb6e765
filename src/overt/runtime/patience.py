"""How long a camera may keep its parent waiting, and what is wrong with one that does so for longer."""

from dataclasses import dataclass

from overt.vocabulary import LossCause


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a camera may keep its parent waiting, in seconds.

    `starting_s` is the silence allowed until a first frame was looked at: a process loads its
    libraries and models, and fits these to the picture's size, without a word. `silence_s` is
    that allowed later, when a beat comes four times a second: to one that uses the processor.
    `still_s` is how long one that is late may do nothing at all, and `stopped_s` how long one may
    be stopped by a signal; both are for lasting sources, as the end of a recording's process is
    the end of it, and nobody in the street waits for the next.
    `picture_s` is how long a source may deliver no picture, opening included, and `grace_s` how
    long a camera may take to stop by itself, its video finished, when it is told to. A lasting
    source may take `opening_s` for each try to open it, and deliver nothing for `stall_s`.
    """

    starting_s: float = 60.0
    silence_s: float = 10.0
    still_s: float = 1.5
    stopped_s: float = 0.25
    picture_s: float = 30.0
    grace_s: float = 10.0
    opening_s: float = 15.0
    stall_s: float = 4.5


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a camera's process: the cause that is counted, and words."""

    cause: LossCause
    words: str

"""What tells a camera's process to stop, seen by it without anything that it could keep locked."""

from multiprocessing.context import SpawnContext


class StopSign:
    """Set by the parent, for good, and looked at by a camera's process many times a second.

    Looking at an `Event` of multiprocessing takes a lock. A process that is killed or stopped while
    it holds that lock keeps it, and its parent, which looks as well, would wait for ever.
    """

    def __init__(self, context: SpawnContext) -> None:
        self._set = context.Semaphore(0)

    def set(self) -> None:
        """Tell the process to stop; harmless when repeated."""
        self._set.release()

    def is_set(self) -> bool:
        """Tell whether it is to stop."""
        return self._set.get_value() > 0

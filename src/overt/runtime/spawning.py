"""How a camera's process is started, with as little of its parent as it needs, and ended."""

import os
import signal
import threading
from multiprocessing.context import SpawnProcess

from overt.runtime.worker import STOP_SIGNALS

_ENDING_S = 1.0  # while it is waited for, no other camera is heard

_STARTING = threading.Lock()
"""Held while a process starts without the secrets of the environment, which threads share."""


def start_process(process: SpawnProcess) -> None:
    """Start a camera's process, deaf to what stops a run and without what is secret."""
    # One thread for a search's matrix product: two that wait for each other beside inference
    # and decoding took ten times as long as one (docs/performance.md).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # The terminal sends Ctrl-C to every process; only the parent acts on it. Python would report
    # it with a traceback while a child is still importing, so it starts out blocked.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    # A camera's process decodes what strangers send: it is given no key and no session.
    with _STARTING:
        hidden = {name: os.environ.pop(name) for name in _secret_variables() if name in os.environ}
        try:
            process.start()
        finally:
            os.environ.update(hidden)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _secret_variables() -> list[str]:
    """Return the environment's variables that hold a secret or say where one is."""
    word, _, named = os.environ.get("OVERT_MASTER_KEY", "").partition(":")
    key = [named] if word == "environment" else []
    return [*key, "OVERT_MASTER_KEY", "OVERT_SESSION"]


def kill_process(process: SpawnProcess) -> None:
    """End a process that still lives, and wait until it has.

    One that hangs in the kernel, in a webcam's driver for example, ends when that lets it; nobody
    waits for it so long.
    """
    if process.is_alive():
        process.kill()
        process.join(_ENDING_S)

"""What a process that holds keys and templates does about its own memory.

After `harden_process` the kernel writes no core file of this process, and other processes of the
same user can neither attach a debugger nor read `/proc/<pid>/mem` or `/proc/<pid>/environ`. The
two settings back each other up: the core limit is not applied where cores are piped to a program
(core(5)), and a process that is not dumpable gives none there either.

It does not keep out root, who can read the memory of any process while it lives; nor swap and
hibernation, which the machine's administrator switches off or encrypts. An exec, and so every
spawned process, resets the dumpable flag: each process that holds keys hardens itself.
"""

import ctypes
import resource
import sys
from dataclasses import dataclass

# <linux/prctl.h>
_PR_GET_DUMPABLE = 3
_PR_SET_DUMPABLE = 4


@dataclass(frozen=True, slots=True)
class Hardening:
    """What holds for this process from now on."""

    no_core_files: bool
    not_dumpable: bool

    @property
    def complete(self) -> bool:
        """Whether all of it holds."""
        return self.no_core_files and self.not_dumpable


def harden_process() -> Hardening:
    """Keep this process's memory out of core files and other processes, as far as it can be.

    Never raises: what could not be done is said in what is returned, each read back.
    """
    return Hardening(no_core_files=_limit_cores(), not_dumpable=_forbid_dumps())


def _limit_cores() -> bool:
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError):
        return False
    return resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def _forbid_dumps() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return False
    arguments = [ctypes.c_ulong(0)] * 3
    prctl(_PR_SET_DUMPABLE, ctypes.c_ulong(0), *arguments)
    return bool(prctl(_PR_GET_DUMPABLE, ctypes.c_ulong(0), *arguments) == 0)

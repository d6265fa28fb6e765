"""Parts of a section that run in a process of their own, with a main module that imports nothing.

Cameras' processes import their parent's main module again, as the product's do: that is `overt`,
which is small. A section's would be counted into the time that a camera takes to come back.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from overt.errors import OvertError

_ROOT = Path(__file__).parents[1]


def run_apart(module: str, arguments: Sequence[object]) -> dict[str, Any]:
    """Run the `main` of a module of the benchmark apart, and return what it told.

    Raises:
        OvertError: it failed.
    """
    command = [sys.executable, "-c", f"from {module} import main; main()"]
    ended = subprocess.run(
        [*command, *map(str, arguments)],
        check=False,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
    )
    if ended.returncode:
        raise OvertError(f"What {module} runs apart failed.")
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


def tell(measured: Callable[[], Any]) -> None:
    """Measure, and tell the process that runs this one apart; to be called by a `main`."""
    print(json.dumps(asdict(measured())))

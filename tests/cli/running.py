"""The command line as a person runs it: another process, its status and what it wrote."""

import os
import subprocess
import sys
from pathlib import Path


def overt(
    *arguments: str, folder: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `overt` without a terminal and return how it ended."""
    return subprocess.run(
        [sys.executable, "-m", "overt", *arguments],
        capture_output=True,
        check=False,
        cwd=folder,
        encoding="utf-8",
        env=os.environ | {"COLUMNS": "100", "PYTHONUTF8": "1"} | environment,
        timeout=60,
    )

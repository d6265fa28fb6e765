"""The `overt` command: one module a command, all of them thin.

This module imports nothing heavy, and neither does any command's module until its command
runs, so that `overt --help` answers at once.
"""

import sys
from collections.abc import Sequence
from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run `overt` with these arguments, or the command line's, and exit."""
    from overt.cli.boundary import run

    sys.exit(run(sys.argv[1:] if arguments is None else arguments))

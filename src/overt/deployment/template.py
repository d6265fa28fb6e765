"""The commented deployment file that `overt deployment new` writes, to be filled in."""

import os
import re
import tempfile
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from string import Template

from overt.deployment.source import standing
from overt.errors import ConfigurationError
from overt.vocabulary import DeploymentKind

_LENGTH = timedelta(hours=6)
"""About what the longest deployments on the published record last."""

_SOURCES = {
    DeploymentKind.LIVE: (
        "# A network camera, rtsp://... or rtsps://..., or a webcam such as webcam:/dev/video0.",
        "",
    ),
    DeploymentKind.REHEARSAL: (
        "# A recorded file, a folder of pictures, or a street drawn by Overt: drawn:street.",
        "drawn:street",
    ),
}

_LIVE_ONLY = re.compile(r"^#live\{\n(.*?)^#live\}\n", re.MULTILINE | re.DOTALL)
"""What stands between these lines of the template is for live deployments alone."""


def template(kind: DeploymentKind, now: datetime) -> str:
    """Return a deployment file to fill in, whose window begins at the hour after `now`.

    `now` is an aware time; the window is written in its time zone.
    """
    start = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    source_help, source = _SOURCES[kind]
    text = (resources.files("overt.deployment") / "template.toml").read_text("utf-8")
    text = _LIVE_ONLY.sub(r"\1" if kind is DeploymentKind.LIVE else "", text)
    return Template(text).substitute(
        kind=kind,
        start=start.isoformat(),
        end=(start + _LENGTH).isoformat(),
        source_help=source_help,
        source=source,
    )


def write_whole(path: Path, text: str, *, overwrite: bool) -> None:
    """Write `text` at `path`, wholly or not at all; only its owner may read it.

    Raises:
        ConfigurationError: it cannot be written there, or is there already and `overwrite`
            is false.
    """
    if standing(path) == "folder":
        raise ConfigurationError(f"{path} is a folder.", remedy="Name a file to write in it.")
    if os.path.lexists(path) and not overwrite:
        remedy = "Choose another name, or add --force to write over it."
        raise ConfigurationError(f"{path} is there already.", remedy=remedy)
    try:
        _replace(path, text)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}."
        raise ConfigurationError(message, remedy="Choose another place.") from None


def _replace(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".overt-")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except BaseException:
        temporary.unlink()
        raise

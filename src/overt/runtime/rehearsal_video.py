"""A rehearsal's annotated video: what an operator may see, frame by frame."""

from pathlib import Path
from types import TracebackType
from typing import Self

from overt.reporting.video import AnnotatedVideo
from overt.runtime.pipeline import CameraSettings, PipelineResult
from overt.runtime.shown import as_shown
from overt.values import Frame


class RehearsalVideo:
    """Writes one camera's annotated video; a context manager."""

    def __init__(self, path: Path, settings: CameraSettings) -> None:
        self._video = AnnotatedVideo(path, settings.kind)
        self._zone = settings.zone

    def __enter__(self) -> Self:
        self._video.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._video.__exit__(kind, error, trace)

    def write(self, frame: Frame, result: PipelineResult) -> None:
        """Write one frame as people may see it.

        Raises:
            StorageError: the file cannot be written.
        """
        self._video.write(as_shown(frame.image, result, self._zone), frame.presentation_s)

"""Watches a network camera with DeepFace's `stream`. Imports nothing of ours.

    python deepface_worker.py ADDRESS REFERENCE_PICTURE...

Run by an interpreter that has `deepface`, `face_recognition` and OpenCV. DeepFace loads its networks
from model hubs when it is first used; so that none need be reached, its choice "Dlib" is taken, whose
file face_recognition's package holds, and its usual detector, OpenCV's. Neither facial attributes
nor a window: everything else is as `stream` has it by default, the five seconds after each five
frames with a face included, in which it shows a still picture and looks for nobody. Says on standard
output, a JSON line a frame, when it was done with it, the frame's own time stamp, and how many faces
it found, or null where it did not look.
"""

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import face_recognition_models
from deepface import DeepFace
from deepface.modules import streaming

_found: list[int] = []
_look_for_faces = streaming.grab_facial_areas


class _Noting(cv2.VideoCapture):
    """OpenCV's, with a word on each frame once it is done with."""

    _stamp_s: float | None = None

    def read(self, *given: Any) -> Any:
        if self._stamp_s is not None:
            faces = _found.pop() if _found else None
            said = {"at_s": time.monotonic(), "stamp_s": self._stamp_s, "faces": faces}
            sys.stdout.write(json.dumps(said) + "\n")
            sys.stdout.flush()
        read = super().read(*given)
        self._stamp_s = self.get(cv2.CAP_PROP_POS_MSEC) / 1000 if read[0] else None
        return read


def _noting_faces(*given: Any, **named: Any) -> Any:
    faces = _look_for_faces(*given, **named)
    _found.append(len(faces))
    return faces


def main() -> None:
    """Look at every frame that comes, as `DeepFace.stream` does."""
    home = Path(os.environ["DEEPFACE_HOME"])  # the caller's, which DeepFace heeds as well
    weights, known = home / ".deepface/weights", home / "known"
    for folder in (weights, known):
        folder.mkdir(parents=True, exist_ok=True)
    model = Path(face_recognition_models.face_recognition_model_location())
    (weights / model.name).symlink_to(model)
    for picture in sys.argv[2:]:
        shutil.copy(picture, known)  # it writes beside them
    _without_window()
    DeepFace.stream(
        db_path=str(known), source=sys.argv[1], model_name="Dlib", enable_face_analysis=False
    )


def _without_window() -> None:
    library: Any = cv2
    library.VideoCapture, streaming.grab_facial_areas = _Noting, _noting_faces
    library.imshow = library.destroyAllWindows = lambda *_given: None
    library.waitKey = lambda _delay=0: 0


if __name__ == "__main__":
    main()

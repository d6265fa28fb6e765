"""Watches a network camera with DeepFace's `stream`. Imports nothing of ours.

    python deepface_worker.py ADDRESS FOLDER_OF_REFERENCES

Run by an interpreter that has `deepface`. Its window is left out (there is no screen), and a frame
counts when OpenCV has given it. Says on standard output, a JSON line a frame, when it came and the
frame's own time stamp.
"""

import json
import sys
import time
from typing import Any

import cv2
from deepface import DeepFace


class _Noting(cv2.VideoCapture):
    def read(self, *given: Any) -> Any:
        found = super().read(*given)
        stamp_s = self.get(cv2.CAP_PROP_POS_MSEC) / 1000
        said = {"at_s": time.monotonic(), "stamp_s": stamp_s, "faces": 0}
        if found[0]:
            sys.stdout.write(json.dumps(said) + "\n")
            sys.stdout.flush()
        return found


def main() -> None:
    """Look at every frame that comes, as `DeepFace.stream` does by default."""
    library: Any = cv2
    library.VideoCapture = _Noting
    for name in ("imshow", "namedWindow", "setWindowProperty", "destroyAllWindows"):
        setattr(library, name, lambda *_given: None)
    library.waitKey = lambda _delay=0: 0
    DeepFace.stream(
        db_path=sys.argv[2],
        source=sys.argv[1],
        enable_face_analysis=False,
        time_threshold=1,
        frame_threshold=1,
    )


if __name__ == "__main__":
    main()

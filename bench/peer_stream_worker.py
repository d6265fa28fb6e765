"""Watches a network camera as `face_recognition`'s own webcam example does. Imports nothing of ours.

    python peer_stream_worker.py ADDRESS REFERENCE_PICTURE...

Run by an interpreter that has `face_recognition` and OpenCV. The loop is that of
examples/facerec_from_webcam.py of release 1.3.0, with an address in place of the webcam's number
and without its window; frames are made contiguous, which dlib's newer releases demand. Says on
standard output, a JSON line a frame, when it was done with it and the frame's own time stamp.
"""

import json
import sys
import time

import cv2
import face_recognition
import numpy as np


def main() -> None:
    """Encode the references, then look at every frame that comes."""
    known_face_encodings = [
        face_recognition.face_encodings(face_recognition.load_image_file(path))[0]
        for path in sys.argv[2:]
    ]
    video_capture = cv2.VideoCapture(sys.argv[1])
    while True:
        _ret, frame = video_capture.read()
        stamp_s = video_capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        rgb_frame = np.ascontiguousarray(frame[:, :, ::-1])
        face_locations = face_recognition.face_locations(rgb_frame)
        face_encodings = face_recognition.face_encodings(rgb_frame, face_locations)
        for face_encoding in face_encodings:
            face_recognition.compare_faces(known_face_encodings, face_encoding)
            distances = face_recognition.face_distance(known_face_encodings, face_encoding)
            np.argmin(distances)
        said = {"at_s": time.monotonic(), "stamp_s": stamp_s, "faces": len(face_locations)}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Times `face_recognition` on pictures, as its own examples use it. Imports nothing of ours.

    python peer_worker.py FRAMES.npy REFERENCE_PICTURE...

Run by an interpreter that has `face_recognition`; prints frames, seconds of wall and of processor
time, and faces as JSON.
"""

import json
import sys
import time

import face_recognition
import numpy as np


def main() -> None:
    """Encode the references, then find, encode and compare the faces of every frame."""
    frames = np.load(sys.argv[1], mmap_mode="r")
    pictures = [face_recognition.load_image_file(path) for path in sys.argv[2:]]
    known = [face_recognition.face_encodings(picture)[0] for picture in pictures]
    seconds, cpu_seconds, faces = 0.0, 0.0, 0
    for frame in frames:
        image = np.ascontiguousarray(frame)
        started, cpu_started = time.perf_counter(), time.process_time()
        places = face_recognition.face_locations(image, number_of_times_to_upsample=1, model="hog")
        for encoding in face_recognition.face_encodings(image, places):
            face_recognition.compare_faces(known, encoding)
        seconds += time.perf_counter() - started
        cpu_seconds += time.process_time() - cpu_started
        faces += len(places)
    told = {"frames": len(frames), "faces": faces, "seconds": seconds, "cpu_seconds": cpu_seconds}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()

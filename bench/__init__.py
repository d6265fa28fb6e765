"""What is measured rather than tested: `make bench`, or `python -m bench`. docs/performance.md."""

import os

# As for a camera's process, and before NumPy is loaded, which reads it once.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

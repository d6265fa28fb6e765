"""Drawn people and a drawn street: everything the demo and the tests look at.

No photograph, no real face and no third-party asset is in here: people are a few dozen
numbers from a seed, drawn by our own code. They are meant to be found by a real detector and
told apart by a real recogniser, not to be taken for photographs.
"""

SCHEME = "drawn:"
"""How a source begins that is a drawn street; here, so that asking costs nothing."""

"""Review: a person's decision on each alert, and the one outcome it closes with."""

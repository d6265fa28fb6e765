"""Measuring how well templates and thresholds serve: the same stage objects as production."""

"""Camera workers and their supervisor: the only room that starts processes or threads."""

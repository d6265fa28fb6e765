"""The HTTP API: the rooms' acts over HTTP, for programs whose people are signed in.

It decides nothing of its own. Each route names its act; the table of permissions is asked for the
role before anything is looked up, and the room's function asks it again about the thing itself.
"""

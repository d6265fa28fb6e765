"""What was done, by whom and when: an append-only log that somebody outside can verify.

`overt_verify`, which they use, shares no code with this room.
"""

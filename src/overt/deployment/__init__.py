"""The deployment room: what was authorised, read from a file a person wrote.

`Deployment.load` (`file.py`) turns a deployment file and its policy into one checked, frozen
value; every mistake in either is reported at once, in plain words, with its line.
Nothing here imports arrays, models or databases, so the commands that only read stay quick.
"""

"""What the program says of itself while it runs: for whoever keeps the machine.

Anything may `tell` an event of `overt.logs.events`; a command that serves or runs has them written
(`overt.logs.pipe`). Where no command has asked for that, nothing is written. It is no record of
who did what, which is the audit log's (`overt.audit`), and nothing in it is about a person.
"""

from overt.logs.telling import fault, hear, tell

__all__ = ["fault", "hear", "tell"]

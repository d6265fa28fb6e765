"""Who listens to the wire: every stream that is open, how far it has come, and whose it is."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from overt.errors import SignInError
from overt.people.office import Office
from overt.people.permissions import Person
from overt.people.signing_in import person_of
from overt.web.telling import Audience, Told

MOST_OF_SESSION = 4
"""Streams of one session; browsers open six connections to a host, and pages need some of them."""

_DISPLACED_MS = 5000  # or pages of one session would push one another out every second

_ENDED = b"event: ended\ndata: {}\n\n"  # the session has; a page goes and signs in again


class Listener:
    """A stream that is open. `cursor` is the position of the last row that it is past."""

    def __init__(self, person: Person, token: str, cursor: int) -> None:
        self.person = person
        self.token = token
        self.cursor = cursor
        self.next_beat_s = 0.0
        self.woken = asyncio.Event()
        self.ended = False
        self.farewell = b""

    def end(self, farewell: bytes = b"") -> None:
        """Have the stream end, with these last words."""
        self.ended, self.farewell = True, farewell
        self.woken.set()


class Listeners:
    """The streams that are open. For use in the loop alone."""

    def __init__(self) -> None:
        self._all: list[Listener] = []
        self.anybody = asyncio.Event()

    @contextmanager
    def with_one(self, listener: Listener) -> Iterator[None]:
        """Count one more while the block runs; the oldest of too many of its session ends."""
        same = [each for each in self._all if each.token == listener.token and not each.ended]
        for each in same[: max(0, len(same) + 1 - MOST_OF_SESSION)]:
            each.end(retry(_DISPLACED_MS))
        self._all.append(listener)
        self.anybody.set()
        try:
            yield
        finally:
            self._all.remove(listener)
            if not self._all:
                self.anybody.clear()

    def __len__(self) -> int:
        """Return how many there are; any thread may ask."""
        return len(self._all)

    def people(self) -> list[Person]:
        """Return somebody of each audience."""
        return list({Audience.of(each.person): each.person for each in self._all}.values())

    def tokens(self) -> set[str]:
        """Return what they are signed in with."""
        return {each.token for each in self._all}

    def look_again(self, people: Mapping[str, Person | None]) -> None:
        """Go by who is signed in with each token now; None stands for nobody, or no longer."""
        for each in self._all:
            person = people.get(each.token, each.person)  # who came meanwhile was just looked at
            if person is None:
                each.end(_ENDED)
            else:
                each.person = person

    def wake(self) -> None:
        """Have everybody look."""
        for each in self._all:
            each.woken.set()

    def tell(self, told: Sequence[Told], before: int) -> None:
        """Wake whom new rows reach; others who had come as far as before them are past them."""
        for each in self._all:
            audience = Audience.of(each.person)
            if each.cursor != before or any(row.reaches.get(audience, True) for row in told):
                each.woken.set()
            else:
                each.cursor = told[-1].position

    def end(self) -> None:
        """End every stream."""
        for each in self._all:
            each.end()


def retry(after_ms: int) -> bytes:
    """Return the field that says how long a browser waits before it asks again."""
    return f"retry: {after_ms}\n\n".encode("ascii")


def people_of(office: Office, tokens: Iterable[str]) -> Mapping[str, Person | None]:
    """Return who is signed in with each token; None stands for nobody, or no longer."""
    found: dict[str, Person | None] = {}
    for token in tokens:
        try:
            found[token] = person_of(office, token)
        except SignInError:
            found[token] = None
    return found

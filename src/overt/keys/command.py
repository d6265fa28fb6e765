"""A master key that never enters this process: a program asks a KMS or an HSM to wrap and unwrap.

The program is called as `PROGRAM wrap` or `PROGRAM unwrap`. It reads
`{"data": "<base64>", "purpose": "<text>"}` from its standard input and writes
`{"data": "<base64>"}` to its standard output, with exit status 0, within ten seconds. What it
writes to its standard error is never shown: it could hold anything.
"""

import base64
import hmac
import json
import subprocess
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Literal

from overt.errors import MasterKeyError
from overt.keys.held import does_not_open
from overt.keys.sealing import KEY_BYTES, DataKey

_LIMIT_S = 10.0
_REMEDY = "Run the program by hand as the how-to on master keys shows, and read what it says."


class CommandKey:
    """A `MasterKey` behind a program: an argument list that no shell reads.

    What is wrapped is the key followed by the SHA-256 of its purpose (64 bytes), so that it is
    bound to its purpose even where the program does not do so.
    """

    __slots__ = ("_command", "_limit_s", "apart", "name")

    def __init__(self, command: Sequence[str], *, limit_s: float = _LIMIT_S) -> None:
        self._command = tuple(command)
        self._limit_s = limit_s
        self.name = f"program {Path(self._command[0]).name}"
        self.apart = True

    def wrap(self, key: DataKey, purpose: str) -> bytes:
        """Return the key as the program wrapped it.

        Raises:
            MasterKeyError: the program failed, took too long, or answered something else.
        """
        plain = key.reveal() + _digest(purpose)
        wrapped = self._ask("wrap", plain, purpose)
        if key.reveal() in wrapped:
            raise self._failed("gave the key back unwrapped")
        return wrapped

    def unwrap(self, wrapped: bytes, purpose: str) -> DataKey:
        """Return what `wrap` wrapped for this purpose.

        Raises:
            MasterKeyError: as `wrap`, or it was wrapped for another purpose.
        """
        plain = self._ask("unwrap", wrapped, purpose)
        key, bound = plain[:KEY_BYTES], plain[KEY_BYTES:]
        if not hmac.compare_digest(bound, _digest(purpose)):
            raise does_not_open(self.name)
        return DataKey(key)

    def _ask(self, what: Literal["wrap", "unwrap"], data: bytes, purpose: str) -> bytes:
        request = {"data": base64.b64encode(data).decode("ascii"), "purpose": purpose}
        answer = self._run(what, json.dumps(request, sort_keys=True).encode())
        try:
            return base64.b64decode(json.loads(answer)["data"], validate=True)
        except (ValueError, TypeError, LookupError, RecursionError):
            raise self._failed("answered something else than it should") from None

    def _run(self, what: str, request: bytes) -> bytes:
        try:
            done = subprocess.run(
                [*self._command, what],
                input=request,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=self._limit_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise self._failed(f"did not answer within {self._limit_s:g} s") from None
        except OSError as error:
            raise self._failed(f"cannot be run: {error.strerror}") from None
        if done.returncode != 0:
            raise self._failed(f"refused to {what} (exit status {done.returncode})")
        return done.stdout

    def _failed(self, how: str) -> MasterKeyError:
        return MasterKeyError(f"The master key's {self.name} {how}.", remedy=_REMEDY)

    def __repr__(self) -> str:
        return f"CommandKey({self.name})"


def _digest(purpose: str) -> bytes:
    return sha256(purpose.encode()).digest()

"""Where the simulated RIS hands its messages over: sent until somebody answers for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from apps.intake.tools.client import MllpClient, NoListenerError
from apps.intake.tools.sender import NO_ANSWER, code_of

_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 30.0
_NOT_NOW = frozenset({"AR", "CR"})


class Outlet:
    """Sends one message at a time; a message that nobody took is sent again, byte for byte.

    ``pause`` waits so many seconds and says when to give up.
    """

    def __init__(
        self, client: MllpClient, *, pause: Callable[[float], bool], tell: Callable[[str], None]
    ) -> None:
        self._client = client
        self._pause = pause
        self._tell = tell

    def deliver(self, payload: bytes) -> str:
        """Return the code of the answer; words when it was given up before one came."""
        told = ""
        for seconds in _waits():
            try:
                return self._try(payload)
            except _NotTakenError as error:
                if str(error) != told:
                    told = str(error)
                    self._tell(f"{told}; trying again")
            if self._pause(seconds):
                break
        return NO_ANSWER

    def _try(self, payload: bytes) -> str:
        try:
            exchange = self._client.exchange(payload)
        except NoListenerError as error:
            raise _NotTakenError(f"no listener at {error}") from error
        code = code_of(exchange)
        if exchange.is_silent or code in _NOT_NOW:
            raise _NotTakenError(f"{code} from the listener")
        return code


class _NotTakenError(Exception):
    """Nobody took the message for now."""


def _waits() -> Iterator[float]:
    seconds = _FIRST_WAIT_SECONDS
    while True:
        yield seconds
        seconds = min(seconds * 2, _LONGEST_WAIT_SECONDS)

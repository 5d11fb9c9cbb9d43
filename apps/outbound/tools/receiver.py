"""An MLLP receiver for demos and trials: answers everything, keeps nothing."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass, field

from apps.core import clock
from apps.hl7v2.ack import build_ack
from apps.hl7v2.mllp import Frame, Framer, Garbage, frame
from apps.hl7v2.peek import Peek, glance

SILENT = "none"
CODES = ("AA", "AE", "AR")
_READ_BYTES = 65536

Listener = Callable[[bytes], None]


@dataclass
class Receiver:
    """Takes any number of connections; each gets its answers in the order of its messages.

    ``code`` is AA, AE or AR, or ``SILENT`` to say nothing; ``delay`` in seconds passes before
    each answer. ``on_message`` sees every message before it is answered.
    """

    on_message: Listener
    code: str = "AA"
    delay: float = 0.0
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _talks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(
        self, host: str, port: int, stop: asyncio.Event, on_listening: Callable[[int], None]
    ) -> None:
        """Listen until ``stop`` is set; ``on_listening`` gets the port, chosen where it was 0.

        Raises:
            OSError: the address cannot be had.
        """
        server = await asyncio.start_server(self._welcome, host, port)
        on_listening(server.sockets[0].getsockname()[1])
        await stop.wait()
        server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        if talk is not None:
            self._talks.add(talk)
            talk.add_done_callback(self._talks.discard)
        # A peer that goes away, or our own end, is no error here.
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = Framer()
        while data := await reader.read(_READ_BYTES):
            for event in framer.feed(data):
                if isinstance(event, Garbage):
                    return
                if isinstance(event, Frame):
                    await self._take(event.payload, writer)

    async def _take(self, payload: bytes, writer: asyncio.StreamWriter) -> None:
        self.on_message(payload)
        if self.delay:
            await asyncio.sleep(self.delay)
        answer = self._answer(glance(payload))
        if answer is not None:
            writer.write(frame(answer))
            await writer.drain()

    def _answer(self, seen: Peek) -> bytes | None:
        if self.code == SILENT:
            return None
        number = f"{os.getpid()}-{next(self._numbers)}"
        return build_ack(seen, self.code, control_id=number, at=clock.now())

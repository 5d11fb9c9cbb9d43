"""Browsers that look at the board: each loads the page and then asks every two seconds."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

PERIOD_SECONDS = 2.0
_POLL = re.compile(rb'hx-get="([^"]+)"[^>]*hx-trigger="every')
_TITLE = re.compile(rb"<title>(.*?)</title>")
_ACCESSION = re.compile(rb"B[0-9A-F]+-\d{7}")


@dataclass
class Watch:
    """What the viewers met, since it was last cleared."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    first_seen: dict[bytes, list[float]] = field(default_factory=dict)
    is_heeding: bool = False

    def clear(self) -> None:
        """Begin a phase."""
        self.seconds.clear()
        self.statuses.clear()


class Viewer:
    """One browser with its own connection and its own session."""

    def __init__(self, watch: Watch, port: int, *, session: str, query: str) -> None:
        self._watch, self._port, self._session = watch, port, session
        self._page = f"/?{query}" if query else "/"
        self._poll = ""
        self._known: set[bytes] = set()

    async def look(self, delay: float) -> None:
        """Load the page after a while, then poll until cancelled."""
        await asyncio.sleep(delay)
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            _, body = await self._ask(reader, writer, self._page)
            self._take(body)
            while True:
                await asyncio.sleep(PERIOD_SECONDS)
                began = time.perf_counter()
                status, body = await self._ask(reader, writer, self._poll, "HX-Request: true\r\n")
                self._watch.seconds.append(time.perf_counter() - began)
                self._watch.statuses[status] = self._watch.statuses.get(status, 0) + 1
                if body:
                    self._take(body)
        finally:
            writer.close()

    async def load(self) -> float:
        """Load the whole page on a connection of its own; return the seconds it took."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        began = time.perf_counter()
        await self._ask(reader, writer, self._page)
        writer.close()
        return time.perf_counter() - began

    async def _ask(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        path: str,
        headers: str = "",
    ) -> tuple[int, bytes]:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sessionid={self._session}\r\n"
            f"{headers}\r\n".encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"content-length: (\d+)", head)
        body = await reader.readexactly(int(length[1])) if length else b""
        return int(head.split(b" ", 2)[1]), body

    def _take(self, body: bytes) -> None:
        found = _POLL.search(body)
        if found is None:
            raise ValueError(f"no board came but {_TITLE.findall(body)} for {self._page}")
        self._poll = found[1].decode().replace("&amp;", "&")
        shown = set(_ACCESSION.findall(body))
        if self._watch.is_heeding:
            now = time.perf_counter()
            for accession in shown - self._known:
                self._watch.first_seen.setdefault(accession, []).append(now)
        self._known |= shown


def viewers(watch: Watch, port: int, people: Sequence[dict[str, str]]) -> list[Viewer]:
    """Return a viewer for each person."""
    return [Viewer(watch, port, **person) for person in people]

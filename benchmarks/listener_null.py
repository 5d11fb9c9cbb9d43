"""The listener with a store that stores nothing: what everything but the commit costs."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence

import django
import uvloop

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radassign.settings")
os.environ.setdefault("RADASSIGN_ROLE", "listener")
django.setup()

from apps.intake.listener.receipts import Receipt, Written  # noqa: E402 -- after Django's set-up
from apps.intake.listener.server import Listener  # noqa: E402 -- after Django's set-up
from apps.intake.listener.service import raise_file_limit  # noqa: E402 -- after Django's set-up


class NullStore:
    """Says that everything is stored."""

    async def write(self, receipts: Sequence[Receipt]) -> list[Written]:
        """Store nothing."""
        await asyncio.sleep(0)
        return [Written(receipt.ack, receipt.ack_code) for receipt in receipts]

    async def wait_ready(self, seconds: float) -> bool:  # noqa: ARG002 -- the interface's
        """Be ready."""
        return True

    async def close(self) -> None:
        """Hold nothing."""


async def main() -> None:
    """Listen on any port until SIGTERM, and print the port."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with Listener([NullStore(), NullStore()]) as listener:
        port = listener.listen("127.0.0.1", 0)
        print(f"listening on 127.0.0.1:{port}", flush=True)
        await stop.wait()


if __name__ == "__main__":
    raise_file_limit()
    uvloop.run(main())

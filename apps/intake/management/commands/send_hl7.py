"""``manage.py send_hl7``: sends HL7 v2 messages from files and prints each acknowledgement."""

from __future__ import annotations

import ssl
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.core.legible import legible
from apps.intake.tools.client import Exchange, NoListenerError
from apps.intake.tools.files import read_messages, renumbered
from apps.intake.tools.secure import add_tls_arguments, client_context
from apps.intake.tools.sender import in_words, send_all


class Command(BaseCommand):
    """Ends with 1 when anything was not accepted with AA or CA."""

    help = "Send HL7 v2 messages over MLLP and print each acknowledgement."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the files and how to send them."""
        parser.add_argument(
            "files", nargs="+", metavar="FILE", help="one or more messages; - is standard input"
        )
        parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1")
        parser.add_argument(
            "--port", type=int, help="default: the stack's HL7_PORT, with TLS its HL7_TLS_PORT"
        )
        parser.add_argument("--repeat", type=_positive, default=1, help="send the files so often")
        parser.add_argument(
            "--fresh", action="store_true", help="renumber every message, so each is a new order"
        )
        parser.add_argument("--rate", type=float, default=None, help="messages a second")
        parser.add_argument("--connections", type=_positive, default=1)
        parser.add_argument("--timeout", type=float, default=30.0, help="seconds for an answer")
        add_tls_arguments(parser)
        parser.add_argument("--quiet", action="store_true", help="print the summary only")

    def handle(self, *_args: object, files: list[str], **options: Any) -> None:
        """Send, print, and tell by the exit code."""
        originals = [message for name in files for message in _read(name)]
        tls = _tls(options)
        try:
            summary = send_all(
                _repeated(originals, options["repeat"], is_fresh=options["fresh"]),
                host=options["host"],
                port=options["port"] or _port(is_secured=tls is not None),
                connections=options["connections"],
                rate=options["rate"],
                timeout=options["timeout"],
                tls=tls,
                report=None if options["quiet"] else self._print,
            )
        except NoListenerError as error:
            raise CommandError(f"no HL7 listener answers at {error}") from error
        except ValueError as error:
            raise CommandError(str(error)) from error
        if options["quiet"] or sum(summary.codes.values()) > 1:
            self.stdout.write(str(summary))
        if summary.failed:
            sys.exit(1)

    def _print(self, message: bytes, exchange: Exchange) -> None:
        for line in in_words(message, exchange):
            # A peer's text goes to a terminal: control characters are drawn, not obeyed.
            self.stdout.write(legible(line.encode()))
        self.stdout.flush()


def _port(*, is_secured: bool) -> int:
    port = settings.HL7_TLS_PORT if is_secured else settings.HL7_PORT
    if port is None:
        raise CommandError("no stack with HL7_TLS_PORT runs here; say --port")
    return int(port)


def _tls(options: Mapping[str, Any]) -> ssl.SSLContext | None:
    try:
        return client_context(options)
    except OSError as error:
        raise CommandError(f"TLS: {error}") from error


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _read(name: str) -> list[bytes]:
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return read_messages(content)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{name}: {error}") from error


def _repeated(messages: list[bytes], times: int, *, is_fresh: bool) -> Iterator[bytes]:
    run = f"{int(time.time() * 1000) % 16**7:07X}"
    for turn in range(times):
        for place, message in enumerate(messages):
            mark = f"{run}{turn * len(messages) + place:X}"
            yield renumbered(message, mark) if is_fresh else message

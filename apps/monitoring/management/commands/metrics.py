"""``manage.py metrics``: the metrics address of a machine that runs no web process."""

from __future__ import annotations

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from prometheus_client import start_http_server

from apps.monitoring.collector import stack_registry

DEFAULT_PORT = 9464


class Command(BaseCommand):
    """Serve the figures of this machine's processes until told to stop."""

    help = "Serves /metrics where no web process does it, for worker and listener machines."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare where to listen."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=DEFAULT_PORT)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Serve until SIGTERM or Ctrl-C."""
        host, port = options["host"], options["port"]
        # Blocked before the server's thread starts, so that only the wait below gets them.
        stop = {signal.SIGTERM, signal.SIGINT}
        signal.pthread_sigmask(signal.SIG_BLOCK, stop)
        try:
            server, thread = start_http_server(port, host, stack_registry())
        except OSError as error:
            raise CommandError(f"Cannot serve metrics at {host}:{port}: {error}.") from error
        self.stdout.write(f"Metrics at http://{host}:{server.server_port}/metrics")
        signal.sigwait(stop)
        server.shutdown()
        thread.join()

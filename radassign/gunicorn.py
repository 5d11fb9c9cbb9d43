"""How gunicorn serves the pages: a few processes of a few threads each.

Read by ``gunicorn --config``; every name here is one of gunicorn's settings.
"""

from __future__ import annotations

import os
from pathlib import Path

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from radassign.env import Env

_env = Env()

wsgi_app = "radassign.wsgi"
bind = f"{_env.text('HTTP_HOST', '127.0.0.1')}:{_env.port('HTTP_PORT', 8000)}"
worker_class = "gthread"
workers = _env.integer("WEB_PROCESSES", 2, minimum=1, maximum=64)
threads = _env.integer("WEB_THREADS", 8, minimum=1, maximum=200)
timeout = 60
graceful_timeout = 10
keepalive = 5
# Heartbeats of workers: in memory, because a slow disk would look like a dead worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 -- mkstemp within
# django-structlog writes one line a request; gunicorn's own would hold query strings.
accesslog = None
loglevel = "warning"
# Its socket would lie in the home folder, where two stacks meet.
control_socket_disable = True
proc_name = "radassign-web"


def post_worker_init(_worker: Worker) -> None:
    """Spare pages the garbage collector's rounds over all the code that is loaded by now."""
    from apps.core import collector  # noqa: PLC0415 -- once Django is set up

    collector.settle_for_requests()


def child_exit(_server: Arbiter, worker: Worker) -> None:
    """Let a worker that ended stop counting in the gauges of all processes."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from prometheus_client import multiprocess  # noqa: PLC0415 -- only with the folder set

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call] # theirs

"""The task queue: which clusters there are, and what each of them may do.

The clusters stand apart, so that a silent destination or a slow job never holds up a decision. A
process chooses its own by Q_CLUSTER_NAME. Tasks are nudges, the rows are the truth: no result is
saved, nothing is retried for long, and due times are rows of ours, so django-q2's scheduler
stays off.
"""

from __future__ import annotations

from typing import Any

CLUSTERS: dict[str, Any] = {
    "name": "radassign",
    "broker_class": "apps.core.queue.broker.PostgresBroker",
    "workers": 2,
    "bulk": 10,
    "queue_limit": 20,
    "save_limit": -1,
    "timeout": 30,
    "retry": 60,
    "ack_failures": True,
    "recycle": 5000,
    "scheduler": False,
    "log_level": "WARNING",
    "ALT_CLUSTERS": {
        # One works at a time in either; a second would only keep a second copy of everything.
        "decide": {"workers": 1},
        "deliver": {"workers": 1},
        # Slow jobs, one at a time. A job that lasts longer than this hangs and is ended.
        "plan": {"workers": 1, "bulk": 1, "queue_limit": 1, "timeout": 900, "retry": 960},
    },
}

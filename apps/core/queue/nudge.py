"""Nudges: reasons to look, of which one of a kind is enough."""

from __future__ import annotations

from django_q.tasks import async_task

from apps.core.queue.broker import PostgresBroker
from apps.core.queue.clusters import cluster as cluster_of
from apps.core.queue.line import Line


def nudge(cluster: str, task_path: str = "", *, line: Line | None = None) -> None:
    """Have a cluster run a task soon, at least once.

    Args:
        cluster: which cluster.
        task_path: dotted path of a function without arguments; empty means the cluster's slice.
        line: the connection to use; without one Django's, and then an open transaction holds
            the nudge back until it commits (and equal nudges of others with it).

    While one waits unclaimed, another of the same cluster and path adds nothing.
    """
    path = task_path or cluster_of(cluster).slice_task
    broker = PostgresBroker(cluster, dedupe_key=path, line=line)
    async_task(path, broker=broker, cluster=cluster, ack_failure=True, task_name=path)

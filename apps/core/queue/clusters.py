"""The clusters there are: what wakes each, and the task that works off what waits.

The settings' ``WORKER_CLUSTERS`` may name others; tasks are dotted paths, because they live in
apps above this one.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from apps.core.triggers import DECIDE_CHANNEL, DELIVER_CHANNEL, PLAN_CHANNEL


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """A django-q2 cluster; its slice's lock has the cluster's name.

    ``runs_due`` says that its slice runs what is due (``apps.core.due``). ``is_slow`` that one
    piece of its work may last minutes (``apps.core.queue.jobs``): while somebody holds its slice
    nobody is taken for stuck; whoever lasts longer than the cluster's timeout is ended by it.
    """

    name: str
    channel: str
    slice_task: str
    runs_due: bool = False
    is_slow: bool = False


_DEFAULT = (
    ClusterSpec("decide", DECIDE_CHANNEL, "apps.intake.tasks.decide_slice", runs_due=True),
    ClusterSpec("deliver", DELIVER_CHANNEL, "apps.outbound.tasks.deliver_slice"),
    ClusterSpec("plan", PLAN_CHANNEL, "apps.core.queue.jobs.slow_slice", is_slow=True),
)


def clusters() -> tuple[ClusterSpec, ...]:
    """Return all clusters, in the order in which they start."""
    return tuple(getattr(settings, "WORKER_CLUSTERS", _DEFAULT))


def cluster(name: str) -> ClusterSpec:
    """Return a cluster by name.

    Raises:
        KeyError: no cluster of that name.
    """
    return {spec.name: spec for spec in clusters()}[name]

from __future__ import annotations

from apps.core.queue.clusters import ClusterSpec
from radassign.settings import *  # noqa: F403 -- the same stack, with fewer apps

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "pgtrigger",
    "django_q",
    "apps.core",
    "tests.core.worker.scene.apps.SceneConfig",
]
WORKER_CLUSTERS = (
    ClusterSpec(
        "decide", "radassign_decide", "tests.core.worker.scene.tasks.decide_slice", runs_due=True
    ),
    ClusterSpec("deliver", "radassign_deliver", "tests.core.worker.scene.tasks.deliver_slice"),
)

from __future__ import annotations

from apps.core.queue.clusters import ClusterSpec
from radassign.settings import *  # noqa: F403 -- the same stack, with other clusters
from radassign.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.core.worker.scene.apps.SceneConfig"]
WORKER_CLUSTERS = (
    ClusterSpec(
        "decide", "radassign_decide", "tests.core.worker.scene.tasks.decide_slice", runs_due=True
    ),
    ClusterSpec("deliver", "radassign_deliver", "tests.core.worker.scene.tasks.deliver_slice"),
)

from __future__ import annotations

from functools import partial

from django.apps import AppConfig


class SceneConfig(AppConfig):
    name = "tests.core.worker.scene"
    label = "scene"

    def ready(self) -> None:
        from apps.core import due  # noqa: PLC0415 -- models are loaded now
        from apps.core.queue import probes  # noqa: PLC0415 -- as above
        from tests.core.worker.scene import tasks  # noqa: PLC0415 -- as above

        for cluster in ("decide", "deliver"):
            probes.register_probe(cluster, partial(tasks.waiting_since, cluster))
        due.register("ring", tasks.ring)

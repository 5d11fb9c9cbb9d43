from __future__ import annotations

from datetime import datetime, timedelta

from apps.core.queue.probes import register_probe, unregister_probe, waiting_since


def test_the_oldest_of_a_clusters_probes_counts(now: datetime) -> None:
    def earlier() -> datetime:
        return now - timedelta(seconds=5)

    def later() -> datetime:
        return now

    def nothing() -> None:
        return None

    for probe in (later, nothing, earlier, earlier):
        register_probe("test", probe)
    try:
        assert waiting_since("test") == now - timedelta(seconds=5)
        unregister_probe("test", earlier)
        assert waiting_since("test") == now
        unregister_probe("test", earlier)
        unregister_probe("test", later)
        assert waiting_since("test") is None
        assert waiting_since("another") is None
    finally:
        unregister_probe("test", nothing)

from __future__ import annotations

import pydoc

import pytest

from apps.core.queue.clusters import ClusterSpec, cluster, clusters


@pytest.mark.parametrize("spec", clusters(), ids=lambda spec: spec.name)
def test_every_slice_task_can_be_imported(spec: ClusterSpec) -> None:
    assert callable(pydoc.locate(spec.slice_task))


def test_clusters_are_found_by_name() -> None:
    assert [cluster(spec.name) for spec in clusters()] == list(clusters())
    with pytest.raises(KeyError):
        cluster("unknown")


def test_one_cluster_runs_what_is_due() -> None:
    assert [spec.name for spec in clusters() if spec.runs_due] == ["decide"]

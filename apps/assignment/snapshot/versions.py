"""The versions of the configuration."""

from __future__ import annotations

from collections.abc import Mapping

from apps.core import bulk

DECISION_AREAS = ("catalog", "roster", "rules")
"""The areas whose content a decision reads; a decision stores their versions."""

VERSIONS_QUERY: bulk.Query = ("SELECT area, version FROM core_configversion", [])


def read_versions() -> dict[str, int]:
    """Return area to version as the current transaction sees them; areas never edited lack."""
    return dict(bulk.select(*VERSIONS_QUERY))


def decision_versions(versions: Mapping[str, int]) -> dict[str, int]:
    """Return the decision's areas only, 0 for one that was never edited."""
    return {area: versions.get(area, 0) for area in DECISION_AREAS}

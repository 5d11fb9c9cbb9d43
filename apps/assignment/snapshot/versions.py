"""The versions of the configuration."""

from __future__ import annotations

from apps.core.models import ConfigVersion

DECISION_AREAS = ("catalog", "roster", "rules")
"""The areas whose content a decision reads; a decision stores their versions."""


def read_versions() -> dict[str, int]:
    """Return area to version as the current transaction sees them; areas never edited lack."""
    return dict(ConfigVersion.objects.values_list("area", "version"))


def decision_versions(versions: dict[str, int]) -> dict[str, int]:
    """Return the decision's areas only, 0 for one that was never edited."""
    return {area: versions.get(area, 0) for area in DECISION_AREAS}

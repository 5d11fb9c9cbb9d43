"""Admin pages of people, their competencies, shifts and rosters."""

from __future__ import annotations

from apps.roster.admin import competencies, people, rota, shifts

__all__ = ["competencies", "people", "rota", "shifts"]

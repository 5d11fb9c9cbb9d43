"""Admin pages of people, their competencies, shifts and rosters."""

from __future__ import annotations

from apps.roster.admin import competencies, documents, drafts, feeds, people, rota, shifts

__all__ = ["competencies", "documents", "drafts", "feeds", "people", "rota", "shifts"]

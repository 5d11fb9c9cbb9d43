"""Admin pages of people, their competencies, shifts and rosters."""

from __future__ import annotations

from apps.roster.admin import (
    competencies,
    credits,  # noqa: A004 -- the page's own name
    documents,
    drafts,
    feeds,
    people,
    rota,
    shifts,
)

__all__ = ["competencies", "credits", "documents", "drafts", "feeds", "people", "rota", "shifts"]

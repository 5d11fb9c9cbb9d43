"""The addresses of the rosters that are proposed; an id may hold any sign, a slash too."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.roster.urls import roster  # noqa: F401 -- registers the converter of dates
from apps.roster.views import draft_cells, drafts

draft_urls: list[URLPattern] = [
    path("roster/drafts/", drafts.drafts, name="drafts"),
    path("roster/drafts/new/", drafts.add, name="draft-add"),
    path("roster/drafts/<int:draft_id>/", drafts.draft, name="draft"),
    path("roster/drafts/<int:draft_id>/ask/", drafts.ask, name="draft-ask"),
    path("roster/drafts/<int:draft_id>/again/", drafts.again, name="draft-again"),
    path("roster/drafts/<int:draft_id>/stop/", drafts.stop, name="draft-stop"),
    path("roster/drafts/<int:draft_id>/publish/", drafts.publish, name="draft-publish"),
    path("roster/drafts/<int:draft_id>/discard/", drafts.discard, name="draft-discard"),
    path(
        "roster/drafts/<int:draft_id>/runs/<int:shift_id>/<roster_day:on>/",
        draft_cells.run,
        name="draft-run",
    ),
    path(
        "roster/drafts/<int:draft_id>/days/<roster_day:on>/<path:radiologist_id>/",
        draft_cells.day,
        name="draft-day",
    ),
]

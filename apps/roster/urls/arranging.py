"""The addresses at which turns are assigned, taken off, moved and stretched."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.roster.urls import roster as _roster  # noqa: F401 -- registers roster_day
from apps.roster.views import arranging as views

arranging_urls: list[URLPattern] = [
    path(
        "roster/arrange/<int:shift_id>/<roster_day:on>/<slug:act>/",
        views.arrange,
        name="roster-arrange",
    ),
    path(
        "roster/choose/<roster_day:on>/<path:radiologist_id>/",
        views.choose,
        name="roster-choose",
    ),
]

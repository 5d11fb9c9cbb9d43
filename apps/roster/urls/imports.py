"""The addresses of rosters from elsewhere."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.roster.views import feeds, imports

import_urls: list[URLPattern] = [
    path("roster/import/", imports.home, name="roster-import"),
    path("roster/import/feeds/new/", feeds.add, name="roster-feed-add"),
    path("roster/import/<int:source_id>/", imports.source, name="roster-source"),
    path("roster/import/<int:source_id>/edit/", feeds.edit, name="roster-source-edit"),
    path("roster/import/<int:source_id>/delete/", feeds.delete, name="roster-source-delete"),
    path("roster/import/<int:source_id>/reading/", imports.reading, name="roster-source-reading"),
    path("roster/import/<int:source_id>/names/", imports.names, name="roster-source-names"),
    path(
        "roster/import/<int:source_id>/names/<int:name_id>/forget/",
        imports.forget,
        name="roster-source-forget",
    ),
    path("roster/import/<int:source_id>/refresh/", feeds.refresh, name="roster-source-refresh"),
    path("roster/import/<int:source_id>/cancel/", feeds.cancel, name="roster-source-cancel"),
    path("roster/import/<int:source_id>/undo/", feeds.undo_last, name="roster-source-undo"),
    path("roster/import/<int:source_id>/progress/", feeds.progress, name="roster-source-progress"),
]

"""Patients that were merged."""

from __future__ import annotations

from django.urls import path

from apps.intake.views import merges

urlpatterns = [
    path("messages/merges/", merges.merges, name="merges"),
    path("messages/merges/<int:merge_id>/", merges.merge, name="merge"),
    path("messages/merges/<int:merge_id>/open/", merges.open_merge, name="merge-open"),
    path("messages/merges/<int:merge_id>/undo/", merges.undo_merge, name="merge-undo"),
    path("messages/merges/<int:merge_id>/again/", merges.merge_again, name="merge-again"),
]

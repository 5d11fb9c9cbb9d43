"""The addresses of rotations, planned gaps, and overrides of several people."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.roster.views import gaps, many, rotations

rota_urls: list[URLPattern] = [
    path("roster/rotations/", rotations.rotations, name="rotations"),
    path("roster/rotations/new/", rotations.add, name="rotation-add"),
    path("roster/rotations/<int:rotation_id>/", rotations.edit, name="rotation"),
    path("roster/rotations/<int:rotation_id>/end/", rotations.end, name="rotation-end"),
    path("roster/rotations/<int:rotation_id>/delete/", rotations.delete, name="rotation-delete"),
    path("roster/many/<slug:kind>/", many.add, name="roster-override-many"),
    path("roster/gaps/", gaps.gaps, name="planned-gaps"),
    path("roster/gaps/new/", gaps.add, name="planned-gap-add"),
    path("roster/gaps/<int:gap_id>/", gaps.edit, name="planned-gap"),
    path("roster/gaps/<int:gap_id>/end/", gaps.end, name="planned-gap-end"),
    path("roster/gaps/<int:gap_id>/delete/", gaps.delete, name="planned-gap-delete"),
]

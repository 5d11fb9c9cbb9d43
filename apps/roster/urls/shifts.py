"""The addresses of the shifts' pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.roster.views import shifts as views

shift_urls: list[URLPattern] = [
    path("shifts/", views.shifts, name="shifts"),
    path("shifts/new/", views.add, name="shift-add"),
    path("shifts/<int:shift_id>/", views.shift, name="shift"),
    path("shifts/<int:shift_id>/edit/", views.edit, name="shift-edit"),
    path("shifts/<int:shift_id>/switch/", views.switch, name="shift-switch"),
    path("shifts/<int:shift_id>/delete/", views.delete, name="shift-delete"),
]

"""The addresses of the radiologists' pages; an id may hold any sign, a slash too."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.roster.views import documents, own
from apps.roster.views import radiologists as views

radiologist_urls: list[URLPattern] = [
    path("radiologists/", views.radiologists, name="radiologists"),
    path("radiologists/new/", views.add, name="radiologist-add"),
    path("my-list/competencies/", own.competencies, name="my-competencies"),
    path("my-list/competencies/<int:document_id>/", documents.own_document, name="my-document"),
    path(
        "radiologists/<path:radiologist_id>/documents/<int:document_id>/",
        documents.document,
        name="radiologist-document",
    ),
    path(
        "radiologists/<path:radiologist_id>/presence/",
        views.presence,
        name="radiologist-presence",
    ),
    path("radiologists/<path:radiologist_id>/edit/", views.edit, name="radiologist-edit"),
    path("radiologists/<path:radiologist_id>/switch/", views.switch, name="radiologist-switch"),
    path("radiologists/<path:radiologist_id>/delete/", views.delete, name="radiologist-delete"),
    path("radiologists/<path:radiologist_id>/", views.radiologist, name="radiologist"),
]

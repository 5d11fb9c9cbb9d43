"""The addresses of the catalogue's pages."""

from __future__ import annotations

from django.urls import path

from apps.catalog import views

urlpatterns = [
    path("procedures/", views.procedures, name="procedures"),
    path("procedures/new/", views.add, name="procedure-add"),
    path("procedures/<int:procedure_id>/", views.edit, name="procedure"),
    path("procedures/<int:procedure_id>/delete/", views.delete, name="procedure-delete"),
]

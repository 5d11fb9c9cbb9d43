"""The addresses of the pages."""

from __future__ import annotations

from django.urls import path

from apps.dashboard import views

urlpatterns = [
    path("", views.board, name="board"),
    path("assignments/<int:assignment_id>/why/", views.why, name="why"),
    path("unassigned/<int:order_id>/why/", views.why_not, name="why-unassigned"),
]

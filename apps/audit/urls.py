"""The addresses of the trail."""

from __future__ import annotations

from django.urls import path

from apps.audit import views

urlpatterns = [path("undo/<str:changed_in>/", views.take_back, name="undo")]

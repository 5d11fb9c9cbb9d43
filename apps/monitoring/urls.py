"""The addresses for machines; without a trailing slash, as probes and hooks ask for them."""

from __future__ import annotations

from django.urls import path

from apps.monitoring import hooks, views

urlpatterns = [
    path("health", views.stack_health, name="health"),
    path("health/db", views.database_health, name="health-db"),
    path("health/queue", views.queue_health, name="health-queue"),
    path("metrics", views.metrics, name="metrics"),
    path("hooks/refresh", hooks.refresh, name="refresh-hook"),
]

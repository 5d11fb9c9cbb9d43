"""The addresses of the whole site; each app keeps its own."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("", include("apps.audit.urls")),
    path("", include("apps.catalog.urls")),
    # Before the roster's, whose addresses of radiologists take whatever follows.
    path("", include("apps.assignment.urls")),
    path("", include("apps.roster.urls")),
    # Before the rules', for what is tried stands below their addresses.
    path("", include("apps.trials.urls")),
    path("", include("apps.rules.urls")),
    path("", include("apps.outbound.urls")),
    path("", include("apps.intake.urls")),
    path("", include("apps.monitoring.urls")),
    path("", include("apps.dashboard.urls")),
]

handler500 = "apps.dashboard.errors.server_error"

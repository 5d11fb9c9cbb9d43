"""The addresses of published calendars."""

from __future__ import annotations

from django.urls import URLPattern, path, register_converter

from apps.roster.views import calendars_out as views


class SecretConverter:
    """A secret in an address; what cannot be one is no address."""

    regex = "[A-Za-z0-9_-]{20,100}"

    def to_python(self, value: str) -> str:
        """Return the secret."""
        return value

    def to_url(self, value: str) -> str:
        """Return the secret as it is."""
        return value


register_converter(SecretConverter, "secret")

calendar_urls: list[URLPattern] = [
    path("roster/calendars/", views.calendars, name="roster-calendars"),
    path("roster/calendars/<int:calendar_id>/renew/", views.renew, name="roster-calendar-renew"),
    path(
        "roster/calendars/<int:calendar_id>/revoke/", views.revoke, name="roster-calendar-revoke"
    ),
    path("my-calendars/", views.own, name="my-calendars"),
    path("my-calendars/<int:calendar_id>/renew/", views.renew_own, name="my-calendar-renew"),
    path("my-calendars/<int:calendar_id>/revoke/", views.revoke_own, name="my-calendar-revoke"),
    path("calendars/<secret:secret>.ics", views.published, name="published-calendar"),
]

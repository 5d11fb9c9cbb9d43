"""The address of who could take a turn."""

from __future__ import annotations

from datetime import date

from django.urls import URLPattern, path, register_converter

from apps.roster.urls.roster import day_of
from apps.roster.views import could_fill


class StartDateConverter:
    """The date on which a run starts, as 2026-02-04; a template may have it as text already."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        """Return the date; what is none is no address, so 404."""
        return day_of(value)

    def to_url(self, value: date | str) -> str:
        """Return the date as it is written."""
        return str(value)


register_converter(StartDateConverter, "start_date")

could_fill_urls: list[URLPattern] = [
    path(
        "roster/run/<int:shift_id>/<start_date:on>/could-fill/",
        could_fill.could_fill,
        name="roster-could-fill",
    ),
]

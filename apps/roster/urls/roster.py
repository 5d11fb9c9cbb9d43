"""The addresses of the roster's pages."""

from __future__ import annotations

from datetime import date

from django.urls import URLPattern, path, register_converter

from apps.core.validators import FIRST_YEAR, LAST_YEAR
from apps.roster.views import overrides, roster, week


def day_of(value: str) -> date:
    """Return the day that an address names.

    Raises:
        ValueError: it is no date, or none of a department's, such as the last there is.
    """
    on = date.fromisoformat(value)
    if not FIRST_YEAR <= on.year <= LAST_YEAR:
        raise ValueError(f"{value} is too far away")
    return on


class DateConverter:
    """A date in an address, as 2026-02-04."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        """Return the date; what is none is no address, so 404."""
        return day_of(value)

    def to_url(self, value: date) -> str:
        """Return the date as it is written."""
        return value.isoformat()


register_converter(DateConverter, "roster_day")

roster_urls: list[URLPattern] = [
    path("roster/", week.roster, name="roster"),
    path("roster/run/<int:shift_id>/<roster_day:on>/", week.run, name="roster-run"),
    path("roster/list/", roster.rows, name="roster-rows"),
    path("roster/list/new/", roster.add, name="roster-row-add"),
    path("roster/list/<int:row_id>/", roster.edit, name="roster-row"),
    path("roster/list/<int:row_id>/take-off/", roster.take_off, name="roster-row-off"),
    path("roster/list/<int:row_id>/delete/", roster.delete, name="roster-row-delete"),
    path("roster/overrides/", overrides.overrides, name="roster-overrides"),
    path("roster/overrides/new/<slug:kind>/", overrides.add, name="roster-override-add"),
    path("roster/overrides/<int:override_id>/", overrides.edit, name="roster-override"),
    path(
        "roster/overrides/<int:override_id>/take-off/",
        overrides.take_off,
        name="roster-override-off",
    ),
    path(
        "roster/overrides/<int:override_id>/delete/",
        overrides.delete,
        name="roster-override-delete",
    ),
]

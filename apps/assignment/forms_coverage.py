"""What the coverage page is narrowed by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.assignment.queries.coverage import DAY, CoverageFilter
from apps.core.access import Scope
from apps.engine.occurrences import wall_to_utc
from apps.roster.queries.places import body_parts, modalities, seen_sites

_ANY = ("", "any")
_WEEK = 7
_FIRST, _LAST = date(1970, 1, 1), date(9000, 1, 1)
_PERIOD_CHOICES = [
    ("", "a week"),
    ("1", "a day, by the hour"),
    ("14", "2 weeks"),
    ("28", "4 weeks"),
    ("56", "8 weeks"),
]


class CoverageFilterForm(forms.Form):
    """Which days, on whose clock, of which site, modality and body part."""

    days = forms.ChoiceField(label="Show", required=False, choices=_PERIOD_CHOICES)
    site = forms.ChoiceField(required=False)
    modality = forms.ChoiceField(required=False)
    body_part = forms.ChoiceField(required=False)
    show = forms.ChoiceField(
        label="Rows", required=False, choices=[("", "with gaps"), ("all", "all work")]
    )
    zone = forms.ChoiceField(label="Times in", required=False)
    on = forms.DateField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: object, scope: Scope, **kwargs: object) -> None:
        """Offer the places and zones of the scope."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # passed through as it came
        sites = list(seen_sites(scope))
        own = timezone.get_current_timezone_name()
        zones = sorted({site.time_zone for site in sites} - {own})
        self._offer("site", [_ANY, *((site.code, site.name) for site in sites)])
        self._offer("modality", [_ANY, *((value, value) for value in modalities(scope))])
        self._offer("body_part", [_ANY, *((value, value) for value in body_parts(scope))])
        self._offer("zone", [("", f"{own} (yours)"), *((zone, zone) for zone in zones)])

    def wanted(self, today: date) -> CoverageFilter:
        """Return the filter; what was asked for and does not exist narrows nothing.

        Args:
            today: where no day is asked for: the day itself, or the week that holds it.
        """
        self.is_valid()
        days = int(self._said("days") or _WEEK)
        asked: date | None = self.cleaned_data.get("on")
        start_on = asked if asked is not None and _FIRST <= asked <= _LAST else today
        if days != DAY:
            start_on -= timedelta(days=start_on.isoweekday() - 1)
        return CoverageFilter(
            start_on,
            days,
            self.zone_name(),
            site=self._said("site"),
            modality=self._said("modality"),
            body_part=self._said("body_part").upper(),
            lacking=self._said("show") != "all",
        )

    def zone_name(self) -> str:
        """Return the zone of the columns."""
        return self._said("zone") or timezone.get_current_timezone_name()

    def seeks_elsewhere(self) -> bool:
        """Return whether a site is asked for that the viewer does not see, or that is none."""
        return not self.is_valid() and self.has_error("site")

    def _offer(self, name: str, choices: Iterable[tuple[str, str]]) -> None:
        self.fields[name].choices = list(choices)  # type: ignore[attr-defined] # a ChoiceField

    def _said(self, name: str) -> str:
        self.is_valid()
        return str(self.cleaned_data.get(name, "")).strip()


class MomentForm(CoverageFilterForm):
    """Which moment, or which line and column of the page; and what work."""

    at = forms.CharField(
        label="At",
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    of = forms.CharField(required=False, widget=forms.HiddenInput)
    column = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    field_order = ("at", "site", "modality", "body_part", "zone")

    def clean_at(self) -> datetime | None:
        """Take a moment on the zone's clock, or one with its offset; none is now."""
        said = self.cleaned_data["at"].strip()
        if not said:
            return None
        try:
            found = parse_datetime(said)
        except ValueError:
            found = None
        if found is None or not _FIRST <= found.date() <= _LAST:
            raise forms.ValidationError("This is no moment; write it as 2026-02-04 22:00.")
        return found

    def moment(self, now: datetime) -> datetime | None:
        """Return the moment that is asked for, now where none is; None where it is no moment."""
        self.is_valid()
        if self.has_error("at"):
            return None
        found: datetime = self.cleaned_data["at"] or now
        if found.tzinfo is not None:
            return found
        return wall_to_utc(found, self.zone_name(), is_end=False)

    def line(self) -> tuple[str, int | None]:
        """Return the key of a line and the number of a column, empty where none is asked for."""
        self.is_valid()
        return self._said("of"), self.cleaned_data.get("column")

    def asked(self, at: datetime) -> dict[str, object]:
        """Return what was asked, for a form that asks anew; the moment on the zone's clock."""
        zone = ZoneInfo(self.zone_name())
        kept = {name: self._said(name) for name in ("site", "modality", "body_part", "zone")}
        return {**kept, "at": at.astimezone(zone).replace(tzinfo=None)}

"""Forms of holiday calendars and of their days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db import transaction
from django.urls import reverse
from typing_extensions import override

from apps.catalog.models import CalendarDay, HolidayCalendar
from apps.catalog.queries.regions import countries, regions

if TYPE_CHECKING:
    CalendarModelForm = forms.ModelForm[HolidayCalendar]
    DayModelForm = forms.ModelForm[CalendarDay]
else:
    CalendarModelForm = DayModelForm = forms.ModelForm

_DAY = timedelta(days=1)
_MOST = 366


class DateInput(forms.DateInput):
    """A date that the browser helps with."""

    input_type = "date"

    def __init__(self) -> None:
        """Write it as browsers expect it."""
        super().__init__(format="%Y-%m-%d")


class CalendarForm(CalendarModelForm):
    """A calendar with the country and region whose public holidays it holds.

    The regions offered are those of the country; with htmx they follow it at once, without it
    the preview brings them.
    """

    country = forms.ChoiceField(
        required=False, help_text="Its public holidays are days off. None: own days alone."
    )
    subdivision = forms.ChoiceField(
        required=False, label="Region", help_text="Its own holidays count as well."
    )

    class Meta:
        model = HolidayCalendar
        fields: ClassVar[list[str]] = ["code", "name", "country", "subdivision"]

    def __init__(self, *args: Any, asked_country: str = "", **kwargs: Any) -> None:
        """Offer the countries, and the regions of the one that is chosen.

        Args:
            *args: as for any form.
            asked_country: chosen on the page and not yet sent; empty for none.
            **kwargs: as for any form.
        """
        super().__init__(*args, **kwargs)
        if asked_country in countries() and not self.is_bound:
            self.initial.update(country=asked_country, subdivision="")
        chosen = str(self["country"].value() or "")
        country: Any = self.fields["country"]
        country.choices = [("", "none"), *countries().items()]
        country.widget.attrs |= {
            "hx-get": reverse("calendar-regions"),
            "hx-target": "#region",
            "hx-swap": "outerHTML",
            "hx-trigger": "change",
            "hx-sync": "this:replace",
        }
        region: Any = self.fields["subdivision"]
        region.choices = [("", "the whole country"), *regions(chosen).items()]


class DayForm(DayModelForm):
    """A day of the department's own, or several in a row when it is new."""

    last_on = forms.DateField(
        label="Until",
        required=False,
        widget=DateInput,
        help_text="For several days in a row: the last, included.",
    )

    class Meta:
        model = CalendarDay
        fields: ClassVar[list[str]] = ["on", "last_on", "kind", "name"]
        widgets: ClassVar[dict[str, Callable[[], forms.Widget]]] = {"on": DateInput}
        labels: ClassVar[dict[str, str]] = {"on": "Day", "kind": "It is"}
        help_texts: ClassVar[dict[str, str]] = {
            "kind": "A closure and a holiday are days off; a working day is none, whatever the "
            "country says."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask for a range where the day is new."""
        super().__init__(*args, **kwargs)
        self._is_new = self.instance.pk is None
        if not self._is_new:
            del self.fields["last_on"]

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse reversed dates, and days of which something is said already."""
        said = super().clean() or self.cleaned_data
        first, last = said.get("on"), said.get("last_on")
        if self.errors or first is None:
            return said
        if last is not None and last < first:
            self.add_error("last_on", "The last day lies before the first.")
        elif last is not None and (last - first).days >= _MOST:
            self.add_error("last_on", "No more than a year at once.")
        else:
            self._refuse_said_already()
        return said

    def _refuse_said_already(self) -> None:
        others = CalendarDay.objects.filter(calendar=self.instance.calendar, on__in=self.dates())
        found = others.exclude(pk=self.instance.pk).order_by("on").first()
        if found is not None:
            self.add_error("on", f"The calendar says of {found.on:%-d %b %Y}: {found.name}.")

    def dates(self) -> list[date]:
        """Return the days that the form is about, in order."""
        first, last = self.cleaned_data["on"], self.cleaned_data.get("last_on")
        days = ((last or first) - first).days
        return [first + ahead * _DAY for ahead in range(days + 1)]

    def rows(self) -> list[CalendarDay]:
        """Return the days that the valid form would make or change, unsaved."""
        if not self._is_new:
            return [self.instance]
        said = self.cleaned_data
        return [
            CalendarDay(
                calendar=self.instance.calendar, on=on, kind=said["kind"], name=said["name"]
            )
            for on in self.dates()
        ]

    @override
    @transaction.atomic
    def save(self, commit: bool = True) -> CalendarDay:
        """Save the days; return the first."""
        rows = self.rows()
        for row in rows:
            row.save()
        return rows[0]

"""Which part of a turn somebody is wanted for, as an address says it."""

from __future__ import annotations

from datetime import date, datetime

from django import forms
from django.utils.dateparse import parse_datetime

from apps.core.access import Scope
from apps.engine.occurrences import occurrences_from
from apps.roster.models import Shift
from apps.roster.queries.could_fill import Opening
from apps.roster.queries.places import seen_sites
from apps.roster.queries.turns import hours_of


class OpeningForm(forms.Form):
    """A part of a run by its moments, and a site; without them the whole run at all sites."""

    start = forms.CharField(required=False)
    end = forms.CharField(required=False)
    site = forms.CharField(required=False)

    def __init__(self, *args: object, scope: Scope, **kwargs: object) -> None:
        """Take sites of the scope alone."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # passed through as it came
        self._scope = scope

    def opening(self, shift: Shift, on: date) -> Opening | None:
        """Return what is to be filled of the run that starts on a date, None where none does.

        Moments outside of the run, and what is no moment, ask for no less than the run.
        """
        self.is_valid()
        start, end = self._moment("start"), self._moment("end")
        runs = list(occurrences_from(hours_of(shift), on, 1))
        if not runs:
            return None
        run = next((run for run in runs if start and start < run.end_at), runs[0])
        start_at, end_at = (
            max(start or run.start_at, run.start_at),
            min(end or run.end_at, run.end_at),
        )
        if start_at >= end_at:
            start_at, end_at = run.start_at, run.end_at
        is_part = (start_at, end_at) != (run.start_at, run.end_at)
        return Opening(shift, on, start_at, end_at, site=self._site(), is_part=is_part)

    def _moment(self, name: str) -> datetime | None:
        try:
            found = parse_datetime(self.cleaned_data.get(name, ""))
        except ValueError:
            return None
        return found if found is not None and found.tzinfo is not None else None

    def _site(self) -> str:
        code: str = self.cleaned_data.get("site", "")
        return code if code and seen_sites(self._scope).filter(code=code).exists() else ""

"""The sheet on which a turn is assigned, taken off, moved or stretched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import QuerySet

from apps.core.access import Scope
from apps.roster.forms.roster import DayField, PersonField, ShiftField
from apps.roster.models import Radiologist, Shift
from apps.roster.queries.arranging.wish import MOST_DAYS, Act, Hours, Wish
from apps.roster.queries.places import changed_people, changed_shifts, seen_people
from apps.roster.queries.plan import Run
from apps.roster.queries.records import TakingTurns

_FIELDS: Mapping[Act, Sequence[str]] = {
    Act.ASSIGN: ("person", "until", "start_local", "end_local", "other"),
    Act.TAKE_OFF: ("person", "until"),
    Act.MOVE: ("person", "to_shift", "to_on", "other"),
    Act.STRETCH: ("person", "until", "start_local", "end_local"),
}
_OTHER = {Act.ASSIGN: "Instead of", Act.MOVE: "Changes places with"}
_MOMENTS = {"from_at": "start_local", "until_at": "end_local"}


class TimeInput(forms.TimeInput):
    """A wall clock time that the browser helps with."""

    input_type = "time"

    def __init__(self) -> None:
        """Write it as browsers expect it."""
        super().__init__(format="%H:%M", attrs={"step": 900})


class ArrangeForm(forms.Form):
    """What is wanted of one run; the address names the run and the act."""

    person = PersonField(queryset=Radiologist.objects.none())
    until = DayField(label="Until", required=False, help_text="The last day, included.")
    start_local = forms.TimeField(label="Only from", widget=TimeInput, required=False)
    end_local = forms.TimeField(label="Only to", widget=TimeInput, required=False)
    to_shift = ShiftField(label="To the shift", queryset=Shift.objects.none())
    to_on = DayField(label="On")
    other = PersonField(queryset=Radiologist.objects.none(), required=False)

    def __init__(self, data: Mapping[str, Any], *, act: Act, run: Run, scope: Scope) -> None:
        """Offer what the act needs, within the scope."""
        super().__init__(data)
        self.act, self.run, self.scope = act, run, scope
        for name in set(self.fields) - set(_FIELDS[act]):
            del self.fields[name]
        named = [seat.person.pk for seat in run.seats]
        people = seen_people(scope) | Radiologist.objects.filter(pk__in=named)
        self._offer("person", people)
        self._offer("other", people if act is Act.MOVE else people.filter(pk__in=named))
        self._offer("to_shift", changed_shifts(scope).filter(is_active=True).order_by("code"))
        if act is not Act.ASSIGN:
            self.fields["person"].widget = forms.HiddenInput()
        if "other" in self.fields:
            self.fields["other"].label = _OTHER[act]
            self.fields["other"].empty_label = "nobody"  # type: ignore[attr-defined] # a ModelChoiceField

    def clean(self) -> dict[str, Any]:
        """Refuse reversed dates, half-said hours, and leave that is not theirs to give."""
        said = super().clean() or self.cleaned_data
        if (said.get("start_local") is None) != (said.get("end_local") is None):
            self.add_error("end_local", "Hours have a start and an end.")
        self._check_dates(said)
        person = said.get("person")
        if person is not None and self._sends_away(person):
            self.add_error(
                None,
                f"{person.full_name} is there by rotation and works elsewhere too: "
                "put somebody on in their place instead.",
            )
        return said

    def _check_dates(self, said: Mapping[str, Any]) -> None:
        """Refuse reversed dates, and those that are too far off to be looked at turn by turn."""
        first, until, to_on = self.run.start_on, said.get("until"), said.get("to_on")
        if until is not None and until < first:
            self.add_error("until", "The last day lies before the first.")
        elif until is not None and (until - first).days >= MOST_DAYS:
            self.add_error(
                "until", f"More than {MOST_DAYS} days: put them on by a row or a rotation."
            )
        if to_on is not None and abs((to_on - first).days) >= MOST_DAYS:
            self.add_error("to_on", f"More than {MOST_DAYS} days away.")

    def wish(self) -> Wish:
        """Return what is wanted; the form is valid."""
        said = self.cleaned_data
        start, end = said.get("start_local"), said.get("end_local")
        return Wish(
            act=self.act,
            shift=self.run.shift,
            on=self.run.start_on,
            person=said["person"],
            until=said.get("until") or self.run.start_on,
            hours=Hours(start, end) if start is not None and end is not None else None,
            other=said.get("other"),
            to_shift=said.get("to_shift"),
            to_on=said.get("to_on"),
        )

    def _sends_away(self, person: Radiologist) -> bool:
        """Return whether taking them off needs leave that is not the viewer's to give."""
        if self.act is Act.ASSIGN or self.cleaned_data.get("other") is not None:
            return False
        by_turns = any(
            seat.person.pk == person.pk and isinstance(seat.source, TakingTurns)
            for seat in self.run.seats
        )
        return by_turns and not changed_people(self.scope).filter(pk=person.pk).exists()

    def _offer(self, name: str, rows: QuerySet[Any]) -> None:
        if name in self.fields:
            self.fields[name].queryset = rows.distinct()  # type: ignore[attr-defined] # likewise


def said_in(address: Mapping[str, str], run: Run) -> dict[str, str]:
    """Return what an address says of the form; moments (seconds of the epoch) as wall times."""
    said = {name: value for name, value in address.items() if name in ArrangeForm.base_fields}
    for name, field in _MOMENTS.items():
        seconds = address.get(name, "")
        if seconds.isascii() and seconds.isdigit() and len(seconds) <= len("9999999999"):
            at = datetime.fromtimestamp(int(seconds), tz=UTC)
            said[field] = f"{at.astimezone(ZoneInfo(run.shift.time_zone)):%H:%M}"
    return {"until": run.start_on.isoformat(), **said}

"""What is asked of a roster that is worked out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.core.access import Scope
from apps.core.namesakes import told_apart
from apps.roster.forms.roster import DayField
from apps.roster.models import RosterDraft, Shift
from apps.roster.planning.facts import Weights
from apps.roster.planning.wishes import DaysWished, Wishes
from apps.roster.queries.places import changed_shifts, seen_people
from apps.roster.services.drafting.making import Asked
from apps.roster.words import days_words, hours_words

LONGEST = timedelta(days=92)
_READERS = "readers_"
_MOST_READERS = 99
_PARTS = (2, 3)
_WEIGHTS = ((0, "does not count"), (1, "counts"), (3, "counts much"))


class DraftForm(forms.Form):
    """A period, the shifts to fill, who may be put on them, and by which rules."""

    name = forms.CharField(max_length=120)
    start_date = DayField(label="From")
    end_date = DayField(label="To")
    shifts = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    people = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    rest_hours = forms.FloatField(
        label="Rest between turns, hours",
        required=False,
        min_value=0,
        max_value=72,
        help_text="Of everybody; whose own record asks for more has more.",
    )
    nights_in_a_row = forms.IntegerField(
        label="Nights in a row, at most", required=False, min_value=1, max_value=31
    )
    days_in_a_row = forms.IntegerField(
        label="Days in a row, at most", required=False, min_value=1, max_value=31
    )
    hours_a_week = forms.FloatField(
        label="Hours a week, at most",
        required=False,
        min_value=1,
        max_value=168,
        help_text="Monday to Sunday. Rules left empty do not count.",
    )
    reads_all = forms.BooleanField(
        label="Only who may read all of a shift's work",
        required=False,
        help_text="Otherwise whoever may read some of it.",
    )
    others_count = forms.BooleanField(
        label="Turns on other shifts count too",
        required=False,
        help_text="For rest, rows of days and hours. Take it away where other shifts are only "
        "on call.",
    )
    may_overlap = forms.BooleanField(
        label="Two shifts at the same time are allowed",
        required=False,
        help_text="Never with a shift that allows no other.",
    )
    weigh_hours = forms.TypedChoiceField(label="Even hours", choices=_WEIGHTS, coerce=int)
    weigh_nights = forms.TypedChoiceField(label="Even nights", choices=_WEIGHTS, coerce=int)
    weigh_weekends = forms.TypedChoiceField(label="Even weekends", choices=_WEIGHTS, coerce=int)
    weigh_wishes = forms.TypedChoiceField(label="Wishes", choices=_WEIGHTS, coerce=int)
    days_wished = forms.CharField(
        label="Days wished off",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "code"}),
        help_text="One a line: the person's id, the first day, and the last if there are more: "
        "DR_SMITH_ID 2026-03-02 2026-03-06. With “on” at the end they would rather work.",
    )
    seconds = forms.IntegerField(
        label="Search for, seconds",
        min_value=5,
        max_value=300,
        help_text="It ends sooner once nothing better is possible.",
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        scope: Scope,
        today: date,
        draft: RosterDraft | None = None,
    ) -> None:
        """Offer the shifts and people of the scope; begin with what the draft was asked with."""
        super().__init__(data, initial=_initial(draft, scope, today))
        self.today = today
        self.offered = list(changed_shifts(scope).filter(is_active=True).order_by("code"))
        found = seen_people(scope).filter(is_active=True)
        self.staff = list(found.order_by("family_name", "given_name", "pk"))
        self._choices("shifts", [(str(one.pk), shift_words(one)) for one in self.offered])
        names = told_apart({one.pk: one.full_name for one in self.staff})
        self._choices("people", list(names.items()))
        for one in self.offered:
            self.fields[f"{_READERS}{one.pk}"] = forms.IntegerField(
                label=f"Readers on {one.code}",
                required=False,
                min_value=0,
                max_value=_MOST_READERS,
                widget=forms.NumberInput(attrs={"placeholder": one.readers_wanted}),
            )

    @property
    def shift_rows(self) -> list[tuple[Shift, forms.BoundField, bool]]:
        """Return each shift with its field of readers and whether it is chosen."""
        chosen = {str(key) for key in self["shifts"].value() or ()}
        return [(one, self[f"{_READERS}{one.pk}"], str(one.pk) in chosen) for one in self.offered]

    def clean(self) -> dict[str, Any]:
        """Refuse a period that is reversed, too long or past."""
        said = super().clean() or self.cleaned_data
        first_on, last_on = said.get("start_date"), said.get("end_date")
        if first_on and first_on < self.today:
            self.add_error("start_date", "This day is past.")
        if first_on and last_on and last_on < first_on:
            self.add_error("end_date", "The last day lies before the first.")
        elif first_on and last_on and last_on - first_on >= LONGEST:
            self.add_error("end_date", f"At most {LONGEST.days} days at once.")
        return said

    def clean_days_wished(self) -> tuple[DaysWished, ...]:
        """Return the wishes, one for each line."""
        lines = [line.strip() for line in self.cleaned_data["days_wished"].splitlines()]
        people = {person.pk for person in self.staff}
        return tuple(_wish(line, people) for line in lines if line)

    def asked(self) -> Asked:
        """Return what the valid form asks for."""
        said = self.cleaned_data
        return Asked(said["name"], said["start_date"], said["end_date"], self._wishes())

    def _wishes(self) -> Wishes:
        said = self.cleaned_data
        chosen = [int(key) for key in said["shifts"]]
        names = ("rest_hours", "nights_in_a_row", "days_in_a_row", "hours_a_week", "reads_all")
        more = ("others_count", "may_overlap", "days_wished", "seconds")
        weights = ("hours", "nights", "weekends", "wishes")
        return Wishes(
            shifts=tuple(chosen),
            people=tuple(said["people"]),
            readers={
                key: said[f"{_READERS}{key}"]
                for key in chosen
                if said.get(f"{_READERS}{key}") is not None
            },
            weights=Weights(**{name: said[f"weigh_{name}"] for name in weights}),
            **{name: said[name] for name in (*names, *more)},
        )

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined] # a ChoiceField


class DayForm(forms.Form):
    """Which shifts somebody has on a day of a draft."""

    shift = forms.TypedMultipleChoiceField(coerce=int, required=False)
    keep = forms.BooleanField(required=False)
    seen = forms.CharField(required=False)

    def __init__(self, data: Mapping[str, Any], *, draft: RosterDraft) -> None:
        """Take the draft's shifts."""
        super().__init__(data)
        shifts = Wishes.read(draft.wishes).shifts
        self.fields["shift"].choices = [(key, key) for key in shifts]  # type: ignore[attr-defined] # a ChoiceField


def shift_words(shift: Shift) -> str:
    """Return a shift with its hours and days."""
    hours = hours_words(shift.start_local, shift.end_local)
    return f"{shift.code}: {hours}, {days_words(shift.weekdays)}"


def _initial(draft: RosterDraft | None, scope: Scope, today: date) -> dict[str, Any]:
    wishes = Wishes.read(draft.wishes) if draft else Wishes()
    monday = today + timedelta(days=7 - today.weekday())
    said: dict[str, Any] = {
        "name": draft.name if draft else "",
        "start_date": draft.start_date if draft else monday,
        "end_date": draft.end_date if draft else monday + timedelta(days=27),
        "shifts": [str(key) for key in wishes.shifts],
        "people": list(wishes.people) if draft else _everybody(scope),
        "days_wished": "\n".join(_wish_line(wish) for wish in wishes.days_wished),
        "seconds": wishes.seconds,
    }
    for name in ("rest_hours", "nights_in_a_row", "days_in_a_row", "hours_a_week"):
        said[name] = getattr(wishes, name)
    for name in ("reads_all", "others_count", "may_overlap"):
        said[name] = getattr(wishes, name)
    for name in ("hours", "nights", "weekends", "wishes"):
        said[f"weigh_{name}"] = getattr(wishes.weights, name)
    return said | {f"{_READERS}{key}": number for key, number in wishes.readers.items()}


def _everybody(scope: Scope) -> list[str]:
    active: list[str] = list(
        seen_people(scope).filter(is_active=True).values_list("pk", flat=True)
    )
    return active


def _wish(line: str, people: set[str]) -> DaysWished:
    words = line.split()
    is_off = words[-1].lower() != "on"
    said = words if is_off else words[:-1]
    if len(said) not in _PARTS or said[0] not in people:
        raise ValidationError(f"“{line}”: write an id of somebody above, and one or two days.")
    try:
        days = [date.fromisoformat(word) for word in said[1:]]
    except ValueError as error:
        raise ValidationError(f"“{line}”: a day is written as 2026-03-02.") from error
    if days[-1] < days[0] or days[-1] - days[0] > LONGEST:
        raise ValidationError(f"“{line}”: the days are reversed, or too many.")
    return DaysWished(said[0], days[0], days[-1], is_off)


def _wish_line(wish: DaysWished) -> str:
    days = [wish.first_on] if wish.first_on == wish.last_on else [wish.first_on, wish.last_on]
    return " ".join([wish.person, *map(str, days), *([] if wish.is_off else ["on"])])

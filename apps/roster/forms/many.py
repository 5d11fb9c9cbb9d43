"""Forms for leave, other work or extra turns of several people, on several days, at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from typing_extensions import override

from apps.core.access import Scope
from apps.roster.choices import OverrideKind
from apps.roster.effects.roster import some, span_words
from apps.roster.forms.patterns import TIME_INPUTS, hours_said
from apps.roster.forms.roster import DayField, ShiftField, are_reversed, offer, person_words
from apps.roster.models import Radiologist, RosterOverride, Shift
from apps.roster.patterns import lies_within
from apps.roster.queries.many import date_of, people_named, spans_of
from apps.roster.queries.overrides import (
    away_words,
    kept_away,
    plan_with,
    same_kind_overlapping,
)
from apps.roster.queries.places import changed_people, changed_shifts, seen_people, seen_sites
from apps.roster.queries.plan import Plan
from apps.roster.words import counted, hours_words

if TYPE_CHECKING:
    ManyModelForm = forms.ModelForm[RosterOverride]
    PeopleChoice = forms.ModelMultipleChoiceField[Radiologist]
else:
    ManyModelForm = forms.ModelForm
    PeopleChoice = forms.ModelMultipleChoiceField

_MOST = 500
"""Records made at once; a page of a real department's days is far below it."""


class PeopleField(PeopleChoice):
    """Some of the people of a scope, to tick."""

    @override
    def label_from_instance(self, obj: Radiologist) -> str:
        """Return the family name first, as the list is sorted."""
        return person_words(obj)


class Many:
    """What was made at once, as the page calls it."""

    def __init__(self, kind: str, made: Sequence[RosterOverride]) -> None:
        """Keep what was made."""
        self.kind, self.made = kind, made

    def __str__(self) -> str:
        people = len({one.radiologist_id for one in self.made})
        return f"of {counted(people, 'person', 'people')}, {counted(len(self.made), 'record')}"


class ManyForm(ManyModelForm):
    """The same for several people on the same days; the instance says the kind."""

    people = PeopleField(
        queryset=Radiologist.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices"}),
    )
    names = forms.CharField(
        label="Or paste names",
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text="One a line: an id, both names in any order, or a family name alone.",
    )
    days = forms.CharField(
        label="Or paste days",
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text="One a line, such as 2026-02-04 or 4 Feb 2026; day before month.",
    )
    shift = ShiftField(queryset=Shift.objects.none())
    time_zone = forms.ChoiceField(label="On the clock of", required=False)

    class Meta:
        model = RosterOverride
        fields: ClassVar[list[str]] = [
            *("shift", "people", "names", "start_date", "end_date", "days"),
            *("start_local", "end_local", "time_zone", "note"),
        ]
        widgets: ClassVar[Mapping[str, Any]] = TIME_INPUTS
        field_classes: ClassVar[Mapping[str, type[forms.Field]]] = {
            "start_date": DayField,
            "end_date": DayField,
        }
        labels: ClassVar[dict[str, str]] = {
            "start_date": "From",
            "end_date": "To",
            "start_local": "Hours from",
            "end_local": "Hours to",
        }

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        """Offer the shifts and people of the scope."""
        super().__init__(*args, **kwargs)
        self._is_extra = self.instance.kind == OverrideKind.EXTRA
        found = seen_people(scope) if self._is_extra else changed_people(scope)
        self._known = found.filter(is_active=True).order_by("family_name", "pk")
        offer(self, "people", self._known)
        for name in ("start_date", "end_date"):
            self.fields[name].required = False
        if self._is_extra:
            offer(self, "shift", changed_shifts(scope).order_by("code"))
            del self.fields["time_zone"]
        else:
            del self.fields["shift"]
            own = timezone.get_current_timezone_name()
            zones = dict.fromkeys((own, *sorted({site.time_zone for site in seen_sites(scope)})))
            self.fields["time_zone"].choices = [(zone, zone) for zone in zones]  # type: ignore[attr-defined] # a ChoiceField

    def clean_names(self) -> list[Radiologist]:
        """Return whom the pasted names mean; refuse those that mean nobody, or several."""
        named = people_named(_lines(self.cleaned_data["names"]), self._known)
        wrong = [f"Nobody here is called {some(named.unknown)}."] if named.unknown else []
        if named.unclear:
            wrong.append(f"Several are called {some(named.unclear)}: write the id.")
        if wrong:
            raise ValidationError(wrong)
        return list(named.people)

    def clean_days(self) -> list[date]:
        """Return the pasted days; refuse lines that mean none."""
        found = {line: date_of(line) for line in _lines(self.cleaned_data["days"])}
        wrong = [line for line, day in found.items() if day is None]
        if wrong:
            raise ValidationError(f"No day: {some(wrong)}.")
        return [day for day in found.values() if day is not None]

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse nobody, no day, hours that are not the shift's, and what is there already."""
        said = super().clean() or self.cleaned_data
        is_partial = hours_said(self)
        if self.errors or are_reversed(self):
            return said
        if not self.chosen():
            self.add_error("people", "Tick or paste at least one person.")
        if not self._spans():
            self.add_error("start_date", "Say from when to when, or paste days.")
        if is_partial and self._is_extra:
            self._check_hours(said)
        if not self.errors:
            self._check_records()
        return said

    def _check_hours(self, said: Mapping[str, Any]) -> None:
        shift: Shift = said["shift"]
        part = (said["start_local"], said["end_local"])
        if not lies_within(part, shift.start_local, shift.end_local):
            hours = hours_words(shift.start_local, shift.end_local)
            self.add_error(
                "start_local", f"{shift.code} runs {hours} in {shift.time_zone}: choose of these."
            )

    def _check_records(self) -> None:
        records = self.records()
        if len(records) > _MOST:
            self.add_error(None, f"No more than {_MOST} records at once.")
            return
        after = plan_with(records) if self._is_extra else None
        for record in records:
            said = self._in_the_way(record, after)
            if said:
                self.add_error(None, f"{record.radiologist.full_name} {said}.")

    def _in_the_way(self, record: RosterOverride, after: Plan | None) -> str:
        other = same_kind_overlapping(record)
        if other is not None:
            return f"has this {span_words(other.start_date, other.end_date)} already"
        away = kept_away(after, record) if after is not None else None
        return (
            f"is {away_words(away)} {span_words(away.start_date, away.end_date)}" if away else ""
        )

    def chosen(self) -> list[Radiologist]:
        """Return who was ticked or named, each once."""
        said = self.cleaned_data
        both = [*(said.get("people") or ()), *(said.get("names") or ())]
        return list({person.pk: person for person in both}.values())

    def _spans(self) -> list[tuple[date, date]]:
        said = self.cleaned_data
        ends = [said[name] for name in ("start_date", "end_date") if said.get(name)]
        spans = [(min(ends), max(ends))] if ends else []
        return [*spans, *spans_of(said.get("days") or ())]

    def records(self) -> list[RosterOverride]:
        """Return what the valid form would make, unsaved."""
        return list(self._records())

    def _records(self) -> Iterator[RosterOverride]:
        said = self.cleaned_data
        is_partial = said["start_local"] is not None
        for person in self.chosen():
            for first_on, last_on in self._spans():
                yield RosterOverride(
                    kind=self.instance.kind,
                    shift=said.get("shift"),
                    radiologist=person,
                    start_date=first_on,
                    end_date=last_on,
                    start_local=said["start_local"],
                    end_local=said["end_local"],
                    time_zone=said.get("time_zone", "") if is_partial else "",
                    note=said["note"],
                )

    def _post_clean(self) -> None:
        """Leave the instance alone: it only says the kind."""

    @override
    @transaction.atomic
    def save(self, commit: bool = True) -> Many:  # type: ignore[override] # many, where a form makes one
        """Save them all, or none."""
        made = self.records()
        for record in made:
            record.save()
        return Many(self.instance.kind, made)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]

"""Forms of rotations: who takes turns, from which date on, and until when."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils import timezone
from typing_extensions import override

from apps.core import clock
from apps.core.access import Scope
from apps.roster.choices import RosterStatus
from apps.roster.effects.roster import span_words
from apps.roster.facts import rotation_of
from apps.roster.forms.patterns import WeekdaysField
from apps.roster.forms.roster import DayField, ShiftField, are_reversed, offer, person_words
from apps.roster.forms.turns import NOBODY, TurnsField
from apps.roster.models import Radiologist, Rotation, Shift
from apps.roster.queries.places import changed_shifts, seen_people
from apps.roster.queries.records import TakingTurns
from apps.roster.queries.rotations import from_turn, next_turn_on, taking_turns
from apps.roster.queries.turns import hours_of
from apps.roster.services.rotations import change_from, end_rotation, parted, save_rotation

if TYPE_CHECKING:
    RotationModelForm = forms.ModelForm[Rotation]
else:
    RotationModelForm = forms.ModelForm

_PATTERN = ("people", "unit", "length", "weekdays")


class RotationForm(RotationModelForm):
    """People who take turns on a shift.

    Of a rotation that has begun the past stays: another order of people, or another length of a
    turn, asks from which date on, ends the rotation before it and begins another there. It is
    shown from the turn that comes next, so that whoever is first in the list has that turn.
    """

    shift = ShiftField(queryset=Shift.objects.none())
    people = TurnsField(
        label="Takes turns",
        help_text="In this order, and then from the first again. Somebody may come twice.",
    )
    weekdays = WeekdaysField()
    from_date = DayField(
        label="Change the turns from",
        required=False,
        help_text="The first of the list has the turn that begins then; what was before stays.",
    )

    class Meta:
        model = Rotation
        fields: ClassVar[list[str]] = [
            *("shift", "name", "start_date", "end_date", "people", "length", "unit", "weekdays"),
            *("from_date", "status"),
        ]
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {
            "start_date": DayField,
            "end_date": DayField,
        }
        labels: ClassVar[dict[str, str]] = {
            "start_date": "From",
            "end_date": "Until",
            "length": "A turn lasts",
            "unit": "Counted in",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "name": "As people call it. Empty: it goes by its shift.",
            "start_date": "The first turn begins on this day; weeks are counted from it.",
            "end_date": "The last day, included. Empty: no end.",
            "length": "",
            "unit": "Days and weeks count as they pass; runs only when the shift runs.",
        }

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        """Offer the shifts and people of the scope, and whoever takes turns already."""
        super().__init__(*args, **kwargs)
        is_new = self.instance._state.adding  # noqa: SLF001 -- Django's public name for it
        self.stored = None if is_new else taking_turns(self.instance)
        self._offer_people(scope)
        if self.stored is None:
            offer(self, "shift", changed_shifts(scope).order_by("code"))
            del self.fields["from_date"], self.fields["status"]
            return
        # The turns are bound to the shift: for another one a rotation of its own is made.
        del self.fields["shift"]
        self._before = _copied(self.instance)
        self._show_turns(self.stored)

    def _offer_people(self, scope: Scope) -> None:
        named = [person.pk for person in self.stored.people if person] if self.stored else []
        people = seen_people(scope) | Radiologist.objects.filter(pk__in=named)
        self._people = {
            person.pk: person
            for person in people.order_by("-is_active", "family_name", "pk")
            if person.is_active or person.pk in named
        }
        field: Any = self.fields["people"]
        field.choices = [(key, person_words(person)) for key, person in self._people.items()]

    def _show_turns(self, stored: TakingTurns) -> None:
        today = timezone.localdate(clock.now())
        if stored.start_date > today:
            del self.fields["from_date"]
            people = list(stored.people)
        else:
            del self.fields["start_date"]
            on = self._next_turn(stored, today)
            self.initial["from_date"] = on
            people = from_turn(stored, stored.shift, on or today)
        self.initial["people"] = [person.pk if person else NOBODY for person in people]

    def _next_turn(self, stored: TakingTurns, today: date) -> date | None:
        facts = rotation_of(stored.rotation, stored.shift.code, stored.ids)
        return next_turn_on(facts, hours_of(stored.shift), today)

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse reversed dates, and turns that change outside of the rotation's days."""
        said = super().clean() or self.cleaned_data
        if not self.errors and not are_reversed(self) and self.parts:
            self._check_parting(said)
        return said

    def _check_parting(self, said: dict[str, Any]) -> None:
        on, stored = said["from_date"], self._before
        if on is None:
            self.add_error("from_date", "Say from which date on the turns change.")
        elif on < stored.start_date or (said["end_date"] and on > said["end_date"]):
            dates = span_words(stored.start_date, said["end_date"])
            self.add_error("from_date", f"The rotation holds {dates}.")

    @property
    def parts(self) -> bool:
        """Return whether the turns change in a rotation that has begun."""
        return "from_date" in self.fields and bool(set(_PATTERN) & set(self.changed_data))

    def taking(self) -> list[Radiologist | None]:
        """Return who takes turns by the valid form, in order."""
        return [self._people.get(key) for key in self.cleaned_data["people"]]

    def records(self) -> tuple[list[TakingTurns], list[TakingTurns]]:
        """Return what the valid form would take from the roster, and what it would add."""
        if self.stored is None:
            return [], [TakingTurns(self.instance, self.taking())]
        before = TakingTurns(self._before, self.stored.people)
        if not self.parts:
            people = self.stored.people if "from_date" in self.fields else self.taking()
            return [before], [TakingTurns(self.instance, people)]
        ended, begun = parted(self._before, self.instance, self.cleaned_data["from_date"])
        left = [TakingTurns(ended, self.stored.people)] if ended else []
        return [before], [*left, TakingTurns(begun, self.taking())]

    @override
    def save(self, commit: bool = True) -> Rotation:
        """Save the rotation, or end it and begin another."""
        if self.stored is not None and self.parts:
            on = self.cleaned_data["from_date"]
            return change_from(self._before, self.instance, self.taking(), from_date=on)
        if self.stored is not None and "from_date" in self.fields:
            # Its name, end or status alone: the turns stay as they are counted.
            return super().save(commit)
        return save_rotation(self.instance, self.taking())


class EndRotationForm(RotationModelForm):
    """The last day of a rotation."""

    end_date = DayField(label="Last day", help_text="Included.")

    class Meta:
        model = Rotation
        fields: ClassVar[list[str]] = ["end_date"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Keep the rotation as it is stored."""
        super().__init__(*args, **kwargs)
        self._before = _copied(self.instance)
        self._people = taking_turns(self.instance).people

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse an end before the start, or of what does not count."""
        said = super().clean() or self.cleaned_data
        last_on, stored = said.get("end_date"), self._before
        if last_on is not None and last_on < stored.start_date:
            dates = span_words(stored.start_date, stored.end_date)
            self.add_error("end_date", f"It holds {dates}; what never held is deleted.")
        if stored.status != RosterStatus.ACTIVE:
            self.add_error("end_date", "It is cancelled already.")
        return said

    def records(self) -> tuple[list[TakingTurns], list[TakingTurns]]:
        """Return what the valid form would take from the roster, and what it would add."""
        before = TakingTurns(self._before, self._people)
        return [before], [TakingTurns(self.instance, self._people)]

    @override
    def save(self, commit: bool = True) -> Rotation:
        """Save the end."""
        return end_rotation(self._before, self.cleaned_data["end_date"])


def _copied(rotation: Rotation) -> Rotation:
    """Return the rotation as it is stored, which the form's own record soon is not."""
    names = [field.attname for field in Rotation._meta.concrete_fields]  # noqa: SLF001 -- Django's public name for it
    made = Rotation(**{name: getattr(rotation, name) for name in names})
    made.shift = rotation.shift
    made._state.adding = False  # noqa: SLF001 -- Django's public name for it
    return made

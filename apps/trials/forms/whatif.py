"""What a what-if is asked with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.core.access import Scope
from apps.core.namesakes import told_apart
from apps.roster.choices import DraftState, StrategyChoices
from apps.roster.models import Radiologist
from apps.roster.queries.drafting.drafts import drafts
from apps.roster.queries.places import seen_shifts
from apps.roster.queries.radiologists import seen as seen_people
from apps.rules.models import DecisionPolicy, ScoringWeights
from apps.rules.queries.drafts import open_drafts
from apps.trials.whatif.making import MOST_DAYS, Asked
from apps.trials.whatif.wishes import Limits, Newcomer, Wishes

_DAY = timedelta(days=1)
_ROWS = (1, 2, 3)
_WEIGHTS = (
    *("start", "open_share", "subspecialty_match", "stat_seniority", "seniority_over_years"),
    *("recently_active", "active_within_minutes", "quick_turnaround", "quick_under_minutes"),
    *("slow_turnaround", "slow_over_minutes"),
)
_POLICY = ("catch_up_units", "together", "together_most", "prefer_priors", "company_share")
_AS_NOW = ("", "As it is now")


class WhatIfForm(forms.Form):
    """Past days, and what would have been otherwise; what is left alone stays as it is now."""

    name = forms.CharField(max_length=120)
    first_on = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    last_on = forms.DateField(label="To", widget=forms.DateInput(attrs={"type": "date"}))
    rule_draft = forms.TypedChoiceField(
        label="Rules", required=False, coerce=int, empty_value=None
    )
    roster_draft = forms.TypedChoiceField(
        label="Roster",
        required=False,
        coerce=int,
        empty_value=None,
        help_text="A draft's weeks are laid over these days, weekday by weekday.",
    )
    strategy = forms.ChoiceField(
        label="Every shift chooses by",
        required=False,
        choices=[_AS_NOW, *StrategyChoices.choices],
    )
    leave_out = forms.MultipleChoiceField(
        label="Leave out", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        scope: Scope,
        today: date,
        preset: Mapping[str, Any] | None = None,
    ) -> None:
        """Offer the drafts, shifts and people of the scope; begin with the week that is over."""
        self.weights = ScoringWeights.objects.first() or ScoringWeights()
        self.policy = DecisionPolicy.objects.first() or DecisionPolicy()
        self.today, self.preset = today, preset or {}
        week = {"first_on": today - 7 * _DAY, "last_on": today - _DAY}
        super().__init__(data, initial={**week, **self.preset})
        self._offer(scope)
        self._add_weights()
        self._add_policy()
        self._add_rows()

    @property
    def weight_fields(self) -> list[forms.BoundField]:
        """Return the weights' fields."""
        return [self[f"weight_{name}"] for name in _WEIGHTS]

    @property
    def policy_fields(self) -> list[forms.BoundField]:
        """Return the policy's fields."""
        return [self[f"policy_{name}"] for name in _POLICY]

    @property
    def shift_rows(self) -> list[list[forms.BoundField]]:
        """Return the rows of a shift and its strategy."""
        return [[self[f"shift_{row}"], self[f"by_{row}"]] for row in _ROWS]

    @property
    def newcomer_rows(self) -> list[list[forms.BoundField]]:
        """Return the rows of a new reader and whom they are like."""
        return [[self[f"newcomer_{row}"], self[f"like_{row}"]] for row in _ROWS]

    @property
    def limit_rows(self) -> list[list[forms.BoundField]]:
        """Return the rows of a reader and their limits."""
        return [
            [self[f"limited_{row}"], self[f"open_{row}"], self[f"hour_{row}"]] for row in _ROWS
        ]

    @property
    def opened(self) -> dict[str, bool]:
        """Return which of the folded parts say something, and so stand open."""
        parts = {
            "shifts": self.shift_rows,
            "newcomers": self.newcomer_rows,
            "limits": self.limit_rows,
            "weights": [self.weight_fields],
            "policy": [self.policy_fields],
        }
        return {
            part: any(self._says(field) for row in rows for field in row)
            for part, rows in parts.items()
        }

    def clean(self) -> dict[str, Any]:
        """Refuse days that cannot be replayed, rows half filled, and values out of their limits."""
        said = super().clean() or self.cleaned_data
        first_on, last_on = said.get("first_on"), said.get("last_on")
        if last_on and last_on > self.today:
            self.add_error("last_on", "This day is not over yet: only what was can be replayed.")
        elif first_on and last_on and last_on < first_on:
            self.add_error("last_on", "The last day lies before the first.")
        elif first_on and last_on and (last_on - first_on).days >= MOST_DAYS:
            self.add_error("last_on", f"At most {MOST_DAYS} days at once.")
        for one, other in _PAIRS:
            for row in _ROWS:
                self._want_both(f"{one}_{row}", f"{other}_{row}")
        self._refuse_taken_ids()
        self._keep_limits("weight", _WEIGHTS, ScoringWeights)
        self._keep_limits("policy", _POLICY, DecisionPolicy)
        return said

    def asked(self) -> Asked:
        """Return what the valid form asks for."""
        said = self.cleaned_data
        return Asked(
            name=said["name"],
            since=_midnight(said["first_on"]),
            until=_midnight(said["last_on"] + _DAY),
            rule_draft=said["rule_draft"],
            roster_draft=said["roster_draft"],
            wishes=self._wishes(),
        )

    # -- what is offered -----------------------------------------------------------------

    def _offer(self, scope: Scope) -> None:
        people = seen_people(scope).filter(is_active=True)
        named = people.order_by("family_name", "given_name", "pk")
        staff = list(told_apart({one.pk: one.full_name for one in named}).items())
        shifts = seen_shifts(scope).filter(is_active=True).order_by("code")
        self.staff = [("", "Nobody"), *staff]
        self.shifts = [("", "None"), *((one.code, one.name) for one in shifts)]
        ready = drafts(scope).filter(state__in=(DraftState.READY, DraftState.PUBLISHED))
        self._choose("leave_out", staff)
        self._choose("rule_draft", [_AS_NOW, *((one.pk, one.name) for one in open_drafts())])
        self._choose("roster_draft", [_AS_NOW, *((one.pk, one.name) for one in ready)])

    def _choose(self, name: str, choices: list[tuple[Any, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined] # a ChoiceField

    def _add_weights(self) -> None:
        for name in _WEIGHTS:
            label = name.replace("_", " ").capitalize()
            self.fields[f"weight_{name}"] = forms.DecimalField(
                label=label,
                max_digits=7,
                decimal_places=0 if name.endswith(("_years", "_minutes")) else 2,
                min_value=0 if name.endswith(("_years", "_minutes")) else None,
                initial=getattr(self.weights, name),
            )

    def _add_policy(self) -> None:
        """Offer the columns of the decision policy; ``clean`` keeps their limits."""
        offered = forms.modelform_factory(DecisionPolicy, fields=_POLICY)()
        for name in _POLICY:
            field = offered.fields[name]
            field.initial, field.help_text = getattr(self.policy, name), ""
            field.label = _POLICY_WORDS[name]
            self.fields[f"policy_{name}"] = field

    def _add_rows(self) -> None:
        for row in _ROWS:
            self._pick(f"shift_{row}", "Shift", self.shifts)
            self._pick(f"by_{row}", "Chooses by", [_AS_NOW, *StrategyChoices.choices])
            self.fields[f"newcomer_{row}"] = forms.CharField(
                label="New reader", max_length=60, required=False
            )
            self._pick(f"like_{row}", "Works and reads like", self.staff)
            self._pick(f"limited_{row}", "Reader", self.staff)
            self.fields[f"open_{row}"] = _limit("Open at most")
            self.fields[f"hour_{row}"] = _limit("An hour at most")

    def _pick(self, name: str, label: str, choices: list[tuple[Any, str]]) -> None:
        self.fields[name] = forms.ChoiceField(label=label, choices=choices, required=False)

    def _says(self, field: forms.BoundField) -> bool:
        """Return whether a field differs from what stands now, or is wrong."""
        is_typed = self.is_bound and field.name in self.changed_data
        return bool(field.errors) or is_typed or field.name in self.preset

    # -- what is asked -------------------------------------------------------------------

    def _want_both(self, one: str, other: str) -> None:
        said = self.cleaned_data
        if said.get(one) and other in said and not said[other]:
            self.add_error(other, "Say which, or empty the row.")

    def _refuse_taken_ids(self) -> None:
        """Refuse newcomers under an id that a reader has, of whatever site, or another newcomer."""
        names = {row: self.cleaned_data.get(f"newcomer_{row}", "") for row in _ROWS}
        known = Radiologist.objects.filter(pk__in=set(names.values()))
        taken = set(known.values_list("pk", flat=True))
        for row, name in names.items():
            if name in taken:
                self.add_error(f"newcomer_{row}", "This is somebody's id already: take another.")
            elif name:
                taken.add(name)

    def _keep_limits(
        self, prefix: str, names: tuple[str, ...], model: type[ScoringWeights | DecisionPolicy]
    ) -> None:
        """Refuse what the columns of the model would; validators do not come with form fields."""
        said = {name: self.cleaned_data.get(f"{prefix}_{name}") for name in names}
        known = {name: value for name, value in said.items() if value is not None}
        try:
            model(**known).clean_fields()
        except ValidationError as error:
            for name, errors in error.error_dict.items():
                self.add_error(f"{prefix}_{name}", errors)

    def _wishes(self) -> Wishes:
        said = self.cleaned_data
        return Wishes(
            strategy=said["strategy"],
            strategies=dict(self._filled("shift", "by")),
            weights=dict(self._changed("weight", _WEIGHTS, self.weights)),
            policy=dict(self._changed("policy", _POLICY, self.policy)),
            leave_out=tuple(said["leave_out"]),
            add=tuple(Newcomer(*pair) for pair in self._filled("newcomer", "like")),
            limits={
                said[f"limited_{row}"]: Limits(said[f"open_{row}"], said[f"hour_{row}"])
                for row in _ROWS
                if said[f"limited_{row}"] and (said[f"open_{row}"] or said[f"hour_{row}"])
            },
        )

    def _filled(self, one: str, other: str) -> Iterator[tuple[str, str]]:
        said = self.cleaned_data
        for row in _ROWS:
            if said[f"{one}_{row}"] and said[f"{other}_{row}"]:
                yield said[f"{one}_{row}"], said[f"{other}_{row}"]

    def _changed(
        self, prefix: str, names: tuple[str, ...], stored: ScoringWeights | DecisionPolicy
    ) -> Iterator[tuple[str, str]]:
        """Yield what differs from what is stored, as text."""
        for name in names:
            value = self.cleaned_data[f"{prefix}_{name}"]
            if value != getattr(stored, name):
                yield name, _text(value)


_PAIRS = (("shift", "by"), ("newcomer", "like"), ("like", "newcomer"))
_POLICY_WORDS: Mapping[str, str] = {
    "catch_up_units": "Catch-up, units",
    "together": "One reader for a patient's studies",
    "together_most": "At most so many",
    "prefer_priors": "Prefer the reader of the priors",
    "company_share": "May be fuller by, share",
}


def _limit(label: str) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=1, max_value=999)


def _midnight(on: date) -> datetime:
    return timezone.make_aware(datetime.combine(on, datetime.min.time()))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)

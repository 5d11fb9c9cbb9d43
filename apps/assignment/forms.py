"""Forms of the pages of studies: the filters of lists, and what a person does by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from apps.assignment.choices import ReasonChoices, RecordedStrategy
from apps.assignment.queries.filters import Numbers, Period, State, StudyFilter
from apps.assignment.queries.options import Choice, Options
from apps.assignment.queries.waiting import WaitingFilter
from apps.catalog.choices import UrgencyChoices
from apps.engine.codes import Urgency

_STATES: Mapping[State, str] = {
    State.OPEN: "Open",
    State.OVERDUE: "Overdue",
    State.DUE_SOON: "Due within 30 min",
    State.UNACKNOWLEDGED: "Not acknowledged yet",
    State.HELD: "Held",
    State.LATE_TODAY: "Due today and late",
    State.REPORTED: "Reported",
    State.CANCELLED: "Cancelled",
    State.ANY: "Any, each assignment",
}
_PERIODS: Mapping[Period, str] = {
    Period.ALL: "Any time",
    Period.TODAY: "Today",
    Period.DAY: "Last 24 hours",
    Period.WEEK: "Last 7 days",
    Period.MONTH: "Last 30 days",
}
_LOOKS_BACK = ("period", "escalated", "strategy", "q", "patient")
"""Who asks for one of these and for no state asks for what was, not for what is open."""


def _reason(*, label: str, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class StudyFilterForm(forms.Form):
    """What the list of studies is narrowed by; what does not exist narrows nothing."""

    state = forms.ChoiceField(
        label="Studies",
        required=False,
        choices=[(key.value, said) for key, said in _STATES.items()],
    )
    period = forms.ChoiceField(
        label="When", required=False, choices=[(key.value, said) for key, said in _PERIODS.items()]
    )
    site = forms.ChoiceField(required=False)
    modality = forms.ChoiceField(required=False)
    urgency = forms.ChoiceField(required=False, choices=[("", "any"), *UrgencyChoices.choices])
    radiologist = forms.ChoiceField(required=False)
    cluster = forms.ChoiceField(required=False)
    shift = forms.ChoiceField(required=False)
    strategy = forms.ChoiceField(required=False, choices=[("", "any"), *RecordedStrategy.choices])
    escalated = forms.BooleanField(label="Escalated only", required=False)

    RARE = ("cluster", "shift", "strategy", "escalated")
    """The fields behind "More"."""

    def __init__(self, asked: QueryDict, offered: Options, found: Numbers | None) -> None:
        """Offer what there is, and show what the list will really be narrowed by."""
        self._found = found
        data = asked.copy()
        if not asked.get("state"):
            is_past = any(asked.get(name) for name in _LOOKS_BACK)
            data["state"] = (State.ANY if is_past else State.OPEN).value
        super().__init__(data)
        _offer(self, "site", offered.sites)
        _offer(self, "cluster", offered.clusters)
        _offer(self, "modality", offered.modalities)
        _offer(self, "radiologist", offered.radiologists)
        _offer(self, "shift", offered.shifts)
        self.wanted = self._read()
        data["period"] = self.wanted.shown_period.value

    @property
    def common(self) -> list[forms.BoundField]:
        """Return the fields that are always shown."""
        return [field for field in self if field.name not in self.RARE]

    @property
    def rare(self) -> list[forms.BoundField]:
        """Return the fields that are shown on demand."""
        return [field for field in self if field.name in self.RARE]

    @property
    def is_rare_used(self) -> bool:
        """Return whether one of the rare fields narrows the list."""
        return any(self.cleaned_data.get(name) for name in self.RARE)

    def _read(self) -> StudyFilter:
        self.is_valid()
        said = self.cleaned_data
        strategy = said.get("strategy")
        return StudyFilter(
            state=State(said.get("state") or State.OPEN),
            period=Period(said.get("period") or Period.NONE),
            site_id=_number(said.get("site")),
            cluster_id=_number(said.get("cluster")),
            modality=said.get("modality", ""),
            urgency=said.get("urgency", ""),
            radiologist=said.get("radiologist", ""),
            shift=said.get("shift", ""),
            strategy=RecordedStrategy(strategy) if strategy else None,
            is_escalated=said.get("escalated", False),
            found=self._found,
        )


class WaitingFilterForm(forms.Form):
    """What the list of unassigned studies is narrowed by."""

    reason = forms.ChoiceField(required=False, choices=[("", "any"), *ReasonChoices.choices])
    site = forms.ChoiceField(required=False)
    modality = forms.ChoiceField(required=False)
    urgency = forms.ChoiceField(required=False, choices=[("", "any"), *UrgencyChoices.choices])

    def __init__(self, asked: QueryDict, offered: Options) -> None:
        """Offer the sites and modalities that there are."""
        super().__init__(asked)
        _offer(self, "site", offered.sites)
        _offer(self, "modality", offered.modalities)

    def wanted(self) -> WaitingFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        self.is_valid()
        said = self.cleaned_data
        return WaitingFilter(
            reason=said.get("reason", ""),
            site_id=_number(said.get("site")),
            modality=said.get("modality", ""),
            urgency=said.get("urgency", ""),
        )


def _offer(form: forms.Form, name: str, choices: list[Choice]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- tells the type checker
    field.choices = [("", "any"), *choices]


def _number(value: str | None) -> int | None:
    return int(value) if value else None


class HandForm(forms.Form):
    """An action by hand; ``token`` is the study as the person saw it."""

    token = forms.CharField(widget=forms.HiddenInput)

    def values(self) -> dict[str, Any]:
        """Return what the service takes besides the study and its token."""
        return {name: value for name, value in self.cleaned_data.items() if name != "token"}


class AssignForm(HandForm):
    """Who shall read it; the service says whether a reason is needed."""

    radiologist_id = forms.CharField(
        max_length=64, error_messages={"required": "Choose who shall read it."}
    )
    reason = _reason(label="Reason", required=False)


class UnassignForm(HandForm):
    """Why its reader is taken off."""

    reason = _reason(label="Why is it taken off?")


class HoldForm(HandForm):
    """Why it is held."""

    reason = _reason(label="Why is it held?")


class UrgencyForm(HandForm):
    """How soon it must be read."""

    urgency = forms.TypedChoiceField(
        choices=UrgencyChoices.choices,
        coerce=Urgency,
        error_messages={"required": "Choose an urgency."},
    )
    reason = _reason(label="Reason", required=False)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Studies that shall go to one reader; ``tokens`` are their states as the person saw them."""

    order_ids: tuple[int, ...]
    radiologist_id: str
    reason: str
    tokens: Mapping[int, str]


class MoveForm(forms.Form):
    """Who shall have the chosen studies, and why nevertheless where that is needed."""

    radiologist_id = forms.CharField(max_length=64, required=False)
    reason = _reason(label="Reason", required=False)

    def __init__(self, asked: QueryDict) -> None:
        """Keep what was asked: one study a value."""
        super().__init__(asked)
        self._asked = asked

    def chosen(self) -> Chosen:
        """Return what was asked for; what is no study's number is left out."""
        self.is_valid()
        said = self.cleaned_data
        ids = [int(value) for value in self._asked.getlist("study") if _is_number(value)]
        return Chosen(
            order_ids=tuple(ids),
            radiologist_id=said.get("radiologist_id", ""),
            reason=said.get("reason", ""),
            tokens={id_: self._asked.get(f"token-{id_}", "") for id_ in ids},
        )


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < len(str(2**63))

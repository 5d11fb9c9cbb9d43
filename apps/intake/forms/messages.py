"""What the lists of messages are narrowed by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms

from apps.core.access import Scope
from apps.intake.choices import InboundState
from apps.intake.queries.inbound import InboundFilter
from apps.intake.queries.outbound import OutboundFilter, destinations
from apps.intake.queries.span import Period, Span, between, last
from apps.outbound.choices import OutboundKind, OutboundState

_PERIODS = [
    (Period.DAY.value, "last 24 hours"),
    (Period.HOUR.value, "last hour"),
    (Period.WEEK.value, "last 7 days"),
]

_CENTURY = timedelta(days=36_500)


def _code(example: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": "off", "placeholder": example, "size": "8"})


def _to_the_minute() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class MessageFilterForm(forms.Form):
    """What both lists share."""

    q = forms.CharField(
        label="Control id or accession",
        required=False,
        max_length=400,
        widget=forms.TextInput(attrs={"data-key": "f", "autocomplete": "off"}),
    )
    period = forms.ChoiceField(required=False, choices=_PERIODS)
    since = forms.DateTimeField(label="Or from", required=False, widget=_to_the_minute())
    until = forms.DateTimeField(required=False, widget=_to_the_minute())

    def __init__(self, data: Mapping[str, Any], *, at: datetime) -> None:
        """Look back from a moment; clock times are the viewer's."""
        super().__init__(data)
        self._at = at

    @property
    def span(self) -> Span:
        """Return the time that is looked at; one that is typed goes before a period."""
        since, until = self._moment("since"), self._moment("until")
        if since is not None or until is not None:
            return between(since, until)
        return last(Period(self.cleaned_data.get("period") or Period.DAY), self._at)

    def _moment(self, name: str) -> datetime | None:
        """Return a moment that was typed; a slip of centuries narrows nothing."""
        said: datetime | None = self.cleaned_data.get(name)
        return said if said is not None and abs(said - self._at) < _CENTURY else None

    @property
    def number(self) -> str:
        """Return the number that is looked for, in full; empty for none."""
        found: str = self.cleaned_data.get("q", "")
        return found.strip()


class InboundFilterForm(MessageFilterForm):
    """What the list of received messages is narrowed by."""

    sender = forms.CharField(required=False, max_length=200)
    state = forms.ChoiceField(required=False, choices=[("", "any"), *InboundState.choices])
    type = forms.CharField(label="Type", required=False, max_length=32, widget=_code("ORM^O01"))
    control = forms.CharField(
        label="Control code", required=False, max_length=16, widget=_code("CA")
    )

    field_order = ("q", "sender", "type", "control", "state", "period", "since", "until")

    def wanted(self) -> InboundFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        self.is_valid()
        said = self.cleaned_data
        sender = said.get("sender", "").strip()
        return InboundFilter(
            self.number,
            sender,
            said.get("state", ""),
            self.span,
            message_type=said.get("type", "").strip().upper(),
            order_control=said.get("control", "").strip().upper(),
        )


class OutboundFilterForm(MessageFilterForm):
    """What the list of messages to destinations is narrowed by."""

    destination = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    state = forms.ChoiceField(required=False, choices=[("", "any"), *OutboundState.choices])

    kind = forms.ChoiceField(
        label="What", required=False, choices=[("", "any"), *OutboundKind.choices]
    )

    field_order = ("q", "destination", "kind", "state", "period", "since", "until")

    def __init__(self, data: Mapping[str, Any], *, at: datetime, scope: Scope) -> None:
        """Offer the destinations that the viewer sees."""
        super().__init__(data, at=at)
        names = destinations(scope).values_list("pk", "name")
        self.fields["destination"].choices = [("", "any"), *names]  # type: ignore[attr-defined] # a ChoiceField

    def wanted(self) -> OutboundFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        self.is_valid()
        said = self.cleaned_data
        return OutboundFilter(
            self.number,
            said.get("destination"),
            said.get("state", ""),
            self.span,
            kind=said.get("kind", ""),
        )


class PatientForm(forms.Form):
    """Whose messages are looked for; posted, so that the number gets into no address."""

    mrn = forms.CharField(
        label="MRN, in full", max_length=400, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    authority = forms.CharField(
        label="Assigning authority (PID-3.4)", required=False, max_length=120
    )

"""What the lists of messages are narrowed by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from django import forms

from apps.core.access import Scope
from apps.intake.choices import InboundState
from apps.intake.queries.inbound import InboundFilter
from apps.intake.queries.outbound import OutboundFilter, destinations
from apps.intake.queries.span import Period, Span, day, last
from apps.outbound.choices import OutboundState

_PERIODS = [
    (Period.DAY.value, "last 24 hours"),
    (Period.HOUR.value, "last hour"),
    (Period.WEEK.value, "last 7 days"),
]


class MessageFilterForm(forms.Form):
    """What both lists share."""

    q = forms.CharField(
        label="Control id or accession",
        required=False,
        max_length=400,
        widget=forms.TextInput(attrs={"data-key": "f", "autocomplete": "off"}),
    )
    period = forms.ChoiceField(required=False, choices=_PERIODS)
    on = forms.DateField(
        label="Or day", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, data: Mapping[str, Any], *, at: datetime, zone: tzinfo) -> None:
        """Look back from a moment; days are the viewer's."""
        super().__init__(data)
        self._at, self._zone = at, zone

    @property
    def span(self) -> Span:
        """Return the time that is looked at; a day goes before a period."""
        on = self.cleaned_data.get("on")
        if on is not None:
            return day(on, self._zone)
        return last(Period(self.cleaned_data.get("period") or Period.DAY), self._at)

    @property
    def number(self) -> str:
        """Return the number that is looked for, in full; empty for none."""
        found: str = self.cleaned_data.get("q", "")
        return found.strip()


class InboundFilterForm(MessageFilterForm):
    """What the list of received messages is narrowed by."""

    sender = forms.CharField(required=False, max_length=200)
    state = forms.ChoiceField(required=False, choices=[("", "any"), *InboundState.choices])

    field_order = ("q", "sender", "state", "period", "on")

    def wanted(self) -> InboundFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        self.is_valid()
        said = self.cleaned_data
        sender = said.get("sender", "").strip()
        return InboundFilter(self.number, sender, said.get("state", ""), self.span)


class OutboundFilterForm(MessageFilterForm):
    """What the list of messages to destinations is narrowed by."""

    destination = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    state = forms.ChoiceField(required=False, choices=[("", "any"), *OutboundState.choices])

    field_order = ("q", "destination", "state", "period", "on")

    def __init__(
        self, data: Mapping[str, Any], *, at: datetime, zone: tzinfo, scope: Scope
    ) -> None:
        """Offer the destinations that the viewer sees."""
        super().__init__(data, at=at, zone=zone)
        names = destinations(scope).values_list("pk", "name")
        self.fields["destination"].choices = [("", "any"), *names]  # type: ignore[attr-defined] # a ChoiceField

    def wanted(self) -> OutboundFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        self.is_valid()
        said = self.cleaned_data
        return OutboundFilter(
            self.number, said.get("destination"), said.get("state", ""), self.span
        )

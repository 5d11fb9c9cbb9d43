"""The form of a take-over: who is away from when to when, and who takes it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.http import QueryDict

from apps.assignment.queries.take_over import Asked
from apps.assignment.study import LONGEST_REASON, SHORTEST_REASON
from apps.roster.queries.take_over import LONGEST, Period, Until

_TAKER, _TICKED = "taker-", "reading"
_NOW, _LATER = "now", "date"
_DECIDE, _STAY = "decide", "stay"
_DEFAULTS = {"begins": _NOW, "until": Until.TURN.value, "rest": _DECIDE, "reason": "Taken ill"}
_MOST_DIGITS = 15


def _date() -> forms.DateField:
    return forms.DateField(
        required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )


class TakeOverForm(forms.Form):
    """What a person says of a take-over; before they said anything, the common case."""

    begins = forms.ChoiceField(choices=[(_NOW, "now"), (_LATER, "a date")])
    from_on = _date()
    until = forms.ChoiceField(choices=[(one.value, one.value) for one in Until])
    until_on = _date()
    rest = forms.ChoiceField(choices=[(_DECIDE, "decide"), (_STAY, "stay")])
    past_limits = forms.BooleanField(required=False)
    reason = forms.CharField(min_length=SHORTEST_REASON, max_length=LONGEST_REASON)
    token = forms.CharField(required=False)

    def __init__(self, asked: QueryDict | None, *, at: datetime, today: date) -> None:
        """Keep what was asked, None for nothing yet.

        Args:
            asked: as the form was sent.
            at: the moment.
            today: its date where the viewer is.
        """
        said = QueryDict(mutable=True)
        said.update(asked or _DEFAULTS)
        super().__init__(asked if asked is not None else said)
        self._said: QueryDict = asked if asked is not None else said
        self._at, self._today = at, today

    def clean(self) -> dict[str, Any]:
        """Refuse dates that are missing, past, reversed or too far ahead."""
        said = self.cleaned_data
        latest = self._today + LONGEST
        first_on = said.get("from_on") if said.get("begins") == _LATER else self._today
        if not self._is_dated("from_on", said.get("begins") == _LATER):
            return said
        if first_on is not None and not self._today <= first_on <= latest:
            self.add_error("from_on", _between(self._today, latest))
        elif said.get("until") == Until.DATE and self._is_dated("until_on", needed=True):
            first_on = first_on or self._today
            if not first_on <= said["until_on"] <= first_on + LONGEST:
                self.add_error("until_on", _between(first_on, first_on + LONGEST))
        return said

    def asked(self, ill: str, zone: str) -> Asked:
        """Return what was asked for; what is wrong counts as not said.

        Args:
            ill: the id of who falls ill.
            zone: in which the dates are meant.
        """
        self.is_valid()
        said = self.cleaned_data
        until = Until(said.get("until") or Until.TURN)
        later = said.get("from_on") if said.get("begins") == _LATER else None
        if later is not None and until is Until.TODAY:
            until = Until.TURN
        return Asked(
            ill,
            Period(self._at, zone, until, from_on=later, until_on=said.get("until_on")),
            takers=self._takers(),
            ticked=frozenset(int(one) for one in self._said.getlist(_TICKED) if _is_number(one)),
            past_limits=said.get("past_limits", False),
            decide_rest=said.get("rest") != _STAY,
            reason=said.get("reason", ""),
        )

    def _takers(self) -> dict[int, tuple[str, ...]]:
        found = {}
        for name in self._said:
            group = name.removeprefix(_TAKER)
            if name.startswith(_TAKER) and _is_number(group):
                chosen = dict.fromkeys(one for one in self._said.getlist(name) if one)
                found[int(group)] = tuple(chosen)
        return found

    def _is_dated(self, name: str, needed: bool) -> bool:  # noqa: FBT001 -- read beside its name
        if not needed or self.cleaned_data.get(name) is not None or name in self.errors:
            return name not in self.errors
        self.add_error(name, "Which day?")
        return False


def _between(first_on: date, last_on: date) -> str:
    return f"From {first_on.day} {first_on:%b %Y} to {last_on.day} {last_on:%b %Y}."


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS

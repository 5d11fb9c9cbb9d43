"""Forms of a reader's list: what it is narrowed by, and what they say when they act."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.http import QueryDict

from apps.assignment.queries.worklist import MOST, SORTS, Pinned, Wanted
from apps.assignment.study import LONGEST_REASON, SHORTEST_REASON

KEPT = ("urgency", "modality", "site", "status", "shift", "sort")
"""What of the address makes the list what it is; the rest belongs to one request."""
_MOST_DIGITS = 15


class ListFilterForm(forms.Form):
    """What the list is narrowed by; what is not on it narrows nothing."""

    urgency = forms.ChoiceField(required=False)
    modality = forms.ChoiceField(required=False)
    site = forms.ChoiceField(required=False)
    status = forms.ChoiceField(required=False)
    shift = forms.ChoiceField(required=False)

    def offer(self, choices: Mapping[str, list[tuple[str, str]]]) -> None:
        """Offer what stands on the list, and what is asked for already."""
        for name, offered in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- tells the type checker
            asked = self.data.get(name, "")
            known = {value for value, _ in offered}
            more = [(asked, asked)] if asked and asked not in known else []
            field.choices = [("", "any"), *offered, *more]


class TokenForm(forms.Form):
    """An action on a study; ``token`` is its state as the reader saw it."""

    token = forms.CharField(max_length=80)


class NextForm(TokenForm):
    """The study that the page showed as the next to start, and its state.

    ``shared`` is whether it is nobody's yet and is to be taken from a shared list.
    """

    order = forms.IntegerField(min_value=1, max_value=10**_MOST_DIGITS)
    shared = forms.BooleanField(required=False)


class HandBackForm(TokenForm):
    """Why a study is handed back."""

    token = forms.CharField(max_length=80, widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Why do you hand it back?",
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={"required": "Type a reason: the next reader and your manager see it."},
    )


def wanted_of(asked: QueryDict) -> Wanted:
    """Return what the address narrows the list by, and sorts it by."""
    values = {name: asked.get(name, "")[:100] for name in KEPT}
    if values["sort"].removeprefix("-") not in SORTS:
        values["sort"] = ""
    return Wanted(**values)


def kept_query(asked: QueryDict, **changes: str) -> str:
    """Return the query of the list's own address, with values changed; empty for none."""
    kept = QueryDict(mutable=True)
    for name in KEPT:
        value = changes.get(name, asked.get(name, ""))
        if value:
            kept[name] = value
    return f"?{kept.urlencode()}" if kept else ""


def pinned_of(sent: QueryDict) -> Pinned | None:
    """Return the order in which the page showed the studies; None where it says none."""
    if "shown" not in sent:
        return None
    return Pinned(_ids(sent.get("shown", "")), frozenset(_ids(sent.get("new", ""))))


def _ids(sent: str) -> tuple[int, ...]:
    words = sent.split(",")[: 2 * MOST]
    return tuple(int(word) for word in words if word.isascii() and _is_number(word))


def _is_number(word: str) -> bool:
    return word.isdigit() and len(word) <= _MOST_DIGITS

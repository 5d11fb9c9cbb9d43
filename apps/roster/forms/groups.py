"""What forms of shifts and of people share: fields in groups, and the sites to filter by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from apps.core.access import Scope
from apps.roster.queries.shifts import sites_in


@dataclass(frozen=True, slots=True)
class Group:
    """Some fields of a form; an empty title has no heading."""

    title: str
    fields: Sequence[forms.BoundField]


def group(form: forms.ModelForm[Any], title: str, *names: str) -> Group:
    """Return the fields of these names that the form has."""
    return Group(title, [form[name] for name in names if name in form.fields])


def site_choices(scope: Scope) -> list[tuple[str | int, str]]:
    """Return the viewer's sites to filter by, and none of them."""
    return [("", "any"), *((site.pk, str(site)) for site in sites_in(scope))]

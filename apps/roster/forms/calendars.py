"""The form that publishes a schedule."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.catalog.models import Cluster, Site
from apps.core.access import Scope
from apps.roster.choices import CalendarKind
from apps.roster.forms.roster import PersonField, ShiftField
from apps.roster.models import CalendarFeed, Radiologist, Shift
from apps.roster.queries import calendars as queries


class CalendarForm(forms.Form):
    """Whose schedule: of a person, a shift, or a team (a site or a whole cluster)."""

    radiologist = PersonField(queryset=Radiologist.objects.none(), required=False, label="Person")
    shift = ShiftField(queryset=Shift.objects.none(), required=False)
    site = forms.ModelChoiceField(
        queryset=Site.objects.none(), required=False, label="Team: a site"
    )
    cluster = forms.ModelChoiceField(
        queryset=Cluster.objects.none(), required=False, label="Team: a cluster"
    )

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        """Offer what may be published from the scope."""
        super().__init__(*args, **kwargs)
        offers = {
            "radiologist": queries.publishable_people(scope),
            "shift": queries.publishable_shifts(scope),
            "site": queries.publishable_sites(scope),
            "cluster": queries.whole_clusters(scope),
        }
        for name, rows in offers.items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined] # a ModelChoiceField
            self.fields[name].empty_label = "none"  # type: ignore[attr-defined] # as above

    def clean(self) -> dict[str, Any]:
        """Ask for exactly one."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and len(self._chosen()) != 1:
            raise ValidationError("Choose one: a person, a shift, a site or a cluster.")
        return said

    def calendar(self) -> CalendarFeed:
        """Return the calendar that is asked for, not stored yet."""
        chosen = self._chosen()
        return CalendarFeed(kind=_KINDS[next(iter(chosen))], **chosen)

    def _chosen(self) -> dict[str, Any]:
        said = {name: self.cleaned_data.get(name) for name in _KINDS}
        return {name: record for name, record in said.items() if record is not None}


_KINDS = {
    "radiologist": CalendarKind.PERSON,
    "shift": CalendarKind.SHIFT,
    "site": CalendarKind.TEAM,
    "cluster": CalendarKind.TEAM,
}

"""What the roster's lists and its grid are narrowed by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django import forms
from django.utils import timezone

from apps.core.access import Scope
from apps.roster.choices import OverrideKind
from apps.roster.queries.grid.filters import GridFilter, View
from apps.roster.queries.overrides import OverrideFilter
from apps.roster.queries.places import modalities, seen_sites
from apps.roster.queries.roster import RowFilter, Span

_ANY = ("", "any")


class GridFilterForm(forms.Form):
    """Which days, on whose clock, and what of them."""

    cluster = forms.ChoiceField(required=False)
    site = forms.ChoiceField(required=False)
    modality = forms.ChoiceField(required=False)
    shift = forms.CharField(required=False, widget=forms.TextInput(attrs={"type": "search"}))
    person = forms.CharField(required=False, widget=forms.TextInput(attrs={"type": "search"}))
    show = forms.ChoiceField(required=False, choices=[("", "all"), ("gaps", "uncovered only")])
    zone = forms.ChoiceField(label="Times in", required=False)
    on = forms.DateField(required=False, widget=forms.HiddenInput)
    view = forms.ChoiceField(
        required=False, choices=[("", ""), *View.choices], widget=forms.HiddenInput
    )
    by = forms.ChoiceField(
        required=False, choices=[("", ""), ("person", "")], widget=forms.HiddenInput
    )

    def __init__(self, *args: object, scope: Scope, **kwargs: object) -> None:
        """Offer the places and zones of the scope."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # passed through as it came
        sites = list(seen_sites(scope))
        clusters = {site.cluster.code: site.cluster.name for site in sites}
        own = timezone.get_current_timezone_name()
        zones = sorted({site.time_zone for site in sites} - {own})
        self._offer("cluster", [_ANY, *sorted(clusters.items())])
        self._offer("site", [_ANY, *((site.code, site.name) for site in sites)])
        self._offer("modality", [_ANY, *((value, value) for value in modalities(scope))])
        self._offer("zone", [("", f"{own} (yours)"), *((zone, zone) for zone in zones)])

    def wanted(self) -> GridFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        return GridFilter(
            cluster=self._said("cluster"),
            site=self._said("site"),
            modality=self._said("modality"),
            shift=self._said("shift"),
            person=self._said("person"),
            gaps_only=self._said("show") == "gaps",
            by_person=self._said("by") == "person",
            for_paper=bool(self.data.get("print")),
            view=View(self._said("view") or View.WEEK),
        )

    def zone_name(self) -> str:
        """Return the zone of the columns."""
        return self._said("zone") or timezone.get_current_timezone_name()

    def is_narrowed(self) -> bool:
        """Return whether some of the roster is left out."""
        narrowing = ("cluster", "site", "modality", "shift", "person", "show")
        return any(self._said(name) for name in narrowing)

    def shown_on(self, today: date) -> date:
        """Return a day of those asked for; a date that is none, or far off, is today."""
        self.is_valid()
        asked: date | None = self.cleaned_data.get("on")
        return asked if asked is not None and _FIRST <= asked <= _LAST else today

    def _offer(self, name: str, choices: Iterable[tuple[str, str]]) -> None:
        self.fields[name].choices = list(choices)  # type: ignore[attr-defined] # a ChoiceField

    def _said(self, name: str) -> str:
        self.is_valid()
        return str(self.cleaned_data.get(name, "")).strip()


class RowFilterForm(forms.Form):
    """What the list of roster rows is narrowed by."""

    q = forms.CharField(
        label="Find", required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
    when = forms.ChoiceField(required=False, choices=Span.choices)

    def wanted(self) -> RowFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        self.is_valid()
        return RowFilter(self.cleaned_data.get("q", "").strip(), self.span())

    def span(self) -> Span:
        """Return which records are asked for, by their dates."""
        return Span(self.cleaned_data.get("when", ""))


class OverrideFilterForm(RowFilterForm):
    """What the list of leave, swaps and extra turns is narrowed by."""

    kind = forms.ChoiceField(required=False, choices=[_ANY, *OverrideKind.choices])

    def wanted_overrides(self) -> OverrideFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        rows = self.wanted()
        return OverrideFilter(rows.words, self.cleaned_data.get("kind", ""), rows.span)


_FIRST = date(1970, 1, 1)
_LAST = date(9000, 1, 1)

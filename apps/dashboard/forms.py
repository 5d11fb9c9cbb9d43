"""What the board is narrowed by, kept in its address."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from apps.core.access import Scope
from apps.dashboard.lens import Lens
from apps.dashboard.queries.options import Choice, Options
from apps.hl7v2.vocabulary import MODALITIES


class BoardFilterForm(forms.Form):
    """Cluster, site and modality; a site that is not the viewer's is no valid choice."""

    cluster = forms.ChoiceField(required=False)
    site = forms.ChoiceField(required=False)
    modality = forms.ChoiceField(required=False)

    def __init__(self, asked: QueryDict, *, scope: Scope, offered: Options) -> None:
        """Offer what there is within the scope."""
        super().__init__(asked)
        self._scope = scope
        self._offered = offered
        _offer(self, "cluster", offered.clusters)
        _offer(self, "site", offered.sites)
        # One that nobody works with any more may still stand in somebody's bookmark.
        asked_for = {asked.get("modality", "")} & set(MODALITIES)
        codes = sorted({*offered.modalities, *asked_for})
        _offer(self, "modality", ((code, code) for code in codes))

    def lens(self, zone: ZoneInfo) -> Lens:
        """Return what a valid form shows."""
        said = {name: value for name, value in self.cleaned_data.items() if value}
        return Lens(
            zone=zone,
            site_ids=self._sites(said.get("cluster", ""), said.get("site", "")),
            modality=said.get("modality", ""),
            query=urlencode(said),
        )

    def _sites(self, cluster: str, site: str) -> frozenset[int] | None:
        chosen = None if self._scope.everywhere else self._scope.site_ids
        if cluster:
            chosen = self._offered.in_cluster(int(cluster))
        if site:
            one = frozenset({int(site)})
            chosen = one if chosen is None else chosen & one
        return chosen


def _offer(form: forms.Form, name: str, choices: Iterable[Choice]) -> None:
    form.fields[name].choices = [("", "all"), *choices]  # type: ignore[attr-defined] # a ChoiceField

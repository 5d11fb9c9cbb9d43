"""Forms of sites and clusters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db.models.functions import Upper
from typing_extensions import override

from apps.catalog.forms.lines import LinesField
from apps.catalog.models import Cluster, Site, SiteAlias
from apps.catalog.queries import places
from apps.catalog.services.aliases import set_site_aliases
from apps.core.access import Scope
from apps.core.zones import grouped_zone_choices

if TYPE_CHECKING:
    SiteModelForm = forms.ModelForm[Site]
    ClusterModelForm = forms.ModelForm[Cluster]
else:
    SiteModelForm = ClusterModelForm = forms.ModelForm

_STATES = {"on": True, "off": False}


class SiteFilterForm(forms.Form):
    """What the list of sites is narrowed by."""

    q = forms.CharField(
        label="Find", required=False, widget=forms.TextInput(attrs={"data-key": "f"})
    )
    cluster = forms.ChoiceField(required=False)
    state = forms.ChoiceField(
        required=False, choices=[("", "any"), ("on", "active"), ("off", "switched off")]
    )

    def __init__(self, data: Mapping[str, Any], *, scope: Scope) -> None:
        """Offer the clusters that the viewer sees."""
        super().__init__(data)
        names = places.clusters(scope).values_list("code", "name")
        self.fields["cluster"].choices = [("", "any"), *names]  # type: ignore[attr-defined] # a ChoiceField

    def wanted(self) -> places.SiteFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        self.is_valid()
        said = self.cleaned_data
        return places.SiteFilter(
            words=said.get("q", "").strip(),
            cluster=said.get("cluster", ""),
            is_active=_STATES.get(said.get("state", "")),
        )


class SiteForm(SiteModelForm):
    """A site with the names that senders use for it."""

    aliases = LinesField(
        longest=120,
        label="Aliases",
        help_text="What senders call it in ZRD-2, MSH-4 or PV1-3, one a line. Case does not "
        "count; the code itself is always understood.",
    )

    class Meta:
        model = Site
        fields: ClassVar[list[str]] = [
            *("code", "name", "cluster", "time_zone", "jurisdiction"),
            *("requires_licence", "requires_privilege", "calendar", "is_active"),
        ]
        labels: ClassVar[dict[str, str]] = {
            "requires_licence": "A reader needs a licence for the jurisdiction",
            "requires_privilege": "A reader needs a privilege for the site",
            "calendar": "Holiday calendar",
            "is_active": "Active: orders find it",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "calendar": "Offered first to new shifts; each shift says itself by which it goes.",
        }

    def __init__(self, *args: Any, scope: Scope, zone: str, **kwargs: Any) -> None:
        """Offer what lies within the scope.

        Args:
            *args: as for any form.
            scope: where the person may change sites.
            zone: the person's own, chosen for a new site.
            **kwargs: as for any form.
        """
        super().__init__(*args, **kwargs)
        self._scope = scope
        if self.instance._state.adding:  # noqa: SLF001 -- Django's public name for it
            self.initial["time_zone"] = zone
        else:
            values = self.instance.aliases.order_by("value").values_list("value", flat=True)
            self.initial["aliases"] = list(values)
        self._offer(zone)

    def _offer(self, zone: str) -> None:
        own = Cluster.objects.filter(pk=self.instance.cluster_id)
        clusters: Any = self.fields["cluster"]
        clusters.queryset = places.changeable_clusters(self._scope) | own
        used = [zone, *places.zones_in_use()]
        self.fields["time_zone"] = forms.ChoiceField(
            choices=grouped_zone_choices(used), label="Time zone"
        )

    def clean_code(self) -> str:
        """Refuse a code that another site has as an alias: a sender's word means one site."""
        code: str = self.cleaned_data["code"]
        taken = SiteAlias.objects.filter(value__iexact=code).exclude(site=self.instance.pk)
        found = taken.select_related("site").first()
        if found is not None:
            raise forms.ValidationError(f"It is an alias of {self._named(found.site)}.")
        return code

    def clean_aliases(self) -> list[str]:
        """Refuse lines that another site has, as its alias or its code."""
        lines: list[str] = self.cleaned_data["aliases"]
        # A site's code is often an alias of it too: said once.
        wrong = {
            f"“{value}” means {self._named(site)} already; case does not count."
            for value, site in self._taken(lines)
        }
        if wrong:
            raise forms.ValidationError(sorted(wrong))
        return lines

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse a licence for nowhere: nobody could read for the site."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("requires_licence") and not said.get("jurisdiction"):
            self.add_error("jurisdiction", "Name the state or country whose licence is needed.")
        return said

    @override
    def save(self, commit: bool = True) -> Site:
        """Save the site, then its aliases."""
        site = super().save(commit)
        if commit:
            set_site_aliases(site, self.cleaned_data["aliases"])
        return site

    def _taken(self, lines: list[str]) -> Iterable[tuple[str, Site]]:
        words = {line.upper(): line for line in lines}
        aliases = SiteAlias.objects.annotate(word=Upper("value")).filter(word__in=words)
        for alias in aliases.exclude(site=self.instance.pk).select_related("site"):
            yield words[alias.value.upper()], alias.site
        sites = Site.objects.annotate(word=Upper("code")).filter(word__in=words)
        for site in sites.exclude(pk=self.instance.pk):
            yield words[site.code.upper()], site

    def _named(self, site: Site) -> str:
        """Return the other site's name to who may see it."""
        return f"the site {site}" if self._scope.covers(site.pk) else "another site"


class ClusterForm(ClusterModelForm):
    """A group of sites that help each other out first."""

    class Meta:
        model = Cluster
        fields: ClassVar[list[str]] = ["code", "name"]

"""Forms of rosters from elsewhere: the file, the source, the feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from apps.catalog.models import Site
from apps.catalog.services.importing.files import LARGEST_FILE
from apps.core.access import Scope
from apps.core.zones import grouped_zone_choices
from apps.roster.choices import SourceKind
from apps.roster.exceptions import FetchError
from apps.roster.importing.addresses import checked
from apps.roster.models import RosterSource
from apps.roster.queries.sources import seen_sources

if TYPE_CHECKING:
    SourceModelForm = forms.ModelForm[RosterSource]
    SourceChoice = forms.ModelChoiceField[RosterSource]
else:
    SourceModelForm = forms.ModelForm
    SourceChoice = forms.ModelChoiceField


class RosterFileForm(forms.Form):
    """A roster in a file, and which source it is a newer version of."""

    file = forms.FileField(
        label="File",
        help_text="CSV or XLSX, up to 5 MB and 20,000 rows. Of a workbook the first sheet counts.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    source = SourceChoice(
        queryset=RosterSource.objects.none(),
        label="It is",
        required=False,
        empty_label="a new roster",
        help_text="A newer version of a roster replaces what came from it before.",
    )
    name = forms.CharField(
        label="Name of the new roster",
        max_length=120,
        required=False,
        help_text="Such as CT weekdays. Empty: the file's name.",
    )
    site = forms.ModelChoiceField(
        queryset=Site.objects.none(), required=False, empty_label="every site's"
    )
    time_zone = forms.ChoiceField(label="Time zone of its hours")

    def __init__(self, *args: Any, scope: Scope, zone: str, **kwargs: Any) -> None:
        """Offer the file sources and sites of the scope."""
        super().__init__(*args, **kwargs)
        self.fields["source"].queryset = seen_sources(scope).filter(kind=SourceKind.FILE)  # type: ignore[attr-defined]
        offer_sites(self, scope)
        offer_zones(self, zone)

    def clean_file(self) -> UploadedFile[Any]:
        """Refuse what is too large before it is read."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_FILE:
            raise ValidationError("The file is larger than 5 MB. Divide it.")
        return file

    def clean(self) -> dict[str, Any]:
        """Find the new source's name, and refuse one that is there."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        file = said.get("file")
        if said.get("source") is not None or file is None:
            return said
        said["name"] = said.get("name") or file.name.rpartition(".")[0][:120] or "Roster"
        if RosterSource.objects.filter(name=said["name"]).exists():
            self.add_error(
                "name", f"There is a roster “{said['name']}”; choose it, or another name."
            )
        return said

    def wanted_source(self) -> RosterSource:
        """Return the source chosen, or the new one, not stored yet."""
        said = self.cleaned_data
        found: RosterSource | None = said["source"]
        return found or RosterSource(
            name=said["name"],
            kind=SourceKind.FILE,
            site=said["site"],
            time_zone=said["time_zone"],
        )


class SourceForm(SourceModelForm):
    """A source's name and what it may do."""

    class Meta:
        model = RosterSource
        fields: ClassVar[list[str]] = ["name", "site", "time_zone", "removes_gone"]
        labels: ClassVar[dict[str, str]] = {"removes_gone": "Takes away what it no longer holds"}

    def __init__(self, *args: Any, scope: Scope, zone: str = "", **kwargs: Any) -> None:
        """Offer the sites of the scope."""
        super().__init__(*args, **kwargs)
        self.fields["time_zone"] = forms.ChoiceField(
            label="Time zone", help_text="For times without one of their own."
        )
        offer_sites(self, scope)
        offer_zones(self, self.instance.time_zone or zone)


class FeedForm(SourceForm):
    """A feed: where it is, how often it is read, and what it may do."""

    every_minutes = forms.IntegerField(label="Read every (minutes)", min_value=5, max_value=10_080)
    days_ahead = forms.IntegerField(label="Days ahead", min_value=1, max_value=400)

    class Meta(SourceForm.Meta):
        fields: ClassVar[list[str]] = [
            "name",
            "url",
            "site",
            "time_zone",
            "every_minutes",
            "days_ahead",
            "removes_gone",
            "applies_itself",
            "is_enabled",
        ]
        labels: ClassVar[dict[str, str]] = {
            "url": "Address",
            "removes_gone": "Takes away what it no longer holds",
            "applies_itself": "Applies itself",
            "is_enabled": "Is read",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "url": "Of an iCalendar (.ics), https or webcal. Treat it as a secret.",
            "applies_itself": "Without it, changes wait until a person has looked. What takes "
            "away most of the roster always waits.",
        }
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {"url": forms.CharField}
        widgets: ClassVar[dict[str, Any]] = {"url": forms.TextInput(attrs={"inputmode": "url"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Make a new one a feed."""
        super().__init__(*args, **kwargs)
        self.order_fields(self.Meta.fields)
        self.instance.kind = SourceKind.ICAL
        if self.instance._state.adding:  # noqa: SLF001 -- Django's public name for it
            self.initial.setdefault("every_minutes", 60)
            self.initial.setdefault("days_ahead", 90)

    def clean_url(self) -> str:
        """Refuse what will not be fetched; webcal is another word for https."""
        try:
            return checked(self.cleaned_data["url"]).geturl()
        except FetchError as error:
            raise ValidationError(str(error)) from error


def offer_sites(form: forms.BaseForm, scope: Scope) -> None:
    """Offer the sites of a scope; only who may everywhere leaves the site open."""
    field = form.fields["site"]
    field.queryset = scope.limit(Site.objects.order_by("code"), "pk")  # type: ignore[attr-defined]
    field.required = not scope.everywhere
    field.empty_label = "every site's" if scope.everywhere else None  # type: ignore[attr-defined]
    field.label = "Site"
    field.help_text = "Whose managers keep it. It may write shifts of this site alone."


def offer_zones(form: forms.BaseForm, zone: str) -> None:
    """Offer all zones, one before the others."""
    field = form.fields["time_zone"]
    field.choices = grouped_zone_choices([zone])  # type: ignore[attr-defined] # a ChoiceField
    field.initial = zone

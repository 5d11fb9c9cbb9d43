"""The form of a sender profile: where each fact is, and everything else that is set per sender."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms import BoundField
from typing_extensions import override

from apps.catalog.models import Site
from apps.core.zones import grouped_zone_choices
from apps.hl7v2.places import MAX_OWN, is_own
from apps.intake.forms.senders.fields import (
    ItemsField,
    OwnNameField,
    PlacesField,
    PlacesWidget,
    WordsField,
    lines_of,
    words_of,
)
from apps.intake.models import SenderProfile
from apps.intake.queries.sender_labels import LABELS, label_of
from apps.intake.queries.sender_plain import WEEKDAYS
from apps.intake.services.profiles.checks import LISTS, WORDS, certificate

if TYPE_CHECKING:
    ProfileModelForm = forms.ModelForm[SenderProfile]
else:
    ProfileModelForm = forms.ModelForm

PLACES = "places_"
OWN_FACTS = "own"
"""The hidden fields that name the fields of the sender's own, those without places too."""


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """Fields that stand under one heading."""

    title: str
    fields: Sequence[BoundField]


class SenderFilterForm(forms.Form):
    """What the list of senders is narrowed by."""

    q = forms.CharField(
        label="Find", required=False, max_length=200, widget=forms.TextInput({"data-key": "f"})
    )

    def words(self) -> str:
        """Return the words to look for."""
        return str(self.cleaned_data.get("q", "")).strip() if self.is_valid() else ""


def _places_fields(facts: Iterable[str]) -> dict[str, forms.Field]:
    return {
        f"{PLACES}{fact}": PlacesField(fact, label=f"{label_of(fact)}: where") for fact in facts
    }


class SenderForm(ProfileModelForm):
    """A sender profile; ``places_<fact>`` hold the places, in order, ``own`` names own facts."""

    own_name = OwnNameField(label="Name of a new field")
    modality_words = WordsField(
        "modality", label="Modality words", help_text="One a line, such as MRI3T = MR."
    )
    body_part_words = WordsField(
        "body_part", label="Body part words", help_text="One a line, such as KOPF = HEAD."
    )
    urgency_words = WordsField(
        "urgency", label="Urgency words", help_text="One a line, such as EMERGENCY = STAT."
    )
    site_words = WordsField(
        "site",
        label="Site words",
        help_text="One a line, such as RAD2 = ROBINA; they go before the sites' aliases.",
    )
    accepted_types = ItemsField(
        "accepted_types", label="Accepted types (MSH-9)", help_text="One a line, as ORM^O01."
    )
    accepted_versions = ItemsField(
        "accepted_versions", label="Accepted versions (MSH-12)", help_text="One a line, as 2.5.1."
    )
    accepted_processing_ids = ItemsField(
        "accepted_processing_ids",
        label="Accepted processing ids (MSH-11)",
        help_text="One a line, as P.",
    )
    networks = ItemsField(
        "networks",
        label="Addresses",
        help_text="Addresses or networks that may speak for it, one a line; empty: any.",
    )
    certificates = ItemsField(
        "certificates",
        normal=certificate,
        label="Certificates",
        help_text="SHA-256 of client certificates that may speak for it, one a line; empty: any. "
        "A certificate named somewhere speaks for nobody else.",
    )
    usual_weekdays = forms.TypedMultipleChoiceField(
        label="Usual weekdays",
        required=False,
        coerce=int,
        choices=list(enumerate(WEEKDAYS, start=1)),
        widget=forms.CheckboxSelectMultiple,
        help_text="On which it usually sends; none chosen: every day.",
    )

    class Meta:
        model = SenderProfile
        fields: ClassVar[list[str]] = [
            *("name", "application", "facility", "issuer", "default_site", "time_zone"),
            *("character_set", "status_meaning", "is_strict", "accepted_types"),
            *("accepted_versions", "accepted_processing_ids", "networks", "certificates"),
            *("usual_weekdays", "usual_from_local", "usual_until_local", "silent_after_minutes"),
        ]
        labels: ClassVar[dict[str, str]] = {
            "application": "Application (MSH-3)",
            "facility": "Facility (MSH-4)",
            "issuer": "Issuer of the numbers",
            "is_strict": "Strict",
            "status_meaning": "Status events speak of",
            "usual_from_local": "Usually from",
            "usual_until_local": "Usually until",
            "silent_after_minutes": "Silent after, minutes",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "application": "Empty: any.",
            "facility": "Empty: any.",
            "issuer": "Empty: MSH-4.",
            "default_site": "Where no place names a known site.",
            "character_set": "MSH-18 of messages that leave it empty or do not fit it, such as "
            "8859/1 or UNICODE UTF-8.",
        }
        widgets: ClassVar[dict[str, Any]] = {
            name: forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
            for name in ("usual_from_local", "usual_until_local")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show the places and words that there are."""
        super().__init__(*args, **kwargs)
        profile = self.instance
        self.own_facts = self._own_facts()
        self.facts = (*LABELS, *self.own_facts)
        self.fields |= _places_fields(self.facts)
        sites = Site.objects.filter(Q(is_active=True) | Q(pk=profile.default_site_id or 0))
        self.fields["default_site"].queryset = sites.order_by("name")  # type: ignore[attr-defined] # a ModelChoiceField
        used = sites.order_by("time_zone").values_list("time_zone", flat=True).distinct()
        self.fields["time_zone"] = forms.ChoiceField(
            label="Time zone",
            required=False,
            choices=[("", "the site's"), *grouped_zone_choices(used)],
            help_text="For times without an offset.",
        )
        shown = {f"{PLACES}{fact}": profile.places.get(fact, []) for fact in self.facts}
        shown |= {f"{fact}_words": lines_of(getattr(profile, f"{fact}_words")) for fact in WORDS}
        shown |= {name: list(getattr(profile, name)) for name in (*LISTS, "usual_weekdays")}
        self.initial = {**shown, **self.initial, **shown}

    def _own_facts(self) -> list[str]:
        """Return the fields of the sender's own, as they are on the form or were saved."""
        named: Iterable[str] = sorted(self.instance.places)
        if self.is_bound:
            named = PlacesWidget().value_from_datadict(self.data, None, OWN_FACTS)
        return list(dict.fromkeys(filter(is_own, named)))[:MAX_OWN]

    def clean_own_name(self) -> str:
        """Refuse another field where there is no room for one."""
        name = str(self.cleaned_data["own_name"])
        if name and len(self.own_facts) >= MAX_OWN:
            raise ValidationError(f"At most {MAX_OWN} fields of its own.")
        return name

    @override
    def clean(self) -> dict[str, Any]:
        """Give the profile its places and words; what is wrong in one leaves it as usual."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        listed = {fact: said.get(f"{PLACES}{fact}") for fact in self.facts}
        self.instance.places = {fact: places for fact, places in listed.items() if places}
        for fact in WORDS:
            setattr(self.instance, f"{fact}_words", words_of(said.get(f"{fact}_words") or []))
        return said

    @property
    def who(self) -> list[BoundField]:
        """Return the fields that say whose messages it reads."""
        return [self[name] for name in ("name", "application", "facility", "issuer")]

    @property
    def groups(self) -> list[FieldGroup]:
        """Return the other fields, under headings."""
        return [
            FieldGroup(title, [self[name] for name in names]) for title, names in _GROUPS.items()
        ]


_GROUPS = {
    "Words of this sender": [f"{fact}_words" for fact in WORDS],
    "Reading": ["default_site", "time_zone", "character_set", "status_meaning"],
    "What is accepted": [
        *("is_strict", "accepted_types", "accepted_versions", "accepted_processing_ids"),
    ],
    "Who may speak for it": ["networks", "certificates"],
    "When it usually sends": [
        *("usual_weekdays", "usual_from_local", "usual_until_local", "silent_after_minutes"),
    ],
}

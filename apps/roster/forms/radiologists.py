"""What is typed on the radiologists' pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from typing_extensions import override

from apps.accounts.choices import Role
from apps.accounts.models import User
from apps.catalog.models import Site
from apps.catalog.words import vocabulary_field
from apps.core.access import Scope
from apps.engine.facts import Credential, Dated, RadiologistFacts
from apps.roster.choices import PresenceChoices
from apps.roster.effects.radiologists import PersonEdit
from apps.roster.forms.competencies import (
    credential_rows,
    credentials_field,
    held_by,
    kept,
    licence_rows,
    licences_field,
    privilege_rows,
    privileges_field,
)
from apps.roster.forms.groups import Group, group, site_choices
from apps.roster.models import Radiologist
from apps.roster.queries import person as person_queries
from apps.roster.queries import radiologists as queries
from apps.roster.queries.shifts import sites_in
from apps.roster.services.documents import drop_unnamed
from apps.roster.services.parts import Row, add_sites, drop_sites, save_parts

if TYPE_CHECKING:
    RadiologistModelForm = forms.ModelForm[Radiologist]
else:
    RadiologistModelForm = forms.ModelForm

_STATES = (
    ("", "any"),
    ("on_shift", "on shift now"),
    ("full", "at capacity"),
    ("on", "active"),
    ("off", "switched off"),
)
_SPECIALTIES_HELP = "Separated by commas. They score, and filter where one is required."
_NOT_BELOW_0 = (
    *("max_concurrent_rvu", "max_rvu_per_hour"),
    *("target_hours_per_week", "min_rest_hours", "target_rvu_per_week"),
)
_PLAIN_ID = RegexValidator(
    r"^(?!(?:new|expiring)$)[A-Za-z0-9][A-Za-z0-9_.-]*\Z",
    "Letters, digits, and the signs _ . - only, such as DR_SMITH_ID.",
)


class RadiologistFilterForm(forms.Form):
    """What the list of radiologists is narrowed by."""

    q = forms.CharField(label="Find", required=False, widget=forms.TextInput({"type": "search"}))
    site = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    specialty = forms.ChoiceField(required=False)
    presence = forms.ChoiceField(required=False, choices=[("", "any"), *PresenceChoices.choices])
    state = forms.ChoiceField(required=False, choices=_STATES)

    def __init__(self, data: Mapping[str, Any], *, scope: Scope) -> None:
        """Offer the viewer's sites and the specialties that there are."""
        super().__init__(data)
        self.fields["site"].choices = site_choices(scope)  # type: ignore[attr-defined] # a ChoiceField
        known = [(word, word) for word in queries.specialties()]
        self.fields["specialty"].choices = [("", "any"), *known]  # type: ignore[attr-defined] # a ChoiceField

    def wanted(self) -> queries.RadiologistFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        self.is_valid()
        said = self.cleaned_data
        return queries.RadiologistFilter(
            words=said.get("q", "").strip(),
            site=said.get("site"),
            specialty=said.get("specialty", ""),
            presence=said.get("presence", ""),
            state=said.get("state", ""),
        )


class RadiologistForm(RadiologistModelForm):
    """A radiologist with home sites and competencies.

    Who may not speak for every site gives home sites and privileges at their own only; what the
    person holds elsewhere stays as it is.
    """

    home_sites = forms.ModelMultipleChoiceField(
        Site.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Whose managers look after the person; says nothing of what they may read.",
    )

    class Meta:
        model = Radiologist
        fields: ClassVar[list[str]] = [
            *("id", "title", "given_name", "family_name", "contact", "email", "user", "is_active"),
            *("specialties", "seniority_years", "max_concurrent_studies"),
            *("max_studies_per_hour", "max_concurrent_rvu", "max_rvu_per_hour"),
            *("target_hours_per_week", "min_rest_hours", "target_rvu_per_week"),
        ]
        formfield_callback = vocabulary_field
        labels: ClassVar[dict[str, str]] = {
            "id": "Id",
            "user": "Sign-in",
            "is_active": "Active",
            "seniority_years": "Seniority in years",
            "max_concurrent_studies": "Studies open at once",
            "max_studies_per_hour": "Studies in an hour",
            "max_concurrent_rvu": "RVU open at once",
            "max_rvu_per_hour": "RVU in an hour",
            "email": "E-mail",
            "target_hours_per_week": "Hours a week",
            "min_rest_hours": "Rest between turns, in hours",
            "target_rvu_per_week": "RVU a week",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "id": "ZRA-2 and rules name them by this; it cannot be changed later.",
            "user": "Whose list of studies this person's is.",
            "max_concurrent_studies": "Never passed, not even by STAT.",
            "max_studies_per_hour": "STAT and escalated studies may pass it.",
            "email": "Rosters from elsewhere find them by it.",
            "target_hours_per_week": "What the roster is compared with; empty is not looked at.",
            "min_rest_hours": "A roster with less is warned about; empty is not looked at.",
            "target_rvu_per_week": "What they read is compared with it; empty is not looked at.",
        }

    def __init__(
        self, *args: Any, scope: Scope, users: Scope, at: datetime, **kwargs: Any
    ) -> None:
        """Edit a person.

        Args:
            *args: a form's.
            scope: the sites whose people the viewer may change.
            users: where they may change sign-ins; everywhere, or the field is left out.
            at: the moment; competencies are judged by its day.
            **kwargs: a form's.
        """
        super().__init__(*args, **kwargs)
        self._scope, self._at = scope, at
        self._is_new = self.instance._state.adding  # noqa: SLF001 -- Django's public name for it
        self._before = None if self._is_new else person_queries.facts_of(self.instance)
        self.fields["home_sites"].queryset = sites_in(scope)  # type: ignore[attr-defined] # a ModelMultipleChoiceField
        self.fields["home_sites"].widget.attrs["class"] = "choices"
        self.fields["home_sites"].required = not scope.everywhere
        if scope.everywhere:
            self.fields["home_sites"].label = "Home sites (none: every site's)"
        self._add_competencies()
        # The vocabulary's fields bring a help text of their own.
        self.fields["specialties"].help_text = _SPECIALTIES_HELP
        self._shape_identity(users)
        if not self._is_new:
            self._show_homes()

    def _add_competencies(self) -> None:
        """Add the fields with the rows that there are."""
        today, person = timezone.localdate(self._at), self.instance
        rows: dict[str, list[Row]] = {"credentials": [], "licences": [], "privileges": []}
        if not self._is_new:
            rows["credentials"] = credential_rows(person)
            rows["licences"] = licence_rows(person)
            rows["privileges"] = privilege_rows(person, self._scope)
        self._held = {name: held_by(parts) for name, parts in rows.items()}
        self.fields["credentials"] = credentials_field(today, self._held["credentials"])
        self.fields["licences"] = licences_field(today, self._held["licences"])
        self.fields["privileges"] = privileges_field(today, self._held["privileges"], self._scope)
        self.initial = {**self.initial, **rows}

    def _shape_identity(self, users: Scope) -> None:
        if self._is_new:
            self.fields["id"].validators.append(_PLAIN_ID)
        else:
            del self.fields["id"]
        if users.everywhere:
            self.fields["user"].queryset = _users_for(self.instance)  # type: ignore[attr-defined] # a ModelChoiceField
        else:
            del self.fields["user"]

    def _show_homes(self) -> None:
        homes = self.instance.home_sites.select_related("site").order_by("site__code")
        self.initial = {**self.initial, "home_sites": [home.site for home in homes]}

    @property
    def groups(self) -> Sequence[Group]:
        """Return the fields as the page lays them out."""
        names = ("id", "title", "given_name", "family_name", "contact", "email", "user")
        limits = ("max_concurrent_studies", "max_studies_per_hour")
        return [
            group(self, "", *names, "is_active"),
            group(self, "Reading", "specialties", "seniority_years"),
            group(self, "Limits", *limits, "max_concurrent_rvu", "max_rvu_per_hour"),
            group(
                self,
                "Targets",
                *("target_hours_per_week", "min_rest_hours", "target_rvu_per_week"),
            ),
            group(self, "Home sites", "home_sites"),
            group(self, "Competencies", "credentials", "licences", "privileges"),
        ]

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse limits and targets below nothing."""
        said = super().clean() or self.cleaned_data
        for name in _NOT_BELOW_0:
            number = said.get(name)
            if number is not None and number < 0:
                self.add_error(name, ValidationError("It is not below 0."))
        return said

    def edit(self) -> PersonEdit:
        """Return what the valid form would change."""
        return PersonEdit(self.instance, self._before, self._facts_after())

    def _facts_after(self) -> RadiologistFacts:
        person, said = self.instance, self.cleaned_data
        return RadiologistFacts(
            id=person.pk,
            name=person.full_name,
            is_active=person.is_active,
            credentials=tuple(
                Credential(row.values["name"], row.values["start_date"], row.values["end_date"])
                for row in said["credentials"]
            ),
            specialties=frozenset(person.specialties),
            seniority_years=person.seniority_years,
            max_concurrent_studies=person.max_concurrent_studies,
            max_studies_per_hour=person.max_studies_per_hour,
            max_concurrent_rvu=person.max_concurrent_rvu,
            max_rvu_per_hour=person.max_rvu_per_hour,
            licences=tuple(
                Dated(
                    jurisdiction=row.values["jurisdiction"],
                    start_on=row.values["start_date"],
                    end_on=row.values["end_date"],
                )
                for row in said["licences"]
            ),
        )

    @override
    @transaction.atomic
    def save(self, commit: bool = True) -> Radiologist:
        """Save the person with home sites and competencies."""
        said = self.cleaned_data
        person: Radiologist = super().save(commit)
        drop_sites(person.home_sites.all(), said["home_sites"])
        add_sites(person.home_sites.all(), said["home_sites"], radiologist=person)
        mine = person_queries.privileges_in(person, self._scope)
        self._save_parts(person, "credentials", person.credentials.all())
        self._save_parts(person, "licences", person.licences.all())
        self._save_parts(person, "privileges", mine)
        drop_unnamed(person)
        return person

    def _save_parts(self, person: Radiologist, name: str, parts: QuerySet[Any]) -> None:
        rows = kept(self.cleaned_data[name], person, self._held[name], self._at)
        save_parts(parts, rows, radiologist=person)


def _users_for(person: Radiologist) -> QuerySet[User]:
    """Return the readers' sign-ins that nobody else has, and the person's own."""
    free = User.objects.filter(
        grants__role=Role.RADIOLOGIST, is_active=True, radiologist__isnull=True
    )
    own = User.objects.filter(radiologist=person.pk)
    return User.objects.filter(pk__in=free.values("pk").union(own.values("pk"))).order_by(
        "username"
    )

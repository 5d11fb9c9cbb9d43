"""The rows of what a radiologist may read: credentials, licences, privileges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

from django import forms
from django.db import models
from typing_extensions import override

from apps.catalog.models import Site
from apps.catalog.words import BodyPartField, ModalityField
from apps.core.access import Scope
from apps.roster.forms.rows import PlainSelect, RowForm, RowsField, RowsWidget
from apps.roster.models import Radiologist
from apps.roster.queries import person as person_queries
from apps.roster.queries.shifts import sites_in
from apps.roster.services.parts import Row
from apps.roster.standing import standing
from apps.roster.words import day_words

_DAYS = ("start_date", "end_date")


def _day(label: str) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(label=label, required=False, widget=widget)


class DatedForm(RowForm):
    """A row that is valid on its days, both included; an empty end is open."""

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse an end before the start."""
        said = super().clean() or self.cleaned_data
        start_on, end_on = (said.get(name) for name in _DAYS)
        if start_on and end_on and end_on < start_on:
            self.add_error("end_date", "It ends before it starts.")
        return said

    @override
    def words(self, values: Mapping[str, Any]) -> str:
        """Return what is held and its days."""
        return " ".join(word for word in (self.held(values), _days_words(values)) if word)

    def held(self, values: Mapping[str, Any]) -> str:
        """Return what is held, without its days."""
        return " ".join(
            str(value) for name, value in values.items() if value and name not in _DAYS
        )


class CredentialForm(DatedForm):
    """A named credential."""

    name = forms.CharField(max_length=64)
    start_date = _day("From")
    end_date = _day("To")


class LicenceForm(DatedForm):
    """Leave to practise in a jurisdiction."""

    jurisdiction = forms.CharField(max_length=32)
    number = forms.CharField(max_length=64, required=False)
    start_date = _day("From")
    end_date = _day("To")


class PrivilegeForm(DatedForm):
    """What may be read where; an empty modality or body part covers all.

    Only who may speak for every site can leave the site empty, which covers all of them; for
    them ``everywhere`` stands among the choices, so that an empty row stays empty.
    """

    site = forms.ChoiceField(widget=PlainSelect)
    modality = ModalityField(required=False, max_length=16)
    body_part = BodyPartField(required=False, max_length=32)
    start_date = _day("From")
    end_date = _day("To")

    def __init__(
        self, *args: Any, sites: Mapping[str, Site], everywhere: bool, **kwargs: Any
    ) -> None:
        """Offer the sites, by their keys."""
        super().__init__(*args, **kwargs)
        self._sites = sites
        every = [(_EVERY, "every site")] if everywhere else []
        known = [(key, site.code) for key, site in sites.items()]
        self.fields["site"].choices = [("", ""), *every, *known]  # type: ignore[attr-defined] # a ChoiceField

    @override
    def values(self) -> dict[str, Any]:
        """Return the values with the site itself, None for every site."""
        said = super().values()
        site = self._sites.get(said.pop("site"))
        return {"site": site, **said}

    @override
    def held(self, values: Mapping[str, Any]) -> str:
        """Return what is covered where."""
        site = values["site"]
        code = site.code if site else ""
        return person_queries.privilege_words(code, values["modality"], values["body_part"])


_EVERY = "every"


def _days_words(values: Mapping[str, Any]) -> str:
    start_on, end_on = (values[name] for name in _DAYS)
    words = (
        f"from {day_words(start_on)}" if start_on else "",
        f"until {day_words(end_on)}" if end_on else "",
    )
    return " ".join(word for word in words if word)


def _note(today: date) -> Callable[[Mapping[str, Any]], str]:
    """Return what says of a row how it stands; nothing of one that simply is valid."""

    def note(values: Mapping[str, Any]) -> str:
        found = standing(values["start_date"], values["end_date"], today)
        return "" if found.tone == "good" else found.words

    return note


def credentials_field(today: date) -> RowsField:
    """Return the field for a person's credentials."""
    widget = RowsWidget(CredentialForm, add_label="Add a credential", note=_note(today))
    return RowsField(label="Credentials", required=False, widget=widget)


def licences_field(today: date) -> RowsField:
    """Return the field for a person's licences."""
    widget = RowsWidget(LicenceForm, add_label="Add a licence", note=_note(today))
    return RowsField(label="Licences", required=False, widget=widget)


def privileges_field(today: date, scope: Scope) -> RowsField:
    """Return the field for a person's privileges at the sites of the scope."""
    sites = {str(site.pk): site for site in sites_in(scope)}
    make = partial(PrivilegeForm, sites=sites, everywhere=scope.everywhere)
    widget = RowsWidget(make, add_label="Add a privilege", note=_note(today), shown=_shown_site)
    return RowsField(
        label="Privileges",
        required=False,
        widget=widget,
        help_text="Asked for where a site requires one; an empty modality or part covers all.",
    )


def _shown_site(values: Mapping[str, Any]) -> dict[str, Any]:
    site = values["site"]
    return {**values, "site": str(site.pk) if site else _EVERY}


def credential_rows(person: Radiologist) -> list[Row]:
    """Return the person's credentials."""
    rows = person.credentials.order_by("pk")
    return [_row(CredentialForm, row, "name", *_DAYS) for row in rows]


def licence_rows(person: Radiologist) -> list[Row]:
    """Return the person's licences."""
    rows = person.licences.order_by("pk")
    return [_row(LicenceForm, row, "jurisdiction", "number", *_DAYS) for row in rows]


def privilege_rows(person: Radiologist, scope: Scope) -> list[Row]:
    """Return the person's privileges at the sites of the scope."""
    make = partial(PrivilegeForm, sites={}, everywhere=False)
    rows = person_queries.privileges_in(person, scope)
    return [_row(make, row, "site", "modality", "body_part", *_DAYS) for row in rows]


def _row(make: Callable[[], DatedForm], part: models.Model, *names: str) -> Row:
    values = {name: getattr(part, name) for name in names}
    return Row(part.pk, values, make().words(values))

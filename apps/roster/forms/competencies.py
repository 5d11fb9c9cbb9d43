"""The rows of what a radiologist may read: credentials, licences, privileges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from typing_extensions import override

from apps.catalog.models import Site
from apps.catalog.words import BodyPartField, ModalityField
from apps.core.access import Scope
from apps.roster.forms.roster import DayField
from apps.roster.forms.rows import PlainSelect, RowForm, RowsField, RowsWidget
from apps.roster.models import CompetencyDocument, Radiologist
from apps.roster.proof import MOST_BYTES, Proof, proof_of
from apps.roster.queries import person as person_queries
from apps.roster.queries.shifts import sites_in
from apps.roster.services.documents import keep
from apps.roster.services.parts import Row
from apps.roster.standing import standing
from apps.roster.words import day_words

_DAYS = ("start_date", "end_date")
_PROOF = "document"
_MIB = 1024 * 1024
Held = Mapping[int, CompetencyDocument | None]
"""The documents of the rows that are there, by the rows' keys."""


def _day(label: str) -> forms.DateField:
    return DayField(label=label, required=False)


class ProofField(forms.FileField):
    """A file that proves something; its content says what it is, whatever its name."""

    widget = forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"})

    @override
    def clean(self, data: Any, initial: Any = None) -> Proof | None:
        """Return the file as it is kept, None where none was sent.

        Raises:
            ValidationError: it is too large, or neither a PDF nor a picture.
        """
        sent = super().clean(data, initial)
        if not sent:
            return None
        if sent.size > MOST_BYTES:
            raise ValidationError(f"The file is larger than {MOST_BYTES // _MIB} MiB.")
        proof = proof_of(sent.name, sent.read())
        if proof is None:
            raise ValidationError("Not a PDF, PNG or JPEG file, or not the whole of it.")
        return proof


class DatedForm(RowForm):
    """A row that is valid on its days, both included, and its proof; an empty end is open.

    Args:
        held: the documents of the person's rows by the rows' keys; others have none.
    """

    beside = frozenset({"remove", "drop_document"})

    def __init__(self, *args: Any, held: Held | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held = held or {}

    @property
    def proof_now(self) -> CompetencyDocument | None:
        """Return the document that the row has."""
        return self._held.get(_number(self["row_id"].value()))

    @property
    def proof_address(self) -> str:
        """Return where that document is opened."""
        proof = self.proof_now
        return (
            reverse("radiologist-document", args=[proof.radiologist_id, proof.pk]) if proof else ""
        )

    @override
    def values(self) -> dict[str, Any]:
        """Return the values with the document that the row is to have."""
        said = super().values()
        is_dropped = said.pop("drop_document")
        said[_PROOF] = said[_PROOF] or self._named() or (None if is_dropped else self.proof_now)
        return said

    def _named(self) -> Proof | None:
        """Return the file that a preview names instead of sending it."""
        name = self.data.get(self.add_prefix(_PROOF), "")
        return Proof(name[:_LONGEST_NAME]) if isinstance(name, str) and name else None

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
        """Return what is held, its days and its document."""
        proof = f"with {values[_PROOF]}" if values[_PROOF] else ""
        return " ".join(word for word in (self.held(values), _days_words(values), proof) if word)

    def held(self, values: Mapping[str, Any]) -> str:
        """Return what is held, without its days."""
        rest = (*_DAYS, _PROOF)
        return " ".join(str(value) for name, value in values.items() if value and name not in rest)


def _proof() -> ProofField:
    return ProofField(label="Document", required=False)


def _drop() -> forms.BooleanField:
    return forms.BooleanField(label="Remove the document", required=False)


def _number(said: object) -> int:
    """Return a row's key as it was sent, 0 for none."""
    words = str(said or "")
    return int(words) if words.isascii() and words.isdigit() else 0


class CredentialForm(DatedForm):
    """A named credential."""

    name = forms.CharField(max_length=64)
    start_date = _day("From")
    end_date = _day("To")
    document = _proof()
    drop_document = _drop()


class LicenceForm(DatedForm):
    """Leave to practise in a jurisdiction."""

    jurisdiction = forms.CharField(max_length=32)
    number = forms.CharField(max_length=64, required=False)
    start_date = _day("From")
    end_date = _day("To")
    document = _proof()
    drop_document = _drop()


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
    document = _proof()
    drop_document = _drop()

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
_LONGEST_NAME = 200


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


def credentials_field(today: date, held: Held) -> RowsField:
    """Return the field for a person's credentials."""
    make = partial(CredentialForm, held=held)
    widget = RowsWidget(make, add_label="Add a credential", note=_note(today))
    return RowsField(label="Credentials", required=False, widget=widget)


def licences_field(today: date, held: Held) -> RowsField:
    """Return the field for a person's licences."""
    make = partial(LicenceForm, held=held)
    widget = RowsWidget(make, add_label="Add a licence", note=_note(today))
    return RowsField(label="Licences", required=False, widget=widget)


def privileges_field(today: date, held: Held, scope: Scope) -> RowsField:
    """Return the field for a person's privileges at the sites of the scope."""
    sites = {str(site.pk): site for site in sites_in(scope)}
    make = partial(PrivilegeForm, sites=sites, everywhere=scope.everywhere, held=held)
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
    rows = person.credentials.select_related("document").order_by("pk")
    return [_row(CredentialForm, row, "name", *_DAYS) for row in rows]


def licence_rows(person: Radiologist) -> list[Row]:
    """Return the person's licences."""
    rows = person.licences.select_related("document").order_by("pk")
    return [_row(LicenceForm, row, "jurisdiction", "number", *_DAYS) for row in rows]


def privilege_rows(person: Radiologist, scope: Scope) -> list[Row]:
    """Return the person's privileges at the sites of the scope."""
    make = partial(PrivilegeForm, sites={}, everywhere=False)
    rows = person_queries.privileges_in(person, scope).select_related("document")
    return [_row(make, row, "site", "modality", "body_part", *_DAYS) for row in rows]


def held_by(rows: Iterable[Row]) -> Held:
    """Return the documents of rows that are there, by their keys."""
    return {row.id: row.values[_PROOF] for row in rows if row.id is not None}


def kept(rows: Iterable[Row], person: Radiologist, held: Held, at: datetime) -> list[Row]:
    """Return the rows with their new files stored as documents of the person's."""
    return [_kept(row, person, held, at) for row in rows]


def _kept(row: Row, person: Radiologist, held: Held, at: datetime) -> Row:
    proof = row.values[_PROOF]
    if not isinstance(proof, Proof):
        return row
    # Only a preview names a file without its content.
    known = held.get(row.id or 0)
    document = keep(person, proof, at=at) if proof.content else known
    return replace(row, values={**row.values, _PROOF: document})


def _row(make: Callable[[], DatedForm], part: models.Model, *names: str) -> Row:
    values = {name: getattr(part, name) for name in (*names, _PROOF)}
    return Row(part.pk, values, make().words(values))

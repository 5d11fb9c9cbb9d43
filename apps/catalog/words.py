"""Form fields for the words that orders and shifts must agree on, to the letter.

A shift for "MRI" would never meet an order for "MR", so what a person types is turned into the
word the engine compares, or refused while the form can still say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from typing_extensions import override

from apps.engine.vocabulary import Specialty
from apps.hl7v2.vocabulary import MODALITIES, resolve_body_part, resolve_modality

if TYPE_CHECKING:
    from django.contrib import admin

    _Admin = admin.ModelAdmin[Any]
else:
    _Admin = object

_SPECIALTIES = {specialty.value: specialty.value for specialty in Specialty}


class ModalityField(forms.CharField):
    """A DICOM modality; everyday words such as MRI or X-ray are understood."""

    @override
    def clean(self, value: object) -> str:
        """Return the DICOM code."""
        word: str = super().clean(value)
        if not word:
            return word
        code = resolve_modality(word)
        if code is None:
            raise ValidationError(
                f"“{word}” is not a DICOM modality. Known are {', '.join(MODALITIES)}."
            )
        return code


class BodyPartField(forms.CharField):
    """A body part or region; a word of the vocabulary is spelled as there."""

    @override
    def clean(self, value: object) -> str:
        """Return the vocabulary's spelling, or a site's own word in capitals."""
        word: str = super().clean(value)
        return resolve_body_part(word) or "_".join(word.upper().split())


class SubspecialtyField(forms.CharField):
    """A subspecialty; letters' case does not count for those of the vocabulary."""

    @override
    def clean(self, value: object) -> str:
        """Return the vocabulary's spelling, or the word as it was typed."""
        word = " ".join(super().clean(value).split())
        return _SPECIALTIES.get(word.lower(), word)


_FIELDS: dict[str, tuple[type[forms.CharField], str]] = {
    "modality": (ModalityField, "DICOM code, such as CT, MR, DX or US."),
    "body_part": (BodyPartField, "Such as KNEE, or a region that holds others: MSK."),
    "subspecialty": (SubspecialtyField, f"Such as {', '.join(_SPECIALTIES)}."),
    "required_subspecialty": (SubspecialtyField, f"Such as {', '.join(_SPECIALTIES)}."),
}


def vocabulary_field(db_field: models.Field[Any, Any], **kwargs: Any) -> forms.Field | None:
    """Return the field that checks the word; for any other column Django's own.

    A ``formfield_callback`` of forms: pages and the admin ask the same words.
    """
    if db_field.name == "specialties":
        base_field = SubspecialtyField(max_length=64)
        return db_field.formfield(form_class=SimpleArrayField, base_field=base_field)
    found = _FIELDS.get(db_field.name)
    if found is None:
        return db_field.formfield(**kwargs)
    form_class, help_text = found
    return db_field.formfield(
        form_class=form_class,
        help_text=help_text if not db_field.blank else f"{help_text} Empty: open.",
    )


class VocabularyFields(_Admin):
    """Gives an admin page or an inline these fields, for the columns of these names."""

    @override
    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        """Return the field that checks the word."""
        if db_field.name == "specialties" or db_field.name in _FIELDS:
            return vocabulary_field(db_field)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

"""Credentials, licences and privileges: on the person's page, and listed to find what lapses."""

from __future__ import annotations

from django.contrib import admin

from apps.catalog.words import VocabularyFields
from apps.core.admin_base import RecordAdmin, TabularInline
from apps.core.admin_scope import at_sites
from apps.roster.models import Licence, Privilege, RadiologistCredential

_PROOF = ("document",)
"""Is added on the radiologist's own page, which looks at what a file holds."""
_PERSON = ("radiologist__id", "radiologist__family_name", "radiologist__given_name")


class CredentialInline(TabularInline):
    """A person's credentials."""

    model = RadiologistCredential
    extra = 0
    exclude = _PROOF


class LicenceInline(TabularInline):
    """A person's licences."""

    model = Licence
    extra = 0
    exclude = _PROOF


class PrivilegeInline(VocabularyFields, TabularInline):
    """A person's privileges; what is left empty covers all."""

    model = Privilege
    extra = 0
    exclude = _PROOF
    autocomplete_fields = ("site",)


@admin.register(RadiologistCredential)
class CredentialAdmin(RecordAdmin):
    """Every credential, by the day on which it ends."""

    exclude = _PROOF
    row_scope = at_sites("radiologist__home_sites__site")
    list_display = ("radiologist", "name", "start_date", "end_date")
    list_filter = ("name", "end_date")
    list_select_related = ("radiologist",)
    search_fields = ("name", *_PERSON)
    autocomplete_fields = ("radiologist",)
    ordering = ("radiologist", "name")


@admin.register(Licence)
class LicenceAdmin(RecordAdmin):
    """Every licence, by the day on which it ends."""

    exclude = _PROOF
    row_scope = at_sites("radiologist__home_sites__site")
    list_display = ("radiologist", "jurisdiction", "number", "start_date", "end_date")
    list_filter = ("jurisdiction", "end_date")
    list_select_related = ("radiologist",)
    search_fields = ("number", "jurisdiction", *_PERSON)
    autocomplete_fields = ("radiologist",)
    ordering = ("radiologist", "jurisdiction")


@admin.register(Privilege)
class PrivilegeAdmin(VocabularyFields, RecordAdmin):
    """Every privilege: who may read what where."""

    exclude = _PROOF
    row_scope = at_sites("radiologist__home_sites__site")
    list_display = ("radiologist", "site", "modality", "body_part", "start_date", "end_date")
    list_filter = ("site", "modality", "body_part", "end_date")
    list_select_related = ("radiologist", "site")
    search_fields = ("site__code", "site__name", *_PERSON)
    autocomplete_fields = ("radiologist", "site")
    ordering = ("radiologist", "site")

"""Fills in the admin's forms as a browser would: what the page shows, and what a person types."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import quote
from django.forms import BoundField
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse


def admin_url(label: str, page: str, *args: object) -> str:
    """Return the address of a page: ``admin_url("roster.shift", "change", 1)``."""
    app, model = label.lower().split(".")
    return reverse(f"admin:{app}_{model}_{page}", args=[quote(arg) for arg in args])


def shown_form(client: Client, address: str) -> dict[str, Any]:
    """Return what the browser would send if nothing were changed."""
    context = client.get(address).context
    forms = [context["adminform"].form]
    for wrapped in context["inline_admin_formsets"]:
        forms += [wrapped.formset.management_form, *wrapped.formset.forms]
    data: dict[str, Any] = {}
    for form in forms:
        for field in form:
            data |= _sent(field)
    return data


def _sent(field: BoundField) -> dict[str, Any]:
    value = field.value()
    if value is None or value is False:
        return {}
    if value is True:
        return {field.html_name: "on"}
    widget = field.field.widget
    if hasattr(widget, "decompress"):
        parts = widget.decompress(value)
        return {f"{field.html_name}_{n}": part for n, part in enumerate(parts) if part is not None}
    if isinstance(value, list | tuple) and not getattr(widget, "allow_multiple_selected", False):
        value = ",".join(str(item) for item in value)
    return {field.html_name: value}


def added_row(data: dict[str, Any], prefix: str, **values: object) -> dict[str, Any]:
    """Return the data with one more row in an inline."""
    number = int(data[f"{prefix}-TOTAL_FORMS"])
    row = {f"{prefix}-{number}-{name}": str(value) for name, value in values.items()}
    return {**data, **row, f"{prefix}-TOTAL_FORMS": str(number + 1)}


def errors_of(response: HttpResponse) -> list[str]:
    """Return what the page that came back complains of; empty after a redirect."""
    context: Any = getattr(response, "context", None)
    if context is None or "adminform" not in context:
        return []
    form = context["adminform"].form
    found = [str(error) for errors in form.errors.values() for error in errors]
    for wrapped in context["inline_admin_formsets"]:
        found += [str(error) for error in wrapped.formset.non_form_errors()]
        for errors in wrapped.formset.errors:
            found += [str(error) for listed in errors.values() for error in listed]
    return found

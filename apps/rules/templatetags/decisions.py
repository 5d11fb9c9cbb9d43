"""How a bound form's values are said on a page that only shows them."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.forms import BoundField

register = template.Library()


@register.filter
def said(field: BoundField) -> str:
    """Return a field's value in words: its choice's label, yes or no, a plain number."""
    value = field.value()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    choices = {str(key): str(label) for key, label in getattr(field.field, "choices", ())}
    return choices.get(str(value), str(value))

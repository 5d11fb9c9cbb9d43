"""Filters that say who asked for a merge of patients, and who undid it."""

from __future__ import annotations

from django import template

from apps.audit.queries.wording import actor_in_words
from apps.orders.models import PatientMerge

register = template.Library()


@register.filter
def actor_words(actor: str) -> str:
    """Return who acted, as people say it."""
    return actor_in_words(actor)


@register.filter
def is_by_hand(merge: PatientMerge) -> bool:
    """Return whether a person made the merge again, rather than a message."""
    return merge.made_by.startswith("user:")

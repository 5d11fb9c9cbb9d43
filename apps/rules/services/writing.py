"""Puts rules back or in force as they are kept, under the lock that every such change takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection, transaction

from apps.core.actor import say_why
from apps.rules.content import COLUMNS, Content, rule_of
from apps.rules.models import AssignmentRule

_ONE_AT_A_TIME = 0x7275_6C65  # "rule"


def lock_rules() -> Sequence[int]:
    """Keep others from changing rules, or a whole set of them, until the transaction ends.

    Returns:
        The ids of the rules there are.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])
    rows = AssignmentRule.objects.order_by("pk").select_for_update()
    return list(rows.values_list("pk", flat=True))


def put(rule_id: int, content: Content | None) -> None:
    """Have a rule be as it was kept; None deletes it, one that is gone comes back with its id."""
    if content is None:
        AssignmentRule.objects.filter(pk=rule_id).delete()
        return
    rule = rule_of(content, rule_id)
    if AssignmentRule.objects.filter(pk=rule_id).exists():
        rule.save(force_update=True, update_fields=COLUMNS)
    else:
        rule.save(force_insert=True)


def add(content: Content) -> int:
    """Add a rule; return its id."""
    rule = rule_of(content, None)
    rule.save(force_insert=True)
    return rule.pk


@contextmanager
def because(reason: str) -> Iterator[None]:
    """Run a block in one transaction whose rule versions keep the reason."""
    with transaction.atomic():
        say_why(reason)
        yield
        # What follows in an outer transaction has its own reason.
        say_why("")

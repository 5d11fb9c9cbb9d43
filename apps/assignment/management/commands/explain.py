"""``manage.py explain ACCESSION``: why an order has its radiologist, or has none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.assignment.explanation import orders_known_as, sentences
from apps.assignment.models import Assignment, Unassigned
from apps.assignment.naming import naming_with_ids
from apps.orders.models import Order


class Command(BaseCommand):
    """Print the decision of every order that is known under an accession."""

    help = "Explains in words to whom an order was given and why, or why to nobody."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the accession."""
        parser.add_argument("accession", help="As shown on the board; case counts.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Print one block for each order, oldest first.

        Raises:
            CommandError: no order has the accession.
        """
        accession = options["accession"]
        orders = orders_known_as(accession)
        if not orders:
            raise CommandError(f"No order has the accession {accession!r}.")
        blocks = ("\n".join(_lines(order)) for order in orders)
        self.stdout.write("\n\n".join(blocks))


def _lines(order: Order) -> Iterator[str]:
    yield f"{order.accession} of {order.issuer or 'an unknown issuer'}: {_state(order)}"
    current = _current(order)
    waiting = Unassigned.objects.filter(order=order).first()
    if current is not None:
        yield from _story(current.trace)
    elif waiting is not None:
        tries = f"{waiting.attempts} {'try' if waiting.attempts == 1 else 'tries'}"
        yield f"  Reason: {_reason(waiting)}; {tries}, last at {waiting.tried_at:%Y-%m-%d %H:%M:%S} UTC."
        yield from _story(waiting.trace)
    yield from _earlier(order)


def _state(order: Order) -> str:
    current = _current(order)
    status = order.get_status_display().lower()
    if current is None:
        return f"{status}, {order.held_reason}" if order.held_reason else status
    on = f" on {current.shift_code}" if current.shift_code else ""
    return f"{status}, {current.radiologist_id} ({current.radiologist.full_name}){on}"


def _current(order: Order) -> Assignment | None:
    return (
        Assignment.objects.select_related("radiologist")
        .filter(order=order, is_current=True)
        .first()
    )


def _reason(waiting: Unassigned) -> str:
    words = waiting.get_reason_display()
    return f"{words} ({waiting.reason_text})" if waiting.reason_text else words


def _story(trace: dict[str, Any]) -> Iterator[str]:
    return (f"  {sentence}" for sentence in sentences(trace, naming_with_ids(trace)))


def _earlier(order: Order) -> Iterator[str]:
    ended = Assignment.objects.filter(order=order, is_current=False).order_by("-id")
    for assignment in ended:
        yield (
            f"  Earlier: {assignment.radiologist_id} from {assignment.assigned_at:%Y-%m-%d %H:%M:%S}"
            f" to {assignment.ended_at:%H:%M:%S} UTC, {assignment.get_end_reason_display().lower()}."
        )

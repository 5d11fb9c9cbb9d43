"""What a rehearsed message says of each order: every fact, with the place that gave it."""

from __future__ import annotations

from collections.abc import Sequence

from apps.intake.processing.catalogue import Catalogue
from apps.intake.processing.reading import open_message
from apps.intake.processing.rehearsing import RehearsedMessage
from apps.intake.queries.sender_facts import FactSaid, facts_said
from apps.intake.queries.sender_meanings import groups_of, read_one


def facts_of_orders(message: RehearsedMessage, catalogue: Catalogue) -> list[Sequence[FactSaid]]:
    """Return the facts of each order of a message that was rehearsed, in their order."""
    opened, sender = open_message(message.raw, catalogue=catalogue)
    groups = groups_of(opened)[: len(message.orders)]
    return [_filled(facts_said(read_one(opened, one, sender, catalogue), None)) for one in groups]


def _filled(said: dict[str, FactSaid]) -> list[FactSaid]:
    return [fact for fact in said.values() if fact.value]

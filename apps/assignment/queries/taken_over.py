"""A take-over that was done, as the trail tells of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.assignment.policies import Action
from apps.assignment.queries.take_over import Places
from apps.audit.models import AuditEvent
from apps.orders.models import Order
from apps.roster.models import Radiologist
from apps.roster.queries.places import seen_people

TAKEN_OVER = "take_over"
"""The action of the audit line that holds a take-over together."""
TAKEN_BACK = "take_over_taken_back"
"""The action of the line that says that it was taken back; its values name the other by key."""
PERSON = "roster_radiologist"
"""What that line is about: who fell ill."""
_MOVES = tuple(f"{action.value}_by_hand" for action in (Action.ASSIGN, Action.DECIDE_AGAIN))


@dataclass(frozen=True, slots=True)
class MovedStudy:
    """A study that was moved, and to whom; ``reader`` is empty where it waited."""

    order: Order
    reader: str


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What was done; ``event`` is the line that holds it together.

    ``back`` is the line that says that it was taken back, None while it was not.
    """

    event: AuditEvent
    person: Radiologist
    takers: Sequence[str]
    studies: Sequence[MovedStudy]
    back: AuditEvent | None

    @property
    def records(self) -> int:
        """Return how many records of the roster were added."""
        return int((self.event.new_values or {}).get("records", 0))


def newest(ill: str, done_in: str) -> int:
    """Return the key of the line of a take-over that a request did."""
    rows = AuditEvent.objects.filter(
        entity=PERSON, entity_id=ill, action=TAKEN_OVER, request_id=done_in
    )
    return rows.order_by("-pk").values_list("pk", flat=True)[0]


def taken_over(event_id: int, places: Places) -> TakenOver | None:
    """Return what was taken over, None when the viewer does not look after who fell ill."""
    event = AuditEvent.objects.filter(pk=event_id, entity=PERSON, action=TAKEN_OVER).first()
    person = seen_people(places.roster).filter(pk=event.entity_id).first() if event else None
    if event is None or person is None:
        return None
    lines = lines_of(event)
    readers = {_reader(line) for line in lines} - {""}
    takers = (event.new_values or {}).get("takers", [])
    people = Radiologist.objects.in_bulk({*readers, *takers})
    wanted = Order.objects.filter(pk__in=[line.entity_id for line in lines])
    orders = places.studies.limit(wanted).defer("indication").in_bulk()
    return TakenOver(
        event,
        person,
        takers=[people[one].full_name for one in takers if one in people],
        studies=[
            MovedStudy(orders[int(line.entity_id)], _name(people, _reader(line)))
            for line in lines
            if int(line.entity_id) in orders
        ],
        back=_taken_back(event),
    )


def lines_of(event: AuditEvent) -> list[AuditEvent]:
    """Return the lines of a take-over's studies, in their order."""
    rows = AuditEvent.objects.filter(
        at=event.at, entity="orders_order", request_id=event.request_id, action__in=_MOVES
    )
    return list(rows.order_by("pk"))


def _taken_back(event: AuditEvent) -> AuditEvent | None:
    rows = AuditEvent.objects.filter(
        entity=PERSON, entity_id=event.entity_id, action=TAKEN_BACK, pk__gt=event.pk
    )
    return rows.filter(new_values__take_over=event.pk).first()


def _reader(line: AuditEvent) -> str:
    return str((line.new_values or {}).get("radiologist_id", ""))


def _name(people: dict[str, Radiologist], id_: str) -> str:
    return people[id_].full_name if id_ in people else id_

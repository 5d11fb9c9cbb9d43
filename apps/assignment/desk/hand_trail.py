"""The audit lines of what people do to studies, beside those of the desk's own moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apps.assignment.policies import Action
from apps.assignment.study import StudyState
from apps.audit.models import AuditEvent
from apps.core import request_id

if TYPE_CHECKING:
    from apps.assignment.desk.case import Case
    from apps.assignment.desk.steps import Steps

_ENTITY = "orders_order"
_MESSAGE = "last_message_id"
_TOLD = ("status", "radiologist_id", "shift_code", "urgency", "held_reason")


def acted(
    desk: Steps, case: Case, action: Action, before: StudyState, after: StudyState, reason: str
) -> None:
    """Note what a person did to a study: how it was, how it is, and why, as they typed it.

    The last message that had touched the study by then is named too.
    """
    new = {"accession": after.accession, **_values(after), _MESSAGE: case.order.last_message_id}
    desk.pending.audit.append(
        {
            "at": desk.at,
            "entity": _ENTITY,
            "entity_id": str(after.order_id),
            "action": _name(action),
            "old_values": _values(before),
            "new_values": new | {"reason": reason} if reason else new,
            "actor": desk.actor,
            "request_id": request_id.current(),
        }
    )


def nothing_came_since(case: Case, action: Action) -> bool:
    """Return whether no message has touched the study since a person last did this to it."""
    lines = AuditEvent.objects.filter(
        entity=_ENTITY, entity_id=str(case.order.pk), action=_name(action)
    )
    last = lines.order_by("-pk").values_list("new_values", flat=True).first()
    return last is not None and last.get(_MESSAGE) == case.order.last_message_id


def _name(action: Action) -> str:
    return f"{action.value}_by_hand"


def _values(state: StudyState) -> dict[str, Any]:
    return {name: value for name in _TOLD if (value := getattr(state, name))}

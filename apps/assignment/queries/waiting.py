"""The studies without a reader: why, since when, and what would help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from django.db.models import Count, QuerySet

from apps.assignment.choices import ReasonChoices as Reason
from apps.assignment.models import Unassigned
from apps.assignment.queries.rows import StudyRow, study_row
from apps.core.access import Permission as Can
from apps.core.access import Scope
from apps.core.paging import Page, page_of


@dataclass(frozen=True, slots=True)
class WaitingFilter:
    """What the list is narrowed by; empty values narrow nothing."""

    reason: str = ""
    site_id: int | None = None
    modality: str = ""
    urgency: str = ""


@dataclass(frozen=True, slots=True)
class NextStep:
    """The smallest thing that would help; ``url_name`` is where, for who has ``permission``.

    ``key`` is what the address names: of ``sender-of-message`` the order's last message.
    """

    words: str
    url_name: str = ""
    permission: Can | None = None
    key: int | None = None


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A study without a reader; ``study`` is the same line as other lists show."""

    study: StudyRow
    reason: Reason
    detail: str
    since: datetime
    tried_at: datetime
    attempts: int
    is_waiting: bool
    step: NextStep


_OF_MESSAGE = "sender-of-message"
_STEPS: Mapping[Reason, NextStep] = {
    Reason.NO_SHIFT: NextStep("Give a shift this work or these hours", "shifts", Can.SHIFT_CHANGE),
    Reason.NO_ROSTER: NextStep("Put somebody on the shift", "roster", Can.ROSTER_CHANGE),
    Reason.NO_COMPETENCY: NextStep(
        "Put somebody qualified on the shift", "roster", Can.ROSTER_CHANGE
    ),
    Reason.PASSED_OVER: NextStep("Assign it to somebody who has not had it"),
    Reason.AT_CAPACITY: NextStep(
        "Goes to the next free seat; or assign past a limit, with a reason"
    ),
    Reason.EXCLUDED: NextStep("Look at the rules that exclude", "rules", Can.RULE_VIEW),
    Reason.HELD: NextStep("Release it when it may go on"),
    Reason.WORKLIST: NextStep("One of the list's readers takes it; or assign it"),
    Reason.RULE_STRICT: NextStep("Look at the strict rule", "rules", Can.RULE_VIEW),
    Reason.UNKNOWN_SITE: NextStep("Add the sender's name to a site", "sites", Can.SITE_CHANGE),
    Reason.UNKNOWN_MODALITY: NextStep(
        "Say where its sender puts the modality", _OF_MESSAGE, Can.SENDER_CHANGE
    ),
    Reason.UNKNOWN_PROCEDURE: NextStep("Say what its code means", "codes", Can.PROCEDURE_VIEW),
    Reason.NO_PATIENT: NextStep(
        "Say where its sender names the patient", _OF_MESSAGE, Can.SENDER_CHANGE
    ),
    Reason.BY_HAND: NextStep("Assign it, or let the engine decide again"),
}


def waiting(
    wanted: WaitingFilter, *, scope: Scope, at: datetime, zone: tzinfo, number: int
) -> Page[WaitingRow]:
    """Return one page of the queue, soonest urgency and longest wait first."""
    rows = _narrowed(wanted, scope).select_related("order__site", "order__procedure")
    rows = rows.defer("trace", "order__indication")
    page = page_of(rows.order_by("urgency_rank", "since", "order_id"), number)
    shown = [_row(row, at, zone) for row in page.rows]
    return Page(shown, page.number, page.has_next)


def by_reason(scope: Scope) -> list[tuple[Reason, int]]:
    """Return how many studies wait for each reason, the most frequent first."""
    rows = scope.limit(Unassigned.objects.all(), "order__site")
    counted = rows.values_list("reason").annotate(studies=Count("pk")).order_by("-studies")
    return [(Reason(reason), studies) for reason, studies in counted]


def _narrowed(wanted: WaitingFilter, scope: Scope) -> QuerySet[Unassigned]:
    asked = {
        "reason": wanted.reason,
        "order__site": wanted.site_id,
        "order__modality": wanted.modality,
        "order__urgency": wanted.urgency,
    }
    rows = scope.limit(Unassigned.objects.all(), "order__site")
    return rows.filter(**{path: value for path, value in asked.items() if value})


def _row(row: Unassigned, at: datetime, zone: tzinfo) -> WaitingRow:
    reason = Reason(row.reason)
    return WaitingRow(
        study=study_row(row.order, None, at=at, zone=zone),
        reason=reason,
        detail=row.reason_text,
        since=row.since,
        tried_at=row.tried_at,
        attempts=row.attempts,
        is_waiting=row.is_waiting,
        step=_step(reason, row.order.last_message_id),
    )


def _step(reason: Reason, message_id: int | None) -> NextStep:
    step = _STEPS[reason]
    return replace(step, key=message_id) if step.url_name == _OF_MESSAGE else step

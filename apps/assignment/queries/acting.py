"""A study as the dialogs of actions by hand show it, and what would follow from each action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime

from apps.assignment.exceptions import NotPossibleError
from apps.assignment.models import Assignment
from apps.assignment.policies import Action, check_can
from apps.assignment.queries.states import StudyState, state_of
from apps.assignment.snapshot.cache import current_view
from apps.assignment.snapshot.policies import start_of
from apps.assignment.snapshot.versions import read_versions
from apps.assignment.taking_off import WaitsFor, after_taking_off
from apps.audit.editing import Effect
from apps.catalog.choices import UrgencyChoices
from apps.core.access import Scope
from apps.core.clock import now
from apps.orders import clock
from apps.orders.choices import OrderStatus
from apps.orders.models import Order

MANAGERS = (
    *(Action.ASSIGN, Action.RELEASE, Action.DECIDE_AGAIN, Action.UNASSIGN),
    *(Action.HOLD, Action.CHANGE_URGENCY),
)
"""What who assigns studies may do, in the order in which it is offered."""


@dataclass(frozen=True, slots=True)
class Acted:
    """A study that somebody is about to act on; of the patient nothing."""

    order: Order
    assignment: Assignment | None
    state: StudyState

    @property
    def reader(self) -> str:
        """Return the full name of who has it, empty for nobody."""
        return self.assignment.radiologist.full_name if self.assignment else ""

    @property
    def status(self) -> OrderStatus:
        """Return where it is on its way."""
        return OrderStatus(self.state.status)

    @property
    def actions(self) -> list[Action]:
        """Return what a manager may do to it now."""
        return [action for action in MANAGERS if not self.refusal(action)]

    @property
    def needs_reason(self) -> bool:
        """Return whether giving it to another reader needs a reason whoever that is."""
        return self.status is OrderStatus.IN_PROGRESS

    def refusal(self, action: Action) -> str:
        """Return why the action is not possible, empty where it is."""
        try:
            check_can(action, self.state)
        except NotPossibleError as error:
            return str(error)
        return ""


@dataclass(frozen=True, slots=True)
class UrgencyOption:
    """An urgency the study could have, and when its report would be due."""

    urgency: UrgencyChoices
    due_at: datetime | None
    minutes: int | None


def acted_study(order_id: int, *, scope: Scope) -> Acted | None:
    """Return the study to act on, None when the scope holds none of that id."""
    rows = Order.objects.select_related("site", "procedure").defer("indication")
    order = scope.limit(rows.filter(pk=order_id)).first()
    if order is None:
        return None
    held = Assignment.objects.filter(order=order_id, is_current=True)
    current = held.select_related("radiologist", "shift").defer("trace").first()
    return Acted(order, current, state_of(order, current))


def urgency_options(order: Order) -> list[UrgencyOption]:
    """Return the other urgencies, each with the due time it would come to."""
    book = current_view(read_versions()).policies
    options = []
    for urgency in UrgencyChoices:
        if urgency == order.urgency:
            continue
        changed = copy(order)
        changed.urgency = urgency.value
        policy = book.policy_of(changed)
        changed.clock_started_at = order.clock_started_at or start_of(order, policy.clock_start)
        due_at = clock.due_after(changed, policy.report_minutes)
        options.append(UrgencyOption(urgency, due_at, policy.report_minutes))
    return options


def consequences(action: Action, study: Acted) -> list[Effect]:
    """Return what will happen when the action is done, in words."""
    return _CONSEQUENCES[action](study)


def _of_assigning(study: Acted) -> list[Effect]:
    effects = []
    if study.reader:
        effects.append(Effect(f"{study.reader} loses it, and the seat it takes."))
    if study.status is OrderStatus.IN_PROGRESS:
        effects.append(Effect(f"{study.reader} is reading it now.", "warn"))
    return [*effects, _TOLD]


def _of_unassigning(study: Acted) -> list[Effect]:
    effects = [Effect(f"{study.reader} loses it, and the seat it takes.")]
    if study.status is OrderStatus.IN_PROGRESS:
        effects.append(Effect(f"{study.reader} is reading it now.", "warn"))
    tiers = current_view(read_versions()).policies.tiers_of(study.order)
    waits = after_taking_off(study.order, tiers, at=now())
    return [*effects, Effect(_WAITS[waits], "warn"), _TOLD]


def _of_deciding(_study: Acted) -> list[Effect]:
    return [
        Effect("The engine decides at once, by the shifts, rosters and rules of this moment."),
        Effect("Where it finds nobody fit, the study goes on waiting."),
    ]


def _of_holding(study: Acted) -> list[Effect]:
    effects = [Effect("Its clock stands still until it is released.")]
    if study.reader:
        effects.append(Effect(f"{study.reader} keeps it, but it takes no seat meanwhile."))
    return effects


def _of_releasing(study: Acted) -> list[Effect]:
    back = f"Back to {study.reader} if still fit, else" if study.reader else "At once"
    return [
        Effect("Its clock runs on, and its due times move by as long as it was held."),
        Effect(f"{back} decided anew."),
    ]


def _of_changing(study: Acted) -> list[Effect]:
    effects = [Effect("Its due times are counted anew from the same start.")]
    if study.status is OrderStatus.UNASSIGNED:
        effects.append(Effect("It is tried again at once."))
    same = "Messages that repeat what the sender said before do not change it back."
    return [*effects, Effect(same)]


_WAITS: Mapping[WaitsFor, str] = {
    WaitsFor.PERSON: (
        "It waits for a person: its report has no due time, so it is not tried again by itself."
    ),
    WaitsFor.BREACH: (
        "It waits for a person: it is not tried again by itself until its SLA is breached."
    ),
    WaitsFor.STEP: (
        "It waits for a person: it is overdue, and not tried again by itself until the next step."
    ),
    WaitsFor.RETRY: (
        "It is overdue, so it is tried again by itself within a minute: it may come back to the "
        "same reader."
    ),
}
_TOLD = Effect("The destinations that serve its site are told.")
_CONSEQUENCES: Mapping[Action, Callable[[Acted], list[Effect]]] = {
    Action.ASSIGN: _of_assigning,
    Action.UNASSIGN: _of_unassigning,
    Action.DECIDE_AGAIN: _of_deciding,
    Action.HOLD: _of_holding,
    Action.RELEASE: _of_releasing,
    Action.CHANGE_URGENCY: _of_changing,
}

"""The small steps that a desk's moves are made of: each changes the rows in hand, decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from apps.assignment.choices import AssignmentState, LedgerKind
from apps.assignment.desk import trail
from apps.assignment.desk.case import Case
from apps.assignment.desk.company import CompanyBook
from apps.assignment.desk.notices import notice_of
from apps.assignment.desk.pending import Pending
from apps.assignment.lifecycle import COUNTS
from apps.assignment.models import Assignment
from apps.assignment.snapshot.cache import ConfigView
from apps.assignment.snapshot.loads import LoadBook, Seat
from apps.catalog.queries.units import Work
from apps.core import bulk
from apps.engine.codes import Urgency
from apps.engine.decision import Decision
from apps.engine.occurrences import local_date
from apps.orders.choices import OrderStatus
from apps.orders.lifecycle import check_can_move
from apps.outbound.choices import OutboundKind

_NO_TIME = timedelta(0)


class Steps:
    """What is in hand, and the steps; ``Desk`` puts them together."""

    def __init__(
        self,
        *,
        at: datetime,
        view: ConfigView,
        book: LoadBook,
        actor: str,
        versions: Mapping[str, int],
    ) -> None:
        """Begin with nothing to write.

        Args:
            at: the moment of every decision made here, aware.
            view: the configuration, compared with the database in this transaction.
            book: everybody's load at ``at``.
            actor: who the audit lines name, such as ``system:hl7``.
            versions: of every area, as read under the lock.
        """
        self.at = at
        self.view = view
        self.book = book
        self.actor = actor
        self.versions = versions
        self.pending = Pending()
        self.company = CompanyBook(view.company, at=at)

    def resize(self, case: Case) -> None:
        """Count the seat and the work anew after the order's urgency, RVU or units changed."""
        assignment, order = case.assignment, case.order
        if assignment is None:
            return
        if case.holds_a_seat:
            seat = Seat(Urgency(order.urgency), order.rvu, order.units)
            self.book.free(assignment.radiologist_id, case.seat())
            self.book.regain(assignment.radiologist_id, seat)
        if assignment.state in COUNTS:
            self._take_back(assignment, assignment.units - order.units)
        assignment.urgency = order.urgency
        assignment.rvu = order.rvu
        assignment.units = order.units
        self.pending.touch_assignment(assignment)

    def set_units(self, case: Case) -> None:
        """Set what the order counts for, by the table of the day on which it came."""
        order = case.order
        work = Work(order.procedure_id, order.modality, order.body_part, order.rvu)
        order.units = self.view.units.units(work, self._day_it_came(case))

    def flag(self, case: Case, flag: str) -> None:
        """Mark the order with something a person may want to know; once."""
        if flag not in case.order.flags:
            case.order.flags = [*case.order.flags, flag]
            self.pending.touch(case)

    def unflag(self, case: Case, flag: str) -> None:
        """Take back a mark that no longer holds."""
        if flag in case.order.flags:
            case.order.flags = [kept for kept in case.order.flags if kept != flag]
            self.pending.touch(case)

    def _new_assignment(self, case: Case, decision: Decision) -> Assignment:
        order, strategy = case.order, decision.strategy
        assert decision.radiologist is not None  # noqa: S101 -- an ASSIGNED decision names one
        assert strategy is not None  # noqa: S101 -- and how it was chosen
        return Assignment(
            id=bulk.next_id(Assignment),
            order_id=order.pk,
            radiologist_id=decision.radiologist,
            shift_id=self.view.shift_ids.get(decision.shift or ""),
            shift_code=decision.shift or "",
            rule_id=decision.rule_id,
            rule_version=decision.rule_version,
            strategy=strategy.value,
            escalated=decision.escalated,
            urgency=order.urgency,
            rvu=order.rvu,
            units=order.units,
            assigned_at=self.at,
            trace=decision.trace,
        )

    def _complete(self, case: Case, assignment: Assignment) -> None:
        if case.holds_a_seat:
            self.book.free(assignment.radiologist_id, case.seat())
        else:
            # A hold had taken it off; it was read all the same.
            self._take_back(assignment, -assignment.units)
        assignment.state = AssignmentState.COMPLETED
        assignment.completed_at = self.at
        spent = max(self.at - assignment.assigned_at, _NO_TIME)
        assignment.turnaround_seconds = int(spent.total_seconds())
        self.pending.touch_assignment(assignment)
        self._line(assignment, LedgerKind.COMPLETED)
        self.company.note(case)
        trail.completed(self, case, assignment)

    def _move(self, case: Case, status: OrderStatus) -> None:
        order = case.order
        if order.status != status:
            check_can_move(order.status, status)
            order.status = status
            # Whoever holds an order gives the reason after the move.
            order.held_reason = ""
        order.updated_at = self.at
        self.pending.touch(case)

    def _leave_queue(self, case: Case) -> None:
        if case.queued is not None:
            self.pending.queued.pop(case.order.pk, None)
            self.pending.dequeued.add(case.order.pk)
            case.queued = None

    def _take_back(self, assignment: Assignment, units: Decimal) -> None:
        """Take work off what its reader was given when it was given; below zero gives it again."""
        if not units:
            return
        given_at = assignment.assigned_at
        self.book.take_back(assignment.radiologist_id, units, given_at=given_at)
        self._line(assignment, LedgerKind.RETURNED, units=units, given_at=given_at)

    def _line(
        self,
        assignment: Assignment,
        kind: LedgerKind,
        *,
        units: Decimal | None = None,
        given_at: datetime | None = None,
    ) -> None:
        self.pending.ledger.append(
            {
                "radiologist_id": assignment.radiologist_id,
                "shift_code": assignment.shift_code,
                "kind": kind.value,
                "at": self.at,
                "rvu": assignment.rvu,
                "units": assignment.units if units is None else units,
                "given_at": given_at,
                "turnaround_seconds": assignment.turnaround_seconds,
            }
        )

    def _turn(self, assignment: Assignment) -> None:
        if assignment.shift_code:
            key = (assignment.shift_code, assignment.radiologist_id)
            self.pending.turns[key] = {
                "shift_code": assignment.shift_code,
                "radiologist_id": assignment.radiologist_id,
                "last_assigned_at": self.at,
            }

    def _tell(
        self, case: Case, kind: OutboundKind, *, reason: str = "", only_if_asked: bool = False
    ) -> None:
        notice = notice_of(self, case, kind, reason=reason, only_if_asked=only_if_asked)
        self.pending.notices.append(notice)
        case.told_reader = case.assignment.radiologist_id if case.assignment else ""

    def _day_it_came(self, case: Case) -> date:
        """Return the order's day, in its site's zone where that is known."""
        site = self.view.compiled.sites.get(self._site_code(case))
        return local_date(case.order.received_at, site.zone if site else "UTC")

    def _site_code(self, case: Case) -> str:
        site_id = case.order.site_id
        return self.view.site_codes.get(site_id, "") if site_id else ""

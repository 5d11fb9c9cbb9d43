"""An order whose urgency or work changes: it stays with a fit reader, else it moves with a reason."""

from __future__ import annotations

import pytest

from apps.assignment.explanation import sentences
from apps.assignment.models import Assignment
from apps.assignment.services.replay import replay_stored
from apps.audit.models import AuditEvent
from apps.orders.models import Order
from apps.outbound.models import OutboundMessage
from tests import factories
from tests.intake.processing.checks import broken_promises
from tests.support.department import Department, order, readers, reasons, send, statuses

pytestmark = pytest.mark.db

CT = {"modality": "CT", "code": "CT HEAD^CT HEAD"}


def change(**values: str) -> tuple[str, ...]:
    return order(control="XO", placer="P1", **values)


def history() -> list[tuple[str, str, str]]:
    rows = Assignment.objects.order_by("id")
    return list(rows.values_list("radiologist_id", "end_reason", "end_note"))


def told() -> list[str]:
    return list(OutboundMessage.objects.order_by("id").values_list("kind", flat=True))


@pytest.fixture
def by_urgency(department: Department) -> Department:
    """DR_A reads what is routine, DR_B what is not."""
    shift = department.shift
    shift.work_types.all().delete()  # type: ignore[attr-defined] # a Shift
    factories.ShiftWorkTypeFactory(shift=shift, modality="MR", urgency="ROUTINE")
    department.add_reader("DR_A")
    urgent = department.add_shift("URGENT", modality="MR")
    urgent.work_types.update(urgency="STAT")  # type: ignore[attr-defined] # as above
    department.add_reader("DR_B", shift=urgent)
    return department


class TestModality:
    @pytest.fixture(autouse=True)
    def assigned(self, department: Department) -> None:
        department.add_reader("DR_A")
        department.add_reader("DR_CT", shift=department.add_shift("CT_ALL", modality="CT"))
        send(*order(placer="P1"))

    def test_moves_with_the_reason_in_trail_trace_and_words(self) -> None:
        send(*change(**CT))

        note = "has it on shift MRI_MSK, which does other work"
        assert history() == [("DR_A", "unfit", note), ("DR_CT", "", "")]
        ended = AuditEvent.objects.get(action="end")
        assert ended.new_values == {"state": "ended", "reason": "unfit", "why": note}
        now = Assignment.objects.get(is_current=True)
        assert now.trace["lost_by"] == ["DR_A", "other_work", "MRI_MSK"]
        assert f"DR_A had it and lost it: {note}." in sentences(now.trace)
        assert told() == ["assigned", "reassigned"]

    def test_decision_that_followed_a_loss_can_be_replayed(self) -> None:
        send(*change(**CT))

        stored = Assignment.objects.get(is_current=True).trace

        assert replay_stored(stored).trace == stored

    def test_being_read_it_never_moves_and_is_shown(self) -> None:
        send(*order(control="SC", status="IP", placer="P1"))

        send(*change(**CT))

        assert (readers(), statuses(), told()) == (
            {"P1": "DR_A"},
            {"P1": "in_progress"},
            ["assigned"],
        )
        assert "reader_unfit_while_reading" in Order.objects.get().flags

    def test_that_nobody_reads_waits_in_sight_with_its_reason(self) -> None:
        send(*change(modality="US", code="US NECK^US NECK"))

        assert (readers(), reasons()) == ({}, {"P1": "no_shift"})
        assert told() == ["assigned", "unassigned"]
        assert broken_promises() == []

    def test_changed_while_held_is_seen_at_the_release(self) -> None:
        send(*order(control="HD", placer="P1"))
        send(*change(**CT))
        assert readers() == {"P1": "DR_A"}

        send(*order(control="RL", placer="P1", **CT))

        assert [row[:2] for row in history()] == [("DR_A", "unfit"), ("DR_CT", "")]
        assert told() == ["assigned", "reassigned"]


class TestUrgency:
    def test_reader_on_a_shift_for_every_urgency_keeps_it(self, department: Department) -> None:
        department.add_reader("DR_A")
        send(*order(placer="P1"))
        department.add_reader("DR_B", shift=department.add_shift("OTHER", modality="MR"))

        send(*change(priority="S"))

        assert (history(), told()) == ([("DR_A", "", "")], ["assigned"])

    @pytest.mark.usefixtures("by_urgency")
    @pytest.mark.parametrize(("first", "then"), [("R", "S"), ("S", "R")])
    def test_goes_to_the_shift_for_its_urgency(self, first: str, then: str) -> None:
        send(*order(placer="P1", priority=first))

        send(*change(priority=then))

        before, after = ("DR_A", "DR_B") if first == "R" else ("DR_B", "DR_A")
        assert [row[:2] for row in history()] == [(before, "unfit"), (after, "")]
        assert Assignment.objects.get(is_current=True).trace["lost_by"][:2] == [
            before,
            "other_work",
        ]
        assert told() == ["assigned", "reassigned"]
        assert broken_promises() == []

    @pytest.mark.usefixtures("by_urgency")
    def test_stays_where_the_shift_for_its_urgency_has_nobody(self) -> None:
        send(*order(placer="P1"))

        send(*change(priority="A"))

        assert (history(), told()) == ([("DR_A", "", "")], ["assigned"])
        assert Order.objects.get().urgency == "URGENT"

    @pytest.mark.usefixtures("by_urgency")
    def test_being_read_it_stays(self) -> None:
        send(*order(placer="P1"))
        send(*order(control="SC", status="IP", placer="P1"))

        send(*change(priority="S"))

        assert (history(), statuses()) == ([("DR_A", "", "")], {"P1": "in_progress"})

    def test_of_an_order_that_was_read_leaves_its_assignment_as_it_was_counted(
        self, department: Department
    ) -> None:
        department.add_reader("DR_A")
        send(*order(placer="P1"))
        send(*order(control="SC", status="P", placer="P1"))
        send(*order(control="CA", placer="P1"))

        send(*change(priority="S"))

        assert Order.objects.values_list("status", "urgency").get() == ("cancelled", "STAT")
        assert Assignment.objects.get().urgency == "ROUTINE"

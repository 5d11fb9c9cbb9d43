"""What a change does to an order that has a reader, is being read, waits, or is held."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from apps.assignment.models import Assignment, Unassigned
from apps.orders.models import Order
from apps.outbound.models import OutboundMessage
from apps.roster.models import Radiologist, RosterOverride, Workload
from apps.rules.models import AssignmentRule
from tests import factories
from tests.intake.processing.checks import broken_promises
from tests.support.department import (
    Department,
    order,
    readers,
    reasons,
    result,
    send,
    settle,
    statuses,
)

pytestmark = pytest.mark.db


def change(**values: str) -> tuple[str, ...]:
    return order(control="XO", placer="P1", **values)


def history() -> list[tuple[str, str]]:
    return list(Assignment.objects.order_by("id").values_list("radiologist_id", "end_reason"))


def told() -> list[str]:
    return list(OutboundMessage.objects.order_by("id").values_list("kind", flat=True))


def _goes_on_leave(_: Department) -> None:
    RosterOverride.objects.create(
        kind="leave",
        radiologist_id="DR_A",
        start_date=date(2020, 1, 1),
        end_date=date(2090, 1, 1),
    )


def _becomes_inactive(_: Department) -> None:
    Radiologist.objects.filter(pk="DR_A").update(is_active=False)


def _procedure_asks_for_more(_: Department) -> None:
    factories.ProcedureFactory(code="MRI KNEE", required_credentials=["KNEES"])
    Radiologist.objects.get(pk="DR_B").credentials.create(name="KNEES")


def _site_asks_for_privilege(department: Department) -> None:
    type(department.site).objects.filter(pk=department.site.pk).update(requires_privilege=True)
    Radiologist.objects.get(pk="DR_B").privileges.create(site=department.site)


UNFIT: list[Callable[[Department], None]] = [
    _goes_on_leave,
    _becomes_inactive,
    _procedure_asks_for_more,
    _site_asks_for_privilege,
]


@pytest.fixture
def two(department: Department) -> Department:
    """Two readers; DR_A has P1."""
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    department.add_reader("DR_B")
    assert readers() == {"P1": "DR_A"}
    return department


class TestReader:
    @pytest.mark.usefixtures("two")
    def test_stays_while_fit_whatever_else_is_said(self) -> None:
        for values in ({"priority": "S"}, {"accession": "P1"}, {"mrn": "OTHER"}, {}):
            send(*change(**values))

        assert (readers(), history(), told()) == (
            {"P1": "DR_A"},
            [("DR_A", "")],
            ["assigned"],
        )

    @pytest.mark.parametrize("becomes_unfit", UNFIT)
    def test_gives_the_order_up_once_unfit(
        self, two: Department, becomes_unfit: Callable[[Department], None]
    ) -> None:
        becomes_unfit(two)

        send(*change())

        assert (history(), told()) == (
            [("DR_A", "unfit"), ("DR_B", "")],
            ["assigned", "reassigned"],
        )
        assert broken_promises() == []

    @pytest.mark.parametrize("becomes_unfit", UNFIT)
    def test_keeps_what_is_being_read_and_the_order_is_flagged(
        self, two: Department, becomes_unfit: Callable[[Department], None]
    ) -> None:
        send(*order(control="SC", status="IP", placer="P1"))
        becomes_unfit(two)

        send(*change())

        assert (history(), statuses()) == ([("DR_A", "")], {"P1": "in_progress"})
        assert "reader_unfit_while_reading" in Order.objects.get().flags

    @pytest.mark.parametrize("becomes_unfit", UNFIT)
    def test_unfit_for_a_held_order_is_seen_at_its_release(
        self, two: Department, becomes_unfit: Callable[[Department], None]
    ) -> None:
        send(*order(control="HD", placer="P1"))
        becomes_unfit(two)

        held = send(*change())
        assert (held.state, statuses(), history()) == (
            "processed",
            {"P1": "held"},
            [("DR_A", "")],
        )
        send(*order(control="RL", placer="P1"))

        assert history() == [("DR_A", "unfit"), ("DR_B", "")]
        assert broken_promises() == []

    @pytest.mark.usefixtures("two")
    def test_site_where_privilege_is_required_takes_the_order_away(self) -> None:
        factories.SiteFactory(code="SOUTHPORT", requires_privilege=True)

        send(*change()[:2], "PV1|1|O", *change()[3:], "ZRD|1|SOUTHPORT|MR|ROUTINE")

        assert (readers(), reasons()) == ({}, {"P1": "no_competency"})
        assert told() == ["assigned", "unassigned"]

    def test_goes_when_the_work_is_no_longer_that_of_their_shift(self, two: Department) -> None:
        ct = two.add_shift("CT_ALL", modality="CT")
        two.add_reader("DR_CT", shift=ct)

        send(*change(modality="CT", code="CT HEAD^CT HEAD"))

        assert history() == [("DR_A", "unfit"), ("DR_CT", "")]


class TestUrgency:
    @pytest.mark.parametrize(
        ("word", "urgency", "flags"),
        [
            *((word, "STAT", []) for word in ("S", "ST", "STAT", "stat")),
            *((word, "URGENT", []) for word in ("A", "P", "T", "U", "URGENT")),
            *((word, "ROUTINE", []) for word in ("R", "D", "ROUTINE", "")),
            ("SOON", "ROUTINE", ["unknown_urgency"]),
            ("STATIM", "ROUTINE", ["unknown_urgency"]),
        ],
    )
    def test_words(
        self, department: Department, word: str, urgency: str, flags: list[str]
    ) -> None:
        department.add_reader("DR_A")
        factories.ProcedureFactory(code="MRI KNEE")

        send(*order(priority=word))

        assert Order.objects.values_list("urgency", "flags").get() == (urgency, flags)

    def test_senders_own_word(self, department: Department) -> None:
        department.add_reader("DR_A")
        factories.SenderProfileFactory(facility="Robina", urgency_words={"crash": "STAT"})

        send(*order(priority="CRASH"))

        assert Order.objects.get().urgency == "STAT"

    def test_nothing_said_is_the_procedures_default(self, department: Department) -> None:
        department.add_reader("DR_A")
        factories.ProcedureFactory(code="MRI KNEE", default_urgency="URGENT")

        send(*order(priority=""))
        send(*change(priority=""))

        assert Order.objects.values_list("urgency", "sent_urgency").get() == ("URGENT", "URGENT")

    def test_rule_is_not_undone_by_a_repeat_and_gives_way_to_a_new_word(
        self, department: Department
    ) -> None:
        department.add_reader("DR_A")
        factories.AssignmentRuleFactory(
            action_type="SET_PRIORITY", action_target="URGENT", is_terminal=False
        )
        seen = []
        for priority in ("R", "R", "", "S", "R"):
            send(*change(priority=priority))
            seen.append(Order.objects.get().urgency)

        assert seen == ["URGENT", "URGENT", "URGENT", "STAT", "ROUTINE"]

    @pytest.mark.usefixtures("two")
    def test_stat_is_counted_as_stat_at_once_and_due_sooner(self) -> None:
        for urgency, minutes in (("ROUTINE", 1440), ("STAT", 60)):
            factories.SlaPolicyFactory(urgency=urgency, report_minutes=minutes)

        send(*change(priority="S"))

        placed = Order.objects.get()
        load = Workload.objects.get(pk="DR_A")
        assert placed.report_due_at - placed.received_at == timedelta(minutes=60)
        assert (load.open_stat, load.open_routine) == (1, 0)
        assert Assignment.objects.get().urgency == "STAT"

    def test_waiting_order_that_becomes_stat_goes_first(self, department: Department) -> None:
        department.add_reader("DR_A", max_concurrent_studies=1)
        for placer in ("P0", "P2", "P1"):
            send(*order(placer=placer))

        send(*change(priority="S"))
        send(*result(status="F", placer="P0"))

        assert readers() == {"P0": "DR_A", "P1": "DR_A"}


class TestValues:
    def test_change_fills_what_it_says_and_leaves_the_rest(self, department: Department) -> None:
        department.add_reader("DR_A")
        factories.ProcedureFactory(code="MRI KNEE", rvu=Decimal("2.50"), body_part="KNEE")
        send(*order(), "OBX|1|TX|I||old pain")

        send(r"MSH|^~\&|HIS|Robina|||20261122||ORM^O01|X1|P|2.5.1", "ORC|XO|P1|F1")

        placed = Order.objects.get()
        assert {
            name: getattr(placed, name)
            for name in (
                "accession",
                "procedure_code",
                "modality",
                "body_part",
                "subspecialty",
                "rvu",
                "indication",
                "urgency",
            )
        } == {
            "accession": "F1",
            "procedure_code": "MRI KNEE",
            "modality": "MR",
            "body_part": "KNEE",
            "subspecialty": "musculoskeletal",
            "rvu": Decimal("2.50"),
            "indication": "old pain",
            "urgency": "ROUTINE",
        }
        assert placed.patient is not None

    @pytest.mark.usefixtures("two")
    def test_other_procedure_changes_the_load(self) -> None:
        factories.ProcedureFactory(code="MRI HIP", rvu=Decimal(4))

        send(*change(code="MRI HIP^MRI HIP"))

        assert Workload.objects.get(pk="DR_A").open_rvu == Decimal(4)
        assert broken_promises() == []

    @pytest.mark.usefixtures("two")
    def test_unknown_procedure_with_known_site_and_modality_is_read_and_flagged(self) -> None:
        placed = Order.objects.get()

        assert (placed.rvu, placed.flags) == (Decimal(1), ["unknown_procedure"])

    def test_time_at_the_end_of_all_time_does_no_harm(self, department: Department) -> None:
        department.add_reader("DR_A")
        factories.SlaPolicyFactory(urgency="ROUTINE", report_minutes=60, clock_start="exam")
        head = order()

        message = send(*head[:4], head[4].replace("MRI KNEE||||", "MRI KNEE|||99991231235959||"))

        assert (message.state, readers()) == ("processed", {"P1": "DR_A"})

    @pytest.mark.usefixtures("two")
    def test_new_for_a_known_order_is_a_change(self) -> None:
        send(*order(placer="P1", priority="S"))

        assert Order.objects.get().urgency == "STAT"
        assert history() == [("DR_A", "")]


class TestHold:
    @pytest.mark.usefixtures("two")
    def test_cancel_of_a_held_order_cancels_it(self) -> None:
        send(*order(control="HD", placer="P1"))

        message = send(*order(control="CA", placer="P1"))

        assert (message.state, statuses(), told()) == (
            "processed",
            {"P1": "cancelled"},
            ["assigned", "cancelled"],
        )
        assert Order.objects.get().held_reason == ""

    def test_release_without_a_free_seat_gives_the_order_to_another(
        self, department: Department
    ) -> None:
        department.add_reader("DR_A", max_concurrent_studies=1)
        send(*order(placer="P1"))
        send(*order(control="HD", placer="P1"))
        send(*order(placer="P2"))

        send(*order(control="RL", placer="P1"))

        assert (readers(), reasons()) == ({"P2": "DR_A"}, {"P1": "at_capacity"})
        assert told() == ["assigned", "assigned", "unassigned"]

    def test_held_before_its_site_is_known_is_parked_at_its_release(
        self, department: Department
    ) -> None:
        department.add_reader("DR_A")
        values = {"placer": "P1", "facility": "Nowhere", "site": "Nowhere"}
        send(*order(control="HD", **values))
        assert reasons() == {"P1": "held"}

        send(*order(control="RL", **values))
        assert reasons() == {"P1": "unknown_site"}

        department.site.aliases.create(value="NOWHERE")
        settle()
        assert readers() == {"P1": "DR_A"}

    def test_held_by_a_rule_is_decided_when_the_rule_goes(self, department: Department) -> None:
        department.add_reader("DR_A")
        factories.AssignmentRuleFactory(action_type="HOLD", action_target="prior films")
        send(*order(placer="P1"))
        row = Unassigned.objects.get()
        assert (statuses(), row.reason, row.reason_text) == (
            {"P1": "held"},
            "held",
            "prior films",
        )

        AssignmentRule.objects.all().delete()
        settle()

        assert readers() == {"P1": "DR_A"}
        assert Order.objects.get().held_reason == ""

    def test_held_by_the_sender_is_not_decided_when_rules_change(
        self, department: Department
    ) -> None:
        department.add_reader("DR_A")
        rule = factories.AssignmentRuleFactory(action_type="HOLD", action_target="prior films")
        send(*order(placer="P1"))
        send(*order(control="HD", placer="P1"))

        rule.delete()
        settle()

        assert (statuses(), readers()) == ({"P1": "held"}, {})


class TestReports:
    @pytest.mark.usefixtures("two")
    def test_cancel_after_the_report_is_flagged_and_changes_nothing(self) -> None:
        send(*result(status="F", placer="P1"))

        send(*order(control="CA", placer="P1"))

        assert statuses() == {"P1": "final"}
        assert "cancel_after_report" in Order.objects.get().flags
        assert told() == ["assigned"]

    @pytest.mark.usefixtures("two")
    def test_corrections_follow_one_another(self) -> None:
        for status in ("F", "C", "C"):
            send(*result(status=status, placer="P1"))

        assert statuses() == {"P1": "amended"}
        assert Order.objects.get().flags == ["unknown_procedure"]

    @pytest.mark.usefixtures("two")
    def test_result_brings_the_numbers_that_the_order_lacked(self) -> None:
        send(*result(status="P", placer="P1", accession="A1"))

        send(*result(status="F", placer="", accession="A1"))

        assert set(statuses().values()) == {"final"}

    def test_result_of_an_unknown_order_makes_none(self, department: Department) -> None:
        department.add_reader("DR_A")

        message = send(*result(status="F", placer="P9"))

        assert (message.state, message.flags, Order.objects.count()) == (
            "processed",
            ["unknown_order"],
            0,
        )

    @pytest.mark.parametrize(
        ("meaning", "status", "reached"),
        [
            ("reading", "IP", "in_progress"),
            ("reading", "CM", "final"),
            ("exam", "IP", "assigned"),
            ("exam", "CM", "assigned"),
            ("exam", "CA", "cancelled"),
        ],
    )
    def test_status_events_mean_what_the_senders_profile_says(
        self, department: Department, meaning: str, status: str, reached: str
    ) -> None:
        department.add_reader("DR_A")
        factories.SenderProfileFactory(facility="Robina", status_meaning=meaning)
        send(*order(placer="P1"))

        send(*order(control="SC", status=status, placer="P1"))

        assert statuses() == {"P1": reached}

    @pytest.mark.parametrize("control", ["NW", "", "SC"])
    def test_what_says_reviewed_never_assigns(self, department: Department, control: str) -> None:
        department.add_reader("DR_A")

        message = send(*order(control=control, placer="P1"), "OBX|1|ST|STATUS||REVIEWED")

        assert (message.flags, Order.objects.count()) == (["unknown_order"], 0)


def test_late_new_after_a_cancel_of_an_unknown_order_stays_cancelled_under_any_of_its_numbers(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    send(*order(control="CA", placer="P1", accession="A1"))

    send(*order(placer="P2", accession="A1"))
    send(*order(control="XO", placer="P1"))

    assert set(statuses().values()) == {"cancelled"}
    assert (readers(), told()) == ({}, [])

"""What the tables themselves refuse, whoever writes to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Model

from apps.assignment.models import Assignment, DecisionBasis, LedgerEntry, ShiftTurn
from apps.catalog.models import Procedure, ProcedureAlias, SiteAlias
from apps.core.models import DueTime, QueueTask
from apps.intake.models import InboundMessage, MessageKey, SenderProfile
from apps.orders.models import Order, OrderIdentifier, Patient, UnknownCancel
from apps.outbound.models import DestinationLink, OutboundMessage
from apps.roster.models import RosterAssignment, RosterOverride, Shift, ShiftSite, Workload
from apps.rules.models import AssignmentRule, ScoringWeights, SlaPolicy
from tests.factories.assignment import AssignmentFactory, EndedAssignmentFactory
from tests.factories.catalog import ProcedureFactory, SiteFactory
from tests.factories.orders import OrderFactory
from tests.factories.outbound import DestinationFactory, OutboundMessageFactory
from tests.factories.people import RadiologistFactory
from tests.factories.roster import RosterAssignmentFactory, ShiftFactory
from tests.factories.rules import AssignmentRuleFactory
from tests.factories.times import NOON
from tests.records.racing import constraint_of

pytestmark = pytest.mark.db

LATER = NOON + timedelta(hours=1)
DAY = date(2026, 2, 4)


def refusal(write: Callable[[], object]) -> str:
    """Return the constraint that refuses the write; empty when it is taken."""
    try:
        with transaction.atomic():
            write()
            connection.check_constraints()
    except DatabaseError as error:
        return constraint_of(error)
    return ""


def changed(row: Model, **values: object) -> str:
    """Return what refuses an update of one row."""
    return refusal(lambda: type(row)._default_manager.filter(pk=row.pk).update(**values))


# -- roster ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "status", "refused"),
    [
        (date(2026, 1, 10), date(2026, 1, 20), "active", True),
        (date(2026, 1, 31), None, "active", True),
        (date(2025, 12, 1), date(2026, 1, 1), "active", True),
        (date(2026, 2, 1), None, "active", False),
        (date(2025, 12, 1), date(2025, 12, 31), "active", False),
        (date(2026, 1, 10), None, "cancelled", False),
    ],
    ids=["inside", "last day", "first day", "day after", "day before", "cancelled"],
)
def test_active_roster_rows_of_one_person_on_one_shift_share_no_day(
    start: date, end: date | None, status: str, *, refused: bool
) -> None:
    row = RosterAssignmentFactory.create(start_date=date(2026, 1, 1), end_date=date(2026, 1, 31))
    again = refusal(
        lambda: RosterAssignment.objects.create(
            shift=row.shift,
            radiologist=row.radiologist,
            start_date=start,
            end_date=end,
            status=status,
        )
    )
    assert again == ("roster_rows_do_not_overlap" if refused else "")


def test_roster_rows_may_overlap_within_a_transaction_that_ends_without() -> None:
    first = RosterAssignmentFactory.create(start_date=date(2026, 1, 1))

    def replace() -> None:
        RosterAssignmentFactory.create(
            shift=first.shift, radiologist=first.radiologist, start_date=date(2026, 3, 1)
        )
        RosterAssignment.objects.filter(pk=first.pk).update(end_date=date(2026, 2, 28))

    assert refusal(replace) == ""
    assert RosterAssignment.objects.count() == 2


def test_roster_row_does_not_end_before_it_starts() -> None:
    row = RosterAssignmentFactory.create(start_date=DAY)
    assert changed(row, end_date=DAY) == ""
    assert changed(row, end_date=DAY - timedelta(days=1)) == "roster_ends_after_start"


@pytest.mark.parametrize(
    ("kind", "has_shift", "has_taker", "refused"),
    [
        ("leave", False, False, False),
        ("leave", True, False, True),
        ("leave", False, True, True),
        ("swap", True, True, False),
        ("swap", True, False, True),
        ("swap", False, True, True),
        ("extra", True, False, False),
        ("extra", False, False, True),
        ("extra", True, True, True),
    ],
)
def test_override_has_the_fields_of_its_kind(
    kind: str, *, has_shift: bool, has_taker: bool, refused: bool
) -> None:
    shift, taker = ShiftFactory.create(), RadiologistFactory.create()
    found = refusal(
        lambda: RosterOverride.objects.create(
            kind=kind,
            radiologist=RadiologistFactory.create(),
            shift=shift if has_shift else None,
            taker=taker if has_taker else None,
            start_date=DAY,
            end_date=DAY,
        )
    )
    assert found == ("override_fields_fit_its_kind" if refused else "")


def test_nobody_swaps_with_themselves_or_backwards_in_time() -> None:
    person = RadiologistFactory.create()
    row = RosterOverride.objects.create(
        kind="swap",
        radiologist=person,
        shift=ShiftFactory.create(),
        taker=RadiologistFactory.create(),
        start_date=DAY,
        end_date=DAY,
    )
    assert changed(row, taker=person) == "swap_is_with_somebody_else"
    assert changed(row, end_date=DAY - timedelta(days=1)) == "override_ends_after_start"


def test_weekdays_are_iso_weekdays() -> None:
    shift = ShiftFactory.create()
    assert changed(shift, weekdays=[1, 7]) == ""
    assert changed(shift, weekdays=[0]) == "shift_weekdays_are_iso"
    assert changed(shift, weekdays=[8]) == "shift_weekdays_are_iso"


@pytest.mark.parametrize("field", ["open_stat", "open_urgent", "open_routine", "open_rvu"])
def test_workload_never_falls_below_nothing(field: str) -> None:
    workload = Workload.objects.get(radiologist=RadiologistFactory.create())
    assert changed(workload, **{field: -1}) == "workload_not_negative"


def test_radiologist_entered_by_raw_sql_has_a_workload_too() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO roster_radiologist (id, title, family_name, given_name, specialties,"
            " seniority_years, max_concurrent_studies, max_studies_per_hour, is_active, contact)"
            " VALUES ('DR_RAW', 'DR', 'Raw', '', '{}', 0, 20, 8, true, '')"
        )
    workload = Workload.objects.get(radiologist_id="DR_RAW")
    assert (workload.presence, workload.open_studies, workload.open_rvu) == ("unknown", 0, 0)


def test_listing_a_site_ends_all_sites_and_removing_it_does_not_bring_them_back() -> None:
    shift = ShiftFactory.create()
    row = ShiftSite.objects.create(shift=shift, site=SiteFactory.create())
    assert Shift.objects.get().all_sites is False
    row.delete()
    assert Shift.objects.get().all_sites is False
    ShiftSite.objects.bulk_create([ShiftSite(shift=shift, site=SiteFactory.create())])
    assert Shift.objects.get().all_sites is False
    assert refusal(
        lambda: ShiftSite.objects.create(shift=shift, site=shift.site_rows.get().site)
    ) == ("one_row_per_shift_and_site")


# -- catalogue, rules, senders ----------------------------------------------------------------------


def test_alias_names_one_site_whatever_its_case() -> None:
    SiteAlias.objects.create(site=SiteFactory.create(), value="Robina")
    again = refusal(lambda: SiteAlias.objects.create(site=SiteFactory.create(), value="ROBINA"))
    assert again == "one_site_per_alias"


def test_local_code_means_one_procedure_within_issuer_and_coding_system() -> None:
    def name(issuer: str, local_code: str) -> str:
        procedure = ProcedureFactory.create()
        return refusal(
            lambda: ProcedureAlias.objects.create(
                procedure=procedure, issuer=issuer, local_code=local_code
            )
        )

    assert [name("A", "ctb"), name("B", "ctb"), name("A", "CTB")] == [
        "",
        "",
        "one_procedure_per_alias",
    ]


def test_procedure_weighs_nothing_or_more() -> None:
    assert changed(ProcedureFactory.create(), rvu=-1) == "procedure_rvu_not_negative"
    assert Procedure.objects.get().rvu == 1


def test_rule_is_not_active_until_before_it_is_active_from() -> None:
    rule = AssignmentRuleFactory.create()
    assert changed(rule, active_from=NOON, active_until=LATER) == ""
    for until in (NOON, NOON - timedelta(seconds=1)):
        assert (
            changed(rule, active_from=NOON, active_until=until) == "rule_window_ends_after_start"
        )
    assert AssignmentRule.objects.get().active_until == LATER


def test_one_policy_per_case_counts_an_empty_site_as_a_site() -> None:
    SlaPolicy.objects.create(urgency="STAT", report_minutes=60)
    again = refusal(lambda: SlaPolicy.objects.create(urgency="STAT", report_minutes=30))
    assert again == "one_sla_policy_per_case"


def test_weights_are_one_row() -> None:
    ScoringWeights.objects.get_or_create(pk=1)
    assert refusal(lambda: ScoringWeights.objects.create(pk=2)) == "one_row_of_weights"


def test_sender_has_one_profile() -> None:
    SenderProfile.objects.create(name="A", application="PACS", facility="Robina")
    again = refusal(
        lambda: SenderProfile.objects.create(name="B", application="PACS", facility="Robina")
    )
    assert again == "one_profile_per_sender"


# -- orders -----------------------------------------------------------------------------------------


def test_patient_is_known_once_per_authority() -> None:
    Patient.objects.create(authority="A", mrn="1")
    assert refusal(lambda: Patient.objects.create(authority="B", mrn="1")) == ""
    assert refusal(lambda: Patient.objects.create(authority="A", mrn="1")) == "one_patient_per_mrn"


@pytest.mark.parametrize("kind", ["study_uid", "accession", "filler", "placer"])
def test_number_names_one_order_within_its_issuer_but_for_the_placers(kind: str) -> None:
    def name(issuer: str) -> str:
        order = OrderFactory.create()
        return refusal(
            lambda: OrderIdentifier.objects.create(
                order=order, issuer=issuer, kind=kind, value="7"
            )
        )

    refused = "" if kind == "placer" else "one_order_per_identifier"
    assert [name("A"), name("B"), name("A")] == ["", "", refused]


def test_number_is_written_once_for_its_order() -> None:
    row = OrderIdentifier.objects.create(
        order=OrderFactory.create(), issuer="A", kind="placer", value="7"
    )
    again = refusal(
        lambda: OrderIdentifier.objects.create(
            order=row.order, issuer="A", kind="placer", value="7"
        )
    )
    assert again == "one_row_per_order_and_identifier"


def test_only_a_held_order_says_why_it_is_held() -> None:
    order = OrderFactory.create()
    assert changed(order, held_reason="why") == "only_a_held_order_has_a_held_reason"
    assert changed(order, status="held", held_reason="why") == ""
    assert changed(order, status="assigned") == "only_a_held_order_has_a_held_reason"
    assert Order.objects.get().status == "held"


def test_cancel_of_an_unknown_order_is_kept_once() -> None:
    def keep() -> UnknownCancel:
        return UnknownCancel.objects.create(
            issuer="A", kind="filler", value="7", at=NOON, message_id=1
        )

    assert [refusal(keep), refusal(keep)] == ["", "one_cancel_per_unknown_identifier"]


# -- assignments ------------------------------------------------------------------------------------


def test_order_has_one_current_assignment_and_any_number_of_ended_ones() -> None:
    current = AssignmentFactory.create()
    for _ in range(2):
        EndedAssignmentFactory.create(order=current.order)
    assert refusal(lambda: AssignmentFactory.create(order=current.order)) == (
        "one_current_assignment"
    )
    assert Assignment.objects.filter(order=current.order).count() == 3


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"ended_at": NOON}, "an_assignment_is_current_or_ended"),
        ({"end_reason": "reassigned"}, "an_assignment_is_current_or_ended"),
        ({"state": "ended"}, "an_assignment_is_current_or_ended"),
        ({"is_current": False}, "an_assignment_is_current_or_ended"),
        (
            {"is_current": False, "ended_at": NOON, "state": "ended"},
            "an_assignment_is_current_or_ended",
        ),
        (
            {"is_current": False, "ended_at": NOON, "state": "ended", "end_reason": "unfit"},
            "",
        ),
        ({"completed_at": NOON}, "completed_with_its_turnaround"),
        ({"turnaround_seconds": 60}, "completed_with_its_turnaround"),
        ({"completed_at": NOON, "turnaround_seconds": 60}, ""),
        ({"rule_id": 1}, "rule_with_its_version"),
        ({"rule_version": 1}, "rule_with_its_version"),
        ({"rule_id": 1, "rule_version": 1}, ""),
    ],
)
def test_assignment_has_its_paired_fields(values: dict[str, object], constraint: str) -> None:
    assert changed(AssignmentFactory.create(), **values) == constraint


@pytest.mark.parametrize(
    ("kind", "seconds", "refused"),
    [
        ("assigned", None, False),
        ("assigned", 60, True),
        ("completed", 60, False),
        ("completed", None, True),
    ],
)
def test_ledger_line_has_a_turnaround_when_it_is_a_completion(
    kind: str, seconds: int | None, *, refused: bool
) -> None:
    person = RadiologistFactory.create()
    found = refusal(
        lambda: LedgerEntry.objects.create(
            radiologist=person, kind=kind, at=NOON, rvu=1, turnaround_seconds=seconds
        )
    )
    assert found == ("a_completion_has_its_turnaround" if refused else "")


def test_turns_and_bases_are_one_row_each() -> None:
    person = RadiologistFactory.create()

    def turn() -> ShiftTurn:
        return ShiftTurn.objects.create(
            shift_code="MRI", radiologist=person, last_assigned_at=NOON
        )

    def basis() -> DecisionBasis:
        return DecisionBasis.objects.create(area="rules", version=1, payload=b"x")

    assert [refusal(turn), refusal(turn)] == ["", "one_turn_per_shift_and_reader"]
    assert [refusal(basis), refusal(basis)] == ["", "one_basis_per_version"]


# -- messages and the queue -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "has_time", "refused"),
    [
        ("waiting", False, False),
        ("waiting", True, True),
        ("refused", False, False),
        ("refused", True, True),
        ("processed", True, False),
        ("processed", False, True),
        ("ignored", False, True),
        ("quarantined", False, True),
        ("quarantined", True, False),
    ],
)
def test_received_message_has_a_time_once_it_is_done_with(
    state: str, *, has_time: bool, refused: bool
) -> None:
    found = refusal(
        lambda: InboundMessage.objects.create(
            arrival_seq=1,
            received_at=NOON,
            digest=b"d" * 16,
            raw=b"MSH",
            state=state,
            processed_at=NOON if has_time else None,
        )
    )
    assert found == ("processed_with_its_time" if refused else "")


def test_same_bytes_of_the_same_sender_have_one_key() -> None:
    MessageKey.objects.create(key=b"k" * 16, message_id=1)
    again = refusal(lambda: MessageKey.objects.create(key=b"k" * 16, message_id=2))
    assert again == "intake_messagekey_pkey"


def test_delivered_message_was_answered() -> None:
    message = OutboundMessageFactory.create()
    assert changed(message, state="delivered") == "delivered_means_answered"
    assert changed(message, state="delivered", answered_at=NOON) == ""


def test_control_id_is_used_once_per_destination() -> None:
    message = OutboundMessageFactory.create(control_id="1")
    other = DestinationFactory.create()
    assert refusal(lambda: OutboundMessageFactory.create(control_id="1", destination=other)) == ""
    again = refusal(
        lambda: OutboundMessageFactory.create(control_id="1", destination=message.destination)
    )
    assert again == "one_message_per_control_id"
    assert OutboundMessage.objects.filter(destination=message.destination).count() == 1


def test_destination_fails_since_its_first_failure() -> None:
    link = DestinationLink.objects.create(destination=DestinationFactory.create())
    assert changed(link, failures=1) == "failing_since_its_first_failure"
    assert changed(link, failures=1, failing_since=NOON) == ""
    assert changed(link, failures=0) == "failing_since_its_first_failure"


def test_due_time_is_one_per_subject_and_nudge_one_per_kind_until_claimed() -> None:
    def due() -> DueTime:
        return DueTime.objects.create(kind="sla", subject="1", due_at=NOON)

    def nudge() -> QueueTask:
        return QueueTask.objects.create(cluster="decide", dedupe_key="look", payload="")

    assert [refusal(due), refusal(due)] == ["", "one_due_time_per_subject"]
    assert [refusal(nudge), refusal(nudge)] == ["", "one_waiting_nudge_per_kind"]
    QueueTask.objects.update(claimed_until=NOON)
    assert refusal(nudge) == ""

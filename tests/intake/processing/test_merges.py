"""Merges of patients as messages take effect: whole or not at all, refused with ERR, undone."""

from __future__ import annotations

import itertools

import pytest

from apps.assignment.models import Assignment
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.hl7v2.merges import MAX_PAIRS
from apps.intake.choices import ANSWERED_BEFORE_EFFECT
from apps.intake.exceptions import MergeRefusedError, StaleMergeError
from apps.intake.models import InboundMessage
from apps.intake.queries.merges import merge_of, plan_of
from apps.intake.services import by_hand, merges
from apps.orders.models import Order, Patient, PatientMerge
from apps.outbound.models import OutboundMessage
from tests.support.department import Department, order, receive, result, send, settle

pytestmark = [pytest.mark.db, pytest.mark.usefixtures("department")]

_ids = itertools.count(1)


def a40(*pairs: tuple[str, str], event: str = "A40", modes: str = "") -> tuple[str, ...]:
    """Return a merge of (survivor, prior) pairs; a number may bring its own components."""
    number = f"M{next(_ids)}"
    head = rf"MSH|^~\&|HIS|Robina|RAD|RAD|20261122100000||ADT^{event}|{number}|P|2.5.1||{modes}"
    segments = [(f"PID|1||{_cx(kept)}||Doe^Jane", f"MRG|{_cx(dead)}") for kept, dead in pairs]
    return (head, *itertools.chain.from_iterable(segments))


def _cx(number: str) -> str:
    return number if "^" in number else f"{number}^^^Robina^MR"


def owners() -> dict[str, str]:
    return dict(Order.objects.order_by("accession").values_list("accession", "patient__mrn"))


def merged() -> dict[str, str]:
    rows = Patient.objects.filter(merged_into__isnull=False)
    return dict(rows.order_by("mrn").values_list("mrn", "merged_into__mrn"))


def told(message: InboundMessage) -> tuple[str, str, list[str]]:
    """Return state, MSA-1 and the ERR segments of the answer that stands on the row."""
    segments = bytes(message.ack or b"").decode().split("\r")
    return (
        message.state,
        message.ack_code,
        [segment for segment in segments if segment.startswith("ERR")],
    )


ERR_OF = "ERR||MRG^{}^1|205^Duplicate key identifier^HL70357|E|||{}"
CIRCLE = "the surviving number (PID-3) was merged into this one before"
ITSELF = "a patient cannot be merged into itself"


# -- refused -------------------------------------------------------------------------------------


def test_a_circle_is_refused_on_the_row_and_changes_nothing() -> None:
    send(*order(placer="P1", mrn="M1"))
    send(*order(placer="P2", mrn="M2"))
    send(*a40(("M2", "M1")))
    before = list(Patient.objects.order_by("pk").values())

    message = send(*a40(("M1", "M2")))

    words = f"MRG-1: {CIRCLE}"
    assert told(message) == ("refused", "AE", [ERR_OF.format(1, CIRCLE)])
    assert (message.error, message.processed_at) == (words, None)
    assert list(Patient.objects.order_by("pk").values()) == before
    assert owners() == {"P1": "M2", "P2": "M2"}
    assert PatientMerge.objects.count() == 1


@pytest.mark.parametrize("count", [2, 100])
def test_a_circle_over_a_chain_is_found_whoever_waits_in_between(count: int) -> None:
    send(*order(placer="P1", mrn="C0"))
    for number in range(count):
        receive(*a40((f"C{number + 1}", f"C{number}")))
    receive(*a40(("C0", f"C{count}")))

    settle()

    states = InboundMessage.objects.filter(message_type="ADT^A40").order_by("pk")
    assert [row.state for row in states] == ["processed"] * count + ["refused"]
    assert owners() == {"P1": f"C{count}"}


def test_a_message_with_one_bad_pair_has_no_effect_at_all_and_err_names_the_pair() -> None:
    send(*order(placer="P1", mrn="M1"))
    pairs = [("M2", "M1"), ("M4", "M3"), ("M3", "M4")]

    message = send(*a40(*pairs))

    assert told(message)[:2] == ("refused", "AE")
    assert told(message)[2] == [ERR_OF.format(3, f"merge 3: {CIRCLE}")]
    assert (owners(), merged()) == ({"P1": "M1"}, {})
    assert list(Patient.objects.values_list("mrn", flat=True)) == ["M1"]


def test_legacy_number_goes_into_the_only_number_of_its_authority() -> None:
    send(*order(placer="P1", mrn="M1"))

    message = send(*a40(("M2^^^Robina^MR", "M1^^^Robina^PE")))

    assert message.state == "processed"
    assert Order.objects.get().patient.mrn == "M2"


@pytest.mark.parametrize(
    ("kept", "dead"),
    [
        ("M1^^^Robina^MR", "M1^^^Robina^MR"),
        ("M1^^^Robina^MR", "M1^"),
        ("M1^", "M1^^^Robina"),
        ("M1^^^Hosp&1.2.3&ISO^MR", "M1^^^&1.2.3&ISO^MR"),
        ("M1^^^&1.2.3&ISO", "M1^^^Hosp&1.2.3&ISO"),
        ("M1^^^Robina^MR~N9^^^NHI^NI", "M1^^^Robina^MR~N9^^^NHI^NI"),
    ],
    ids=["same", "bare prior", "bare survivor", "name and OID", "OID and name", "whole lists"],
)
def test_a_merge_into_itself_is_refused(kept: str, dead: str) -> None:
    message = send(*a40(("M8", "M7"), (kept, dead)))

    assert told(message) == ("refused", "AE", [ERR_OF.format(2, f"merge 2: {ITSELF}")])
    assert Patient.objects.count() == 0


@pytest.mark.parametrize(
    ("modes", "codes"),
    [
        ("", ["AE"]),
        ("||AL|AL", ["CA", "AE"]),
        ("||AL|NE", ["CA"]),
        ("||NE|ER", ["AE"]),
        ("||NE|NE", []),
        ("||ER|SU", []),
    ],
)
def test_a_late_refusal_says_what_the_sender_asked_to_hear(modes: str, codes: list[str]) -> None:
    send(*a40(("M2", "M1")))

    message = send(*a40(("M1", "M2"), modes=modes.removeprefix("|")))

    segments = bytes(message.ack or b"").decode().split("\r")
    said = [segment.split("|")[1] for segment in segments if segment.startswith("MSA")]
    assert said == codes
    assert (message.state, message.ack_code) == ("refused", codes[-1] if codes else "")


def test_a_sender_who_was_told_aa_keeps_it_and_the_message_waits_for_a_person() -> None:
    send(*a40(("M2", "M1")))
    late = receive(*a40(("M1", "M2")))
    InboundMessage.objects.filter(pk=late.pk).update(
        flags=[ANSWERED_BEFORE_EFFECT], ack=b"MSA|AA", ack_code="AA"
    )

    settle()

    late.refresh_from_db()
    assert (late.state, late.ack_code, bytes(late.ack or b"")) == ("quarantined", "AA", b"MSA|AA")
    assert late.error == f"MRG-1: {CIRCLE}"
    assert sorted(late.flags) == [ANSWERED_BEFORE_EFFECT, "circular_merge"]


def test_what_a_person_ran_again_is_not_refused_behind_the_senders_back() -> None:
    send(*a40(("M2", "M1")))
    message = send(*a40(("M3", "M1")))
    assert message.state == "quarantined"
    merge = PatientMerge.objects.get()
    merges.undo(merge_id=merge.pk, token=_token(merge), at=clock.now())
    send(*a40(("M1", "M3")))

    by_hand.run_again(message_ids=[message.pk], at=clock.now())
    settle()

    message.refresh_from_db()
    assert (message.state, message.error) == ("quarantined", f"MRG-1: {CIRCLE}")


# -- which numbers belong together ---------------------------------------------------------------


def test_equal_digits_of_another_authority_are_somebody_else() -> None:
    send(*order(placer="P1", mrn="M1"))
    send(*order(placer="P1", mrn="M1", facility="Southport"))

    message = send(*a40(("M2^^^Southport", "M1^^^Southport")))

    assert message.state == "processed"
    assert sorted(Order.objects.values_list("issuer", "patient__mrn")) == [
        ("Robina", "M1"),
        ("Southport", "M2"),
    ]


@pytest.mark.parametrize(
    ("kept", "dead"),
    [
        ("M2^^^Robina^MR", "M1^^^Southport^MR"),
        ("M2^^^Robina^MR~P2^^^Robina^PI", "M1^^^Robina^PE"),
        ("M2^^^Robina^MR", "M1^^^Robina^VN"),
        ("M2^^^Southport", "M1^^^Robina"),
    ],
    ids=["authority", "type", "a visit", "the sender's own"],
)
def test_numbers_that_are_not_of_one_kind_wait_for_a_person(kept: str, dead: str) -> None:
    send(*order(placer="P1", mrn="M1"))

    message = send(*a40(("M9", "M8"), (kept, dead)))

    words = "MRG-1 of merge 2: no number in its PID-3 is of the same authority and type"
    assert (message.state, message.error) == ("quarantined", words)
    assert (owners(), merged()) == ({"P1": "M1"}, {})


@pytest.mark.parametrize(
    ("kept", "dead", "flags", "gone"),
    [
        ("M2^^^Robina^MR~V2^^^Robina^VN", "M1^^^Robina^MR~V1^^^Robina^VN", [], {"M1": "M2"}),
        ("M2^^^Robina^MR~N2^^^NHI^NI", "M1^^^Robina^MR~N2^^^NHI^NI", [], {"M1": "M2"}),
        ("M2^^^Robina", "M1^^^Robina^MR~N1^^^NHI^NI", ["merge_number_left_over"], {"M1": "M2"}),
        ("M2^^^Robina^MR~M1^^^Robina^MR", "M1^^^Robina^MR", [], {"M1": "M2"}),
        ("M2^^^Elsewhere^MR", "M1^", [], {"M1": "M2"}),
        ("M2^^^&1.2.3&ISO", "M1^^^Robina&1.2.3&ISO", [], {"M1": "M2"}),
    ],
    ids=["visits", "same second number", "left over", "both in PID-3", "bare prior", "by OID"],
)
def test_of_several_numbers_those_of_one_authority_and_type_are_merged(
    kept: str, dead: str, flags: list[str], gone: dict[str, str]
) -> None:
    message = send(*a40((kept, dead)))

    assert (message.state, message.flags) == ("processed", flags)
    assert merged() == gone
    authorities = {(row.authority, row.merged_into.authority)
                   for row in Patient.objects.exclude(merged_into=None) if row.merged_into}  # fmt: skip
    assert all(one == other for one, other in authorities)


@pytest.mark.parametrize("event", ["A34", "A36"])
def test_older_events_that_merge_patients_are_merges(event: str) -> None:
    assert send(*a40(("M2", "M1"), event=event)).state == "processed"
    assert merged() == {"M1": "M2"}


# -- effect --------------------------------------------------------------------------------------


def test_open_orders_keep_reader_clock_and_state_and_nobody_is_told(
    department: Department,
) -> None:
    department.add_reader("R1")
    send(*order(placer="P1", mrn="M1"))
    kept = ("status", "report_due_at", "acknowledge_due_at", "clock_started_at", "updated_at")
    before = Order.objects.values(*kept).get()
    sent = OutboundMessage.objects.count()

    message = send(*a40(("M2", "M1")))

    assert Order.objects.values(*kept).get() == before
    assert Assignment.objects.filter(is_current=True).count() == 1
    assert OutboundMessage.objects.count() == sent
    merge = PatientMerge.objects.get()
    assert (merge.message_id, merge.sender, merge.orders_moved) == (message.pk, "HIS|Robina", 1)


def test_a_merge_told_again_has_no_second_effect() -> None:
    send(*a40(("M2", "M1")))
    before = AuditEvent.objects.count()

    message = send(*a40(("M2", "M1")))

    assert message.state == "processed"
    assert PatientMerge.objects.count() == 1
    assert AuditEvent.objects.count() == before


def test_an_update_of_a_dead_number_leaves_the_survivor_and_says_so() -> None:
    send(*a40(("M2", "M1")))
    head = r"MSH|^~\&|HIS|Robina|RAD|RAD|20261122100000||ADT^A08|U1|P|2.5.1"

    message = send(head, "PID|1||M1^^^Robina||Other^Name")

    assert (message.state, message.flags) == ("processed", ["patient_merged_away"])
    assert "Other" not in Patient.objects.values_list("family_name", flat=True)


def test_a_thousand_pairs_in_one_message_take_effect_together() -> None:
    send(*order(placer="P1", mrn="D999"))

    message = send(*a40(*((f"K{number}", f"D{number}") for number in range(1000))))

    assert message.state == "processed"
    assert PatientMerge.objects.count() == 1000
    assert owners() == {"P1": "K999"}


def test_more_pairs_than_are_taken_wait_for_a_person() -> None:
    message = send(*a40(*((f"K{number}", f"D{number}") for number in range(MAX_PAIRS + 1))))

    assert message.state == "quarantined"
    assert Patient.objects.count() == 0


# -- an order that names another patient ---------------------------------------------------------


def test_an_order_that_its_sender_gives_to_another_patient_is_flagged_and_in_the_trail() -> None:
    send(*order(placer="P1", mrn="M1"))

    send(*order(control="XO", placer="P1", mrn="M2"))

    changed = Order.objects.get()
    assert (owners(), changed.flags) == ({"P1": "M2"}, ["unknown_procedure", "patient_changed"])
    line = AuditEvent.objects.get(action="patient_changed")
    ids = dict(Patient.objects.values_list("mrn", "pk"))
    assert (line.old_values, line.new_values) == ({"patient": ids["M1"]}, {"patient": ids["M2"]})


def test_neither_a_merged_number_nor_another_authority_is_another_patient() -> None:
    send(*order(placer="P1", mrn="M1"))
    send(*a40(("M2", "M1")))
    send(*order(control="XO", placer="P1", mrn="M1"))
    send(*order(control="XO", placer="P1", mrn="M2"))

    send(*order(control="XO", placer="P1", mrn="N7^^^NHI~M2"))

    assert Order.objects.get().flags == ["unknown_procedure"]


def test_a_result_that_names_another_patient_is_flagged_and_moves_nobody() -> None:
    send(*order(placer="P1", mrn="M1"))

    send(*result(status="F"))

    flags = ["unknown_procedure", "result_names_another_patient"]
    assert Order.objects.get().flags == flags
    assert owners() == {"P1": "M1"}


# -- undone by a person --------------------------------------------------------------------------


def _token(merge: PatientMerge) -> str:
    found = merge_of(merge.pk)
    assert found is not None
    return plan_of(found).token


def _undo(merge: PatientMerge) -> None:
    merges.undo(merge_id=merge.pk, token=_token(merge), at=clock.now())


def test_undo_gives_back_what_names_the_dead_number_also_what_came_since() -> None:
    for placer, mrn in (("P1", "M1"), ("P2", "M2"), ("P4", "M1")):
        send(*order(placer=placer, mrn=mrn))
    send(*a40(("M2", "M1")))
    send(*order(placer="P3", mrn="M1"))
    send(*order(control="XO", placer="P4", mrn="M2"))

    _undo(PatientMerge.objects.get())
    send(*order(placer="P5", mrn="M1"))

    assert owners() == {"P1": "M1", "P2": "M2", "P3": "M1", "P4": "M2", "P5": "M1"}
    assert merged() == {}
    merge = PatientMerge.objects.get()
    assert (merge.undone_at is not None, merge.undone_by) == (True, "system:intake")
    lines = AuditEvent.objects.filter(action="patient_unmerged")
    assert lines.count() == 2


def test_a_merge_under_another_one_is_undone_after_it() -> None:
    send(*order(placer="P1", mrn="M1"))
    send(*a40(("M2", "M1")))
    send(*a40(("M3", "M2")))
    first, second = PatientMerge.objects.order_by("pk")

    with pytest.raises(MergeRefusedError, match="merged into another since"):
        _undo(first)
    _undo(second)
    assert owners() == {"P1": "M2"}
    _undo(first)

    assert (owners(), merged()) == ({"P1": "M1"}, {})


def test_what_was_merged_into_a_dead_number_comes_back_with_it() -> None:
    send(*order(placer="P0", mrn="M0"))
    send(*a40(("M2", "M1")))
    send(*a40(("M1", "M0")))
    assert owners() == {"P0": "M2"}

    _undo(PatientMerge.objects.order_by("pk")[0])

    assert (owners(), merged()) == ({"P0": "M1"}, {"M0": "M1"})


def test_an_order_that_came_after_the_preview_makes_it_stale() -> None:
    send(*order(placer="P1", mrn="M1"))
    send(*a40(("M2", "M1")))
    merge = PatientMerge.objects.get()
    seen = _token(merge)
    send(*order(placer="P2", mrn="M1"))

    with pytest.raises(StaleMergeError):
        merges.undo(merge_id=merge.pk, token=seen, at=clock.now())

    assert merged() == {"M1": "M2"}


def test_an_undone_merge_is_made_again_and_undone_again() -> None:
    send(*order(placer="P1", mrn="M1"))
    message = send(*a40(("M2", "M1")))
    first = PatientMerge.objects.get()
    _undo(first)

    again = merges.make_again(merge_id=first.pk, token=_token(first), at=clock.now())

    assert (owners(), merged()) == ({"P1": "M2"}, {"M1": "M2"})
    again.refresh_from_db()
    assert (again.message_id, again.orders_moved, again.made_by) == (
        message.pk,
        1,
        "system:intake",
    )
    with pytest.raises(MergeRefusedError, match="merged away again"):
        merges.make_again(merge_id=first.pk, token=_token(first), at=clock.now())
    _undo(again)
    assert owners() == {"P1": "M1"}

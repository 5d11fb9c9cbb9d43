"""The book of patients: found by number, brought up to date, merged."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.models import AuditEvent
from apps.core import bulk
from apps.orders.exceptions import CircularMergeError, MergedElsewhereError
from apps.orders.merging import MergeSource
from apps.orders.models import Patient, PatientMerge
from apps.orders.patients import MergeWish, PatientBook, PatientUpdate
from tests.factories import OrderFactory, PatientFactory
from tests.factories.times import NOON

pytestmark = pytest.mark.db


def update(mrn: str, **values: object) -> PatientUpdate:
    return PatientUpdate(authority="HOSPITAL", mrn=mrn, **values)  # type: ignore[arg-type] # as told


def wish(kept: str, dead: str, place: int = 1) -> MergeWish:
    return MergeWish(update(kept), update(dead), place)


def flush(book: PatientBook) -> None:
    book.flush(at=NOON, actor="system:hl7")


def opened(*mrns: str) -> PatientBook:
    book = PatientBook()
    bulk.run_errands(book.errands(("HOSPITAL", mrn) for mrn in mrns))
    return book


def test_update_takes_what_is_filled_and_writes_only_what_changed() -> None:
    PatientFactory(mrn="M1", family_name="Doe", given_name="Jane", sex="F")
    PatientFactory(mrn="M2", family_name="Old")
    book = opened("M1", "M2")

    book.update(update("M1", birth_on=date(1980, 1, 15), family_name="", sex="F"))
    book.update(update("M2", family_name="New"))
    flush(book)

    assert list(
        Patient.objects.order_by("mrn").values_list("family_name", "given_name", "birth_on", "sex")
    ) == [("Doe", "Jane", date(1980, 1, 15), "F"), ("New", "Pat", None, "")]


def test_same_number_twice_in_a_book_is_one_patient() -> None:
    book = opened("M1")

    first, second = book.update(update("M1", sex="F")), book.update(update("M1", sex="M"))
    flush(book)

    assert first is second
    assert list(Patient.objects.values_list("mrn", "sex")) == [("M1", "M")]


def test_chain_of_merges_is_followed_to_its_end_in_one_read() -> None:
    last = PatientFactory(mrn="M3")
    middle = PatientFactory(mrn="M2", merged_into=last)
    PatientFactory(mrn="M1", merged_into=middle)

    with CaptureQueriesContext(connection) as queries:
        book = opened("M1")
        found = book.update(update("M1", family_name="Other"))

    assert (found.pk, found.family_name) == (last.pk, "Hidden")
    assert len(queries) <= 1


def test_merge_moves_every_order_of_the_prior_number_and_is_recorded() -> None:
    prior, kept, other = (PatientFactory(mrn=mrn) for mrn in ("M1", "M2", "M3"))
    orders = [OrderFactory(patient=patient) for patient in (prior, prior, kept, other)]
    book = opened("M1", "M2")

    book.merge([wish("M2", "M1")], MergeSource(7, "HIS|Robina"))
    flush(book)

    for order in orders:
        order.refresh_from_db()
    assert [order.patient_id for order in orders] == [kept.pk, kept.pk, kept.pk, other.pk]
    assert book.is_merged_away(update("M1"))
    assert not book.is_merged_away(update("M2"))
    merge = PatientMerge.objects.get()
    assert (
        *(merge.dead_id, merge.survivor_id, merge.at, merge.made_by, merge.message_id),
        *(merge.sender, merge.orders_moved, merge.undone_at),
    ) == (prior.pk, kept.pk, NOON, "system:hl7", 7, "HIS|Robina", 2, None)


def test_the_trail_names_both_records_and_no_patient() -> None:
    prior, kept = PatientFactory(mrn="SECRET1"), PatientFactory(mrn="SECRET2")
    order = OrderFactory(patient=prior)
    book = opened("SECRET1", "SECRET2")

    book.merge([wish("SECRET2", "SECRET1")], MergeSource(7, "HIS|Robina"))
    flush(book)

    merge_id = PatientMerge.objects.get().pk
    told = {"merge": merge_id, "message": 7}
    assert list(
        AuditEvent.objects.filter(entity__startswith="orders_")
        .order_by("id")
        .values_list("entity", "entity_id", "action", "old_values", "new_values", "actor")
    ) == [
        (
            *("orders_patient", str(prior.pk), "merge", {"merged_into": None}),
            {"merged_into": kept.pk, **told},
            "system:hl7",
        ),
        (
            *("orders_patient", str(kept.pk), "merge_in", None, {"merged": prior.pk, **told}),
            "system:hl7",
        ),
        (
            *("orders_order", str(order.pk), "patient_merged", {"patient": prior.pk}),
            {"patient": kept.pk, "merge": merge_id},
            "system:hl7",
        ),
    ]


def test_a_circle_changes_nothing_of_what_was_asked_along_with_it() -> None:
    book = opened("M1", "M2", "M3", "M4")

    with pytest.raises(CircularMergeError) as refused:
        book.merge([wish("M4", "M3"), wish("M2", "M1", 2), wish("M1", "M2", 3)])
    flush(book)

    assert refused.value.place == 3
    assert Patient.objects.count() == 0
    assert PatientMerge.objects.count() == 0


@pytest.mark.parametrize(
    ("wishes", "merged"),
    [
        ([("M2", "M1"), ("M3", "M2")], {"M1": "M2", "M2": "M3"}),
        ([("M3", "M2"), ("M2", "M1")], {"M1": "M2", "M2": "M3"}),
        ([("M2", "M1"), ("M2", "M1")], {"M1": "M2"}),
        ([("M3", "M1"), ("M3", "M2"), ("M2", "M1")], {"M1": "M3", "M2": "M3"}),
        ([("M2", "M1"), ("M3", "M2"), ("M2", "M1")], {"M1": "M2", "M2": "M3"}),
    ],
    ids=["chain", "dead survivor", "told twice", "one patient already", "told again, moved on"],
)
@pytest.mark.parametrize("together", [True, False], ids=["one message", "one by one"])
def test_merges_in_turn(
    wishes: list[tuple[str, str]], merged: dict[str, str], together: bool
) -> None:
    book = opened("M1", "M2", "M3")

    asked = [wish(*numbers) for numbers in wishes]
    for part in [asked] if together else [[one] for one in asked]:
        book.merge(part)
    flush(book)

    dead = Patient.objects.filter(merged_into__isnull=False)
    assert dict(dead.values_list("mrn", "merged_into__mrn")) == merged
    standing = PatientMerge.objects.values_list("dead__mrn", "survivor__mrn")
    assert dict(standing) == merged


def test_a_number_that_is_anothers_by_now_is_not_taken_from_it() -> None:
    # M1 and M9 may be two people: whoever said the first merge may have been wrong.
    book = opened("M1", "M2", "M9")
    book.merge([wish("M2", "M1")])

    with pytest.raises(MergedElsewhereError):
        book.merge([wish("M9", "M1")])


def test_a_chain_of_a_hundred_ends_at_its_end_and_a_step_back_is_a_circle() -> None:
    first = PatientFactory(mrn="M0")
    order = OrderFactory(patient=first)
    book = opened(*(f"M{n}" for n in range(101)))

    for number in range(100):
        book.merge([wish(f"M{number + 1}", f"M{number}")])
    with pytest.raises(CircularMergeError):
        book.merge([wish("M0", "M100")])
    flush(book)

    order.refresh_from_db()
    assert order.patient is not None
    assert order.patient.mrn == "M100"
    fresh = opened("M0")
    assert fresh.update(update("M0")).mrn == "M100"

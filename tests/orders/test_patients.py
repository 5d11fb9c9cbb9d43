"""The book of patients: found by number, brought up to date, merged."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import bulk
from apps.orders.models import Patient
from apps.orders.patients import PatientBook, PatientUpdate
from tests.factories import OrderFactory, PatientFactory

pytestmark = pytest.mark.db


def update(mrn: str, **values: object) -> PatientUpdate:
    return PatientUpdate(authority="HOSPITAL", mrn=mrn, **values)  # type: ignore[arg-type] # as told


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
    book.flush()

    assert list(
        Patient.objects.order_by("mrn").values_list("family_name", "given_name", "birth_on", "sex")
    ) == [("Doe", "Jane", date(1980, 1, 15), "F"), ("New", "Pat", None, "")]


def test_same_number_twice_in_a_book_is_one_patient() -> None:
    book = opened("M1")

    first, second = book.update(update("M1", sex="F")), book.update(update("M1", sex="M"))
    book.flush()

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


def test_merge_moves_every_order_of_the_prior_number() -> None:
    prior, kept, other = (PatientFactory(mrn=mrn) for mrn in ("M1", "M2", "M3"))
    orders = [OrderFactory(patient=patient) for patient in (prior, prior, kept, other)]
    book = opened("M1", "M2")

    merge = book.merge(update("M2"), update("M1"))
    book.flush()

    assert merge is not None
    assert (merge.dead.pk, merge.kept.pk) == (prior.pk, kept.pk)
    for order in orders:
        order.refresh_from_db()
    assert [order.patient_id for order in orders] == [kept.pk, kept.pk, kept.pk, other.pk]
    assert book.is_merged_away(update("M1"))
    assert not book.is_merged_away(update("M2"))


def test_merge_in_a_circle_is_none() -> None:
    book = opened("M1", "M2", "M3")

    merges = [
        book.merge(update(kept), update(dead)) for kept, dead in (("M2", "M1"), ("M1", "M2"))
    ]
    book.flush()

    assert [merge is not None for merge in merges] == [True, False]
    assert dict(Patient.objects.values_list("mrn", "merged_into__mrn")) == {"M1": "M2", "M2": None}

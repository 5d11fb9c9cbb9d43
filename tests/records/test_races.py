"""Invariants that only the database can keep when two transactions run side by side."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection

from apps.assignment.models import Assignment
from apps.orders.models import OrderIdentifier
from apps.roster.models import RosterAssignment
from tests.factories.assignment import AssignmentFactory
from tests.factories.orders import OrderFactory
from tests.factories.people import RadiologistFactory
from tests.factories.roster import ShiftFactory
from tests.records.racing import race

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def test_two_overlapping_roster_rows_at_once_leave_one() -> None:
    shift, person = ShiftFactory.create(), RadiologistFactory.create()

    def enter() -> None:
        RosterAssignment.objects.create(
            shift=shift, radiologist=person, start_date=date(2026, 1, 1)
        )

    entered, refused = sorted(race(enter, enter), key=bool)
    # The check at commit waits for the other transaction; waiting for each other is a deadlock.
    assert (entered, refused in {"roster_rows_do_not_overlap", "40P01"}) == ("", True)
    assert RosterAssignment.objects.count() == 1


def test_roster_rows_of_other_people_at_once_both_stay() -> None:
    shift = ShiftFactory.create()
    people = [RadiologistFactory.create(), RadiologistFactory.create()]

    def enter(index: int) -> None:
        RosterAssignment.objects.create(
            shift=shift, radiologist=people[index], start_date=date(2026, 1, 1)
        )

    assert race(lambda: enter(0), lambda: enter(1)) == ["", ""]


def test_one_order_given_to_two_readers_at_once_has_one_current_assignment() -> None:
    order, shift = OrderFactory.create(), ShiftFactory.create()
    people = [RadiologistFactory.create() for _ in range(4)]
    jobs = [
        lambda person=person: AssignmentFactory.create(
            order=order, radiologist=person, shift=shift
        )
        for person in people
    ]
    assert race(*jobs) == ["", *["one_current_assignment"] * 3]
    assert Assignment.objects.filter(order=order, is_current=True).count() == 1


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        ("study_uid", "one_order_per_identifier"),
        ("accession", "one_order_per_identifier"),
        ("filler", "one_order_per_identifier"),
        ("placer", ""),
    ],
)
def test_one_number_for_two_orders_at_once_is_taken_by_one_but_for_the_placers(
    kind: str, refused: str
) -> None:
    orders = [OrderFactory.create(), OrderFactory.create()]

    def name(index: int) -> None:
        OrderIdentifier.objects.create(order=orders[index], issuer="H", kind=kind, value="7")

    assert race(lambda: name(0), lambda: name(1)) == ["", refused]
    assert OrderIdentifier.objects.count() == (1 if refused else 2)


def test_edits_at_once_are_both_counted_in_the_areas_version() -> None:
    shifts = [ShiftFactory.create(), ShiftFactory.create()]
    before = _version("roster")

    def rename(index: int) -> None:
        shifts[index].name = "Renamed"
        shifts[index].save()

    assert race(lambda: rename(0), lambda: rename(1)) == ["", ""]
    assert _version("roster") == before + 2


def _version(area: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM core_configversion WHERE area = %s", [area])
        (version,) = cursor.fetchone() or (0,)
    return int(version)

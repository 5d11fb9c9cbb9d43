"""The book of numbers: what is found first, what is kept once, what a cancel leaves."""

from __future__ import annotations

import pytest

from apps.core import bulk
from apps.orders.choices import IdentifierKind as Kind
from apps.orders.identity import Identity, IdentityBook
from apps.orders.models import OrderIdentifier, UnknownCancel
from tests.factories import OrderFactory
from tests.factories.times import NOON

pytestmark = pytest.mark.db

UID = Identity(Kind.STUDY_UID, "1.2.3|KNEE")
ACCESSION = Identity(Kind.ACCESSION, "A1")
FILLER = Identity(Kind.FILLER, "F1")
PLACER = Identity(Kind.PLACER, "P1^HIS")
ALL = (PLACER, FILLER, ACCESSION, UID)


def opened(*wanted: Identity, issuer: str = "H") -> IdentityBook:
    book = IdentityBook()
    bulk.run_errands(book.errands((issuer, identity) for identity in wanted))
    return book


def order_ids(count: int) -> list[int]:
    return [OrderFactory.create().pk for _ in range(count)]


def test_numbers_are_tried_in_turn_whatever_order_they_came_in() -> None:
    ids = order_ids(4)
    book = IdentityBook()
    for order_id, identity in zip(ids, ALL, strict=True):
        book.add(order_id, "H", [identity])
    book.flush()

    found = opened(*ALL).matches("H", ALL)

    assert found == [(UID, ids[3]), (ACCESSION, ids[2]), (FILLER, ids[1]), (PLACER, ids[0])]


def test_number_belongs_to_its_first_order_but_a_placers_to_the_newest_too() -> None:
    first, second = order_ids(2)
    book = opened(*ALL)
    book.add(first, "H", ALL)
    book.add(second, "H", ALL)
    book.flush()

    stored = opened(*ALL)

    assert stored.matches("H", [ACCESSION, PLACER]) == [
        (ACCESSION, first),
        (PLACER, second),
        (PLACER, first),
    ]
    assert (stored.owner("H", ACCESSION), stored.owner("H", PLACER)) == (first, second)
    assert stored.order_ids == {first, second}
    assert OrderIdentifier.objects.count() == 5


def test_numbers_of_another_issuer_are_not_ours() -> None:
    (order_id,) = order_ids(1)
    book = IdentityBook()
    book.add(order_id, "NORTH", ALL)
    book.flush()

    south = opened(*ALL, issuer="SOUTH")

    assert (south.matches("SOUTH", ALL), south.owner("SOUTH", UID)) == ([], None)


def test_number_added_twice_is_stored_once() -> None:
    (order_id,) = order_ids(1)
    for _ in range(2):
        book = opened(*ALL)
        book.add(order_id, "H", ALL)
        book.add(order_id, "H", ALL)
        book.flush()

    assert OrderIdentifier.objects.count() == len(ALL)


def test_cancel_is_remembered_under_each_of_its_numbers_but_not_against_its_own_message() -> None:
    book = opened(*ALL)
    book.keep_cancel("H", [ACCESSION, PLACER], at=NOON, message_id=7)
    book.keep_cancel("H", [ACCESSION], at=NOON, message_id=8)
    book.flush()

    stored = opened(*ALL)

    for known in (book, stored):
        assert known.was_cancelled("H", [UID, PLACER], apart_from=8)
        assert not known.was_cancelled("H", [PLACER], apart_from=7)
        assert not known.was_cancelled("H", [UID, FILLER], apart_from=8)
        assert not known.was_cancelled("X", [PLACER], apart_from=8)
    assert UnknownCancel.objects.count() == 2

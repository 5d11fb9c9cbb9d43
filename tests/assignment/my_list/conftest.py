"""What the tests of this package start from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from apps.roster.models import Radiologist
from tests.assignment.reader_pages import (
    NOON,
    sign_in,
)
from tests.support.department import Department, order, send


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=True):
        yield


@pytest.fixture
def reader(department: Department) -> Radiologist:
    return department.add_reader("DR_A")


@pytest.fixture
def mine(reader: Radiologist) -> Client:
    """P1 is DR_A's, who has signed in."""
    send(*order(placer="P1"))
    return sign_in(reader)


@pytest.fixture
def three(reader: Radiologist) -> Client:
    """B (urgent), A and C (routine) are DR_A's."""
    for placer, priority in (("C", "R"), ("A", "R"), ("B", "A")):
        send(*order(placer=placer, priority=priority))
    return sign_in(reader)

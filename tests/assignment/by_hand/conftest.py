"""What the tests of this package start from."""

from __future__ import annotations

import pytest

from tests import factories
from tests.support.department import (
    Department,
    order,
    send,
)


@pytest.fixture
def given(department: Department) -> Department:
    """P1 is DR_A's; DR_B is on the same shift, DR_OFF on none."""
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    department.add_reader("DR_B")
    factories.RadiologistFactory(id="DR_OFF")
    return department


@pytest.fixture
def waiting(department: Department) -> Department:
    """P1 is CT, which no shift reads; DR_A is on the MRI shift."""
    department.add_reader("DR_A")
    send(*order(placer="P1", modality="CT", code="CT HEAD^CT HEAD"))
    return department

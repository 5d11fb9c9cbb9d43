from __future__ import annotations

from datetime import time

import pytest

from apps.roster.models import Radiologist, RosterSource, Shift
from tests.factories import RadiologistFactory, ShiftFactory
from tests.factories.sources import RosterSourceFactory


@pytest.fixture
def source() -> RosterSource:
    return RosterSourceFactory.create(name="Spreadsheet")


@pytest.fixture
def day_shift() -> Shift:
    return ShiftFactory.create(
        code="MRI1", name="MRI Robina", start_local=time(8), end_local=time(16)
    )


@pytest.fixture
def night() -> Shift:
    return ShiftFactory.create(code="NIGHT", name="Night", start_local=time(22), end_local=time(6))


@pytest.fixture
def lee() -> Radiologist:
    return RadiologistFactory.create(
        id="DR_LEE", given_name="Ann", family_name="Lee", email="ann.lee@x.org"
    )


@pytest.fixture
def wu() -> Radiologist:
    return RadiologistFactory.create(id="DR_WU", given_name="Bo", family_name="Wu")

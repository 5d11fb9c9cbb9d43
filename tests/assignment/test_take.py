from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from apps.assignment.exceptions import ByHandError
from apps.assignment.models import Assignment, Unassigned
from apps.assignment.services import by_hand, reading
from apps.core import clock
from apps.roster.models import Workload
from apps.rules.choices import ActionChoices
from tests.assignment.hand import act, history, lines, loads_are_exact, state, told
from tests.assignment.reader_pages import do, said, sign_in, waiting
from tests.factories import (
    AssignmentRuleFactory,
    RosterAssignmentFactory,
    ShiftFactory,
    ShiftSiteFactory,
    ShiftWorkTypeFactory,
    SiteFactory,
)
from tests.support.department import Department, order, reasons, send, settle

pytestmark = pytest.mark.db

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=True):
        yield

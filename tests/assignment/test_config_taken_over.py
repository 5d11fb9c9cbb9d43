"""A configuration read anew takes over what did not change, and is the one that is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from time_machine import TimeMachineFixture

from apps.assignment.snapshot import cache
from apps.assignment.snapshot.versions import read_versions
from apps.catalog.models import CalendarDay, HolidayCalendar, Site
from apps.roster.models import Licence, Radiologist, RosterAssignment, RosterOverride, Shift
from apps.rules.models import AssignmentRule, DecisionPolicy, ScoringWeights
from tests import factories
from tests.support.department import Department

pytestmark = pytest.mark.db

NOON = datetime(2026, 2, 4, 2, tzinfo=UTC)
TODAY = date(2026, 2, 4)


@pytest.fixture(autouse=True)
def _scene(department: Department, time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(NOON, tick=False)
    shift = department.shift
    assert isinstance(shift, Shift)
    lee = factories.RadiologistFactory.create(id="DR_LEE")
    factories.RadiologistFactory.create(id="DR_KIM")
    RosterAssignment.objects.create(shift=shift, radiologist=lee, start_date=TODAY)
    calendar = HolidayCalendar.objects.create(code="OURS", name="Ours", country="AU")
    Shift.objects.filter(pk=shift.pk).update(calendar=calendar, holiday_mode="rests")
    AssignmentRule.objects.create(
        name="First",
        priority_order=1,
        condition_filters={"field": "modality", "op": "=", "value": "MR"},
        action_type="ASSIGN_TO_RADIOLOGIST",
        action_target="DR_KIM",
        is_terminal=True,
    )
    cache.forget()


def _on_leave() -> None:
    lee = Radiologist.objects.get(pk="DR_LEE")
    RosterOverride.objects.create(kind="leave", radiologist=lee, start_date=TODAY, end_date=TODAY)


def _closed_today() -> None:
    calendar = HolidayCalendar.objects.get(code="OURS")
    CalendarDay.objects.create(calendar=calendar, on=TODAY, name="Ours", kind="closure")


EDITS: dict[str, Callable[[], object]] = {
    "a row ended": lambda: RosterAssignment.objects.update(end_date=TODAY),
    "leave": _on_leave,
    "a person renamed": lambda: Radiologist.objects.update(family_name="Lie"),
    "a shift moved": lambda: Shift.objects.update(priority_level=77),
    "a site moved": lambda: Site.objects.update(time_zone="Europe/Berlin"),
    "a day off": _closed_today,
    "a rule aimed elsewhere": lambda: AssignmentRule.objects.update(action_target="DR_LEE"),
    "a rule switched off": lambda: AssignmentRule.objects.update(enabled=False),
    "other weights": lambda: ScoringWeights.objects.update_or_create(pk=1),
    "another policy": lambda: DecisionPolicy.objects.update_or_create(
        pk=1, defaults={"catch_up_units": 3}
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_read_whatever_else_is_taken_over(name: str) -> None:
    before = cache.current_view(read_versions())

    EDITS[name]()
    after = cache.current_view(read_versions())
    cache.forget()
    anew = cache.current_view(read_versions())

    assert after.config == anew.config
    assert after.config != before.config
    assert after.compiled.shifts == anew.compiled.shifts
    assert after.compiled.sites == anew.compiled.sites
    assert after.compiled.people == anew.compiled.people
    assert [one.facts for one in after.compiled.rules.rules] == list(anew.config.rules)


def test_an_edit_of_the_roster_leaves_rules_sites_and_shifts_the_same_objects() -> None:
    before = cache.current_view(read_versions())

    _on_leave()
    after = cache.current_view(read_versions())

    assert after.compiled.rules is before.compiled.rules
    assert after.compiled.shifts is before.compiled.shifts
    assert after.compiled.may_read is before.compiled.may_read
    assert after.config.leaves != before.config.leaves


def test_who_may_read_what_is_forgotten_with_the_first_competency_that_changes() -> None:
    before = cache.current_view(read_versions())

    Licence.objects.create(radiologist_id="DR_LEE", jurisdiction="QLD")
    after = cache.current_view(read_versions())

    assert after.compiled.may_read is not before.compiled.may_read
    assert after.compiled.read_where is before.compiled.read_where

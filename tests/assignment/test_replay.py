from __future__ import annotations

import json
from datetime import timedelta

import pytest

from apps.assignment.models import Assignment, Unassigned
from apps.assignment.services.replay import replay_stored
from apps.core import clock
from apps.roster.models import Radiologist, Workload
from apps.rules.models import AssignmentRule
from tests import factories
from tests.support.department import Department, order, send

pytestmark = pytest.mark.db


def _as_text(trace: object) -> str:
    return json.dumps(trace, sort_keys=True)


def test_stored_decision_replays_the_same_after_everything_was_edited(
    department: Department,
) -> None:
    department.add_reader("DR_A", seniority_years=9)
    department.add_reader("DR_B", max_concurrent_studies=1)
    factories.AssignmentRuleFactory(
        name="Knees are urgent",
        condition_filters={"all": [{"field": "body_part", "op": "=", "value": "KNEE"}]},
        action_type="SET_PRIORITY",
        action_target="URGENT",
        is_terminal=False,
    )
    for number in range(4):
        send(*order(placer=f"P{number}"))
    Radiologist.objects.update(max_concurrent_studies=0)
    send(*order(placer="P9"))
    AssignmentRule.objects.all().delete()
    department.shift.delete()

    stored = [row.trace for row in Assignment.objects.all()]
    stored += [row.trace for row in Unassigned.objects.all()]

    assert len(stored) == 5
    assert [_as_text(replay_stored(trace).trace) for trace in stored] == [
        _as_text(trace) for trace in stored
    ]


def test_what_met_a_reader_busy_for_some_minutes_replays_the_same(department: Department) -> None:
    department.add_reader("DR_A")
    department.add_reader("DR_B")
    until = clock.now() + timedelta(minutes=9)
    Workload.objects.filter(pk="DR_A").update(presence="busy", busy_until=until)

    send(*order(placer="P1"))

    trace = Assignment.objects.get().trace
    assert trace["tries"][0]["out"] == [["DR_A", "MRI_MSK", "roster", "busy", 9]]
    assert _as_text(replay_stored(trace).trace) == _as_text(trace)


def test_edit_binds_the_very_next_decision(department: Department) -> None:
    department.add_reader("DR_A")
    department.add_reader("DR_B")
    send(*order(placer="P1"))
    Radiologist.objects.filter(pk="DR_B").update(is_active=False)

    send(*order(placer="P2"))

    chosen = dict(Assignment.objects.values_list("order__accession", "radiologist_id"))
    assert chosen == {"P1": "DR_A", "P2": "DR_A"}

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.assignment.exceptions import UnknownStudyError
from apps.assignment.queries.candidates import CandidateList, candidates
from apps.assignment.services import by_hand, reading
from apps.core import clock
from apps.core.access import Scope
from apps.core.models import ConfigVersion
from apps.orders.models import Order
from apps.roster.models import Radiologist, RosterOverride, Workload
from tests import factories
from tests.assignment.hand import act, state
from tests.support.department import Department, order, send

pytestmark = pytest.mark.db


def menu(accession: str = "P1", **values: object) -> CandidateList:
    order_id = Order.objects.values_list("pk", flat=True).get(accession=accession)
    return candidates(order_id, **({"at": clock.now()} | values))


def ids(found: tuple[object, ...]) -> list[str]:
    return [candidate.radiologist_id for candidate in found]


def test_menu_says_who_may_and_why_others_may_not(department: Department) -> None:
    ct = department.add_shift("CT", modality="CT")
    department.add_reader("DR_HERE", max_concurrent_studies=10)
    department.add_reader("DR_CT", shift=ct)
    department.add_reader("DR_FULL", max_concurrent_studies=0)
    department.add_reader("DR_HOUR", max_studies_per_hour=0)
    department.add_reader("DR_LEAVE")
    factories.RadiologistFactory(id="DR_OFF")
    factories.RadiologistFactory(id="DR_GONE", is_active=False)
    today = clock.now().date()
    RosterOverride.objects.create(
        kind="leave",
        radiologist_id="DR_LEAVE",
        start_date=today - timedelta(days=2),
        end_date=today + timedelta(days=2),
    )
    send(*order(placer="P1"))
    Radiologist.objects.filter(pk="DR_OFF").update(specialties=["spine"])

    found = menu()

    assert found.state == state()
    assert ids(found.fit) == ["DR_HERE", "DR_CT", "DR_OFF"]
    assert {row.radiologist_id: row.refusal for row in found.full} == {
        "DR_FULL": "full, 0 of 0 studies open",
        "DR_HOUR": "full for this hour, 0 of 0 studies assigned in the last 60 minutes",
    }
    assert {row.radiologist_id: row.refusal for row in found.refused} == {"DR_LEAVE": "on leave"}
    assert found.candidates == found.fit + found.full + found.refused
    assert {row.radiologist_id: row.read_on for row in found.fit} == {
        "DR_HERE": "MRI_MSK",
        "DR_CT": "",
        "DR_OFF": "",
    }


def test_candidate_is_shown_with_load_presence_and_shifts(department: Department) -> None:
    ct = department.add_shift("CT", modality="CT")
    reader = department.add_reader("DR_A", max_concurrent_studies=8)
    factories.RosterAssignmentFactory(shift=ct, radiologist=reader)
    for placer in ("P1", "P2", "P3"):
        send(*order(placer=placer))
    Workload.objects.update(presence="away")

    (shown,) = menu().candidates

    assert [(shift.code, shift.name) for shift in shown.shifts] == [
        ("CT", "Ct"),
        ("MRI_MSK", "Mri_Msk"),
    ]
    assert (shown.name, shown.presence, shown.read_on) == ("DR Rae Reader", "away", "MRI_MSK")
    assert (shown.open_studies, shown.max_studies) == (3, 8)
    assert (shown.open_rvu, shown.load_percent) == (Decimal(3), 37)
    assert (shown.fitness, shown.refusal, shown.is_reader) == ("fit", "", True)


def test_fit_are_ordered_by_shift_then_load_then_id(department: Department) -> None:
    ct = department.add_shift("CT", modality="CT")
    for name in ("DR_D", "DR_C", "DR_B"):
        department.add_reader(name, max_concurrent_studies=10)
    department.add_reader("DR_A", shift=ct)
    factories.RadiologistFactory(id="DR_0")
    send(*order(placer="P1"))
    Workload.objects.filter(pk="DR_B").update(open_routine=4, open_rvu=4)
    Workload.objects.filter(pk="DR_C").update(open_routine=2, open_rvu=2)
    Workload.objects.filter(pk="DR_D").update(open_routine=2, open_rvu=2)

    assert ids(menu().fit) == ["DR_C", "DR_D", "DR_B", "DR_A", "DR_0"]


def test_present_reader_is_marked_and_not_called_full(department: Department) -> None:
    department.add_reader("DR_A", max_concurrent_studies=1)
    send(*order(placer="P1"))

    (shown,) = menu().candidates

    assert (shown.is_reader, shown.fitness, shown.open_studies) == (True, "fit", 1)


def test_reader_who_left_is_listed_while_the_study_is_theirs(department: Department) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    Radiologist.objects.filter(pk="DR_A").update(is_active=False)

    (shown,) = menu().refused

    assert (shown.radiologist_id, shown.refusal, shown.is_reader) == ("DR_A", "not active", True)


def test_who_had_it_before_is_listed_with_how_it_ended(department: Department) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    department.add_reader("DR_B")
    act(reading.hand_back, radiologist_id="DR_A", reason="patient is a relative")
    act(by_hand.assign, radiologist_id="DR_A", reason="nobody else")
    act(by_hand.unassign, reason="wrong protocol")

    earlier = {row.radiologist_id: row.earlier for row in menu().candidates}

    assert {name: [(row.reason, row.note) for row in rows] for name, rows in earlier.items()} == {
        "DR_A": [("unassigned", "wrong protocol"), ("handed_back", "patient is a relative")],
        "DR_B": [("reassigned", "nobody else")],
    }


def test_edit_shows_in_the_very_next_menu(department: Department) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    factories.RadiologistFactory(id="DR_B")
    assert ids(menu().candidates) == ["DR_A", "DR_B"]

    Radiologist.objects.filter(pk="DR_B").update(is_active=False)

    assert ids(menu().candidates) == ["DR_A"]


def test_study_of_a_foreign_site_is_no_study(department: Department) -> None:
    send(*order(placer="P1"))
    foreign = Scope(site_ids=frozenset({department.site.pk + 1}))

    with pytest.raises(UnknownStudyError):
        menu(scope=foreign)
    with pytest.raises(UnknownStudyError):
        candidates(0, at=clock.now())


def test_menu_writes_nothing_and_costs_the_same_for_one_and_fifty(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    counts = []
    for extra in (0, 49):
        for number in range(extra):
            department.add_reader(f"DR_{number:02}")
        menu()  # reads the configuration anew
        before = list(ConfigVersion.objects.values())
        with CaptureQueriesContext(
            connection,
        ) as ran:
            found = menu()
        counts.append((len(found.candidates), len(ran)))
        assert list(ConfigVersion.objects.values()) == before

    assert [shown for shown, _ in counts] == [1, 50]
    assert counts[0][1] == counts[1][1] <= 5

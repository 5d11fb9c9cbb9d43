from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalog.models import Site
from apps.core.access import EVERYWHERE, Scope
from apps.engine.rota import WorkType
from apps.roster.models import (
    Licence,
    Radiologist,
    RadiologistSite,
    RosterOverride,
    Shift,
    ShiftSite,
)
from apps.roster.queries.could_fill import Filler, Fit, Opening, could_fill
from tests.factories import (
    RadiologistFactory,
    RosterAssignmentFactory,
    ShiftFactory,
    ShiftWorkTypeFactory,
    SiteFactory,
)

pytestmark = pytest.mark.db

# A Wednesday; Brisbane is ten hours ahead of UTC all year.
DAY = date(2026, 2, 4)
EVENING = (datetime(2026, 2, 4, 6, tzinfo=UTC), datetime(2026, 2, 4, 12, tzinfo=UTC))


def evening_shift(**changes: object) -> Shift:
    made: Shift = ShiftFactory.create(
        **{"code": "EVENING", "start_local": time(16), "end_local": time(22)} | changes
    )
    ShiftWorkTypeFactory.create(shift=made, modality="MR")
    return made


def opening(shift: Shift, **changes: object) -> Opening:
    return Opening(shift, DAY, *EVENING, **changes)  # type: ignore[arg-type] # a test's values


def asked(made: Opening, scope: Scope = EVERYWHERE) -> list[tuple[str, Fit, list[str]]]:
    return [_told(filler) for filler in could_fill(made, scope=scope)]


def _told(filler: Filler) -> tuple[str, Fit, list[str]]:
    return filler.person.pk, filler.fit, [reason.words for reason in filler.reasons]


def person(id_: str, **changes: object) -> Radiologist:
    return RadiologistFactory.create(id=id_, **changes)


def works(who: Radiologist, start: time, end: time, **changes: object) -> Shift:
    made: Shift = ShiftFactory.create(start_local=start, end_local=end, **changes)
    RosterAssignmentFactory.create(shift=made, radiologist=who)
    return made


def test_best_is_who_is_free_rested_and_works_least() -> None:
    shift = evening_shift()
    idle, some = person("B_IDLE"), person("A_SOME")
    works(some, time(8), time(10), weekdays=[1])
    busy = person("0_BUSY")
    works(busy, time(15), time(23), name="Late CT")
    assert asked(opening(shift)) == [
        (idle.pk, Fit.FULLY, ["may read all of it", "free then", "rested", "no hours that week"]),
        (some.pk, Fit.FULLY, ["may read all of it", "free then", "rested", "2 h that week"]),
        (
            busy.pk,
            Fit.FULLY,
            ["may read all of it", "also on Late CT then", "rested", "56 h that week"],
        ),
    ]


def test_a_turn_that_allows_no_other_stands_against_it() -> None:
    shift = evening_shift()
    works(person("A"), time(15), time(23), name="Alone", is_exclusive=True)
    assert [(id_, fit, words[1]) for id_, fit, words in asked(opening(shift))] == [
        ("A", Fit.NOT, "on Alone then, which allows no other")
    ]


def test_who_is_on_any_shift_cannot_take_one_that_allows_no_other() -> None:
    shift = evening_shift(is_exclusive=True)
    works(person("A"), time(15), time(17), name="Day CT")
    assert [(id_, fit, words[1]) for id_, fit, words in asked(opening(shift))] == [
        ("A", Fit.NOT, "on Day CT then, and this shift allows no other")
    ]


def test_who_is_on_it_already_cannot_fill_it() -> None:
    shift = evening_shift()
    RosterAssignmentFactory.create(shift=shift, radiologist=person("A"))
    assert [(id_, fit, words[1]) for id_, fit, words in asked(opening(shift))] == [
        ("A", Fit.NOT, "is on it already")
    ]


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        pytest.param({}, "on leave", id="all day"),
        pytest.param(
            {"start_local": time(20), "end_local": time(21), "time_zone": "Australia/Brisbane"},
            "on leave",
            id="an hour of it",
        ),
    ],
)
def test_leave_for_any_of_it_stands_against_it(hours: dict[str, object], said: str) -> None:
    shift = evening_shift()
    RosterOverride.objects.create(
        kind="leave", radiologist=person("A"), start_date=DAY, end_date=DAY, **hours
    )
    [(id_, fit, words)] = asked(opening(shift))
    assert (id_, fit, words[1]) == ("A", Fit.NOT, said)


def test_leave_of_another_hour_does_not_count() -> None:
    shift = evening_shift()
    RosterOverride.objects.create(
        kind="leave",
        radiologist=person("A"),
        start_date=DAY,
        end_date=DAY,
        start_local=time(8),
        end_local=time(12),
        time_zone="Australia/Brisbane",
    )
    assert [fit for _id, fit, _words in asked(opening(shift))] == [Fit.FULLY]


def test_too_little_rest_is_said_on_both_sides() -> None:
    shift = evening_shift()
    tired = person("A", min_rest_hours=Decimal(11))
    works(tired, time(6), time(14))
    [(_, fit, words)] = asked(opening(shift))
    assert (fit, words[2]) == (
        Fit.PARTLY,
        "only 2 h of rest before it and 8 h of rest after it, 11 h are asked",
    )


def test_who_is_on_a_shift_around_the_clock_is_not_called_rested() -> None:
    shift = evening_shift()
    works(person("A"), time(0), time(0), name="National")
    [(_, fit, words)] = asked(opening(shift))
    assert (fit, words[1:]) == (
        Fit.FULLY,
        [
            "also on National then",
            "on a shift around the clock, no rest to count",
            "168 h that week",
        ],
    )


def test_nobody_asks_for_rest_where_none_is_set() -> None:
    shift = evening_shift()
    works(person("A", min_rest_hours=None), time(6), time(14))
    [(_, fit, words)] = asked(opening(shift))
    assert (fit, words) == (
        Fit.FULLY,
        ["may read all of it", "free then", "56 h that week"],
    )


def test_who_is_over_their_hours_comes_after_who_is_not() -> None:
    shift = evening_shift()
    works(person("A", target_hours_per_week=Decimal(7)), time(8), time(10), weekdays=[1])
    full = person("B", target_hours_per_week=Decimal(1))
    works(full, time(8), time(9), weekdays=[1])
    assert [(id_, words[-1]) for id_, _fit, words in asked(opening(shift))] == [
        ("A", "2 h that week of 7 h"),
        ("B", "1 h that week of 1 h"),
    ]


def _licensed_place(jurisdiction: str) -> Site:
    return SiteFactory.create(jurisdiction=jurisdiction, requires_licence=True)


def test_a_licence_counts_for_every_day_of_it() -> None:
    shift = evening_shift(all_sites=False, start_local=time(22), end_local=time(6))
    ShiftSite.objects.create(shift=shift, site=_licensed_place("NSW"))
    ends = person("A")
    Licence.objects.create(radiologist=ends, jurisdiction="NSW", end_date=DAY)
    lasts = person("B")
    Licence.objects.create(radiologist=lasts, jurisdiction="NSW", end_date=DAY + timedelta(1))
    none = person("C")
    night = Opening(
        shift, DAY, datetime(2026, 2, 4, 12, tzinfo=UTC), datetime(2026, 2, 4, 20, tzinfo=UTC)
    )
    assert [(id_, fit, words[0]) for id_, fit, words in asked(night)] == [
        (lasts.pk, Fit.FULLY, "may read all of it"),
        (ends.pk, Fit.PARTLY, "may read some of it: has no valid licence for NSW"),
        (none.pk, Fit.NOT, "has no valid licence for NSW"),
    ]


def test_an_opening_at_one_site_asks_for_that_site_alone() -> None:
    shift = evening_shift(all_sites=False)
    places = [_licensed_place("NSW"), _licensed_place("QLD")]
    for place in places:
        ShiftSite.objects.create(shift=shift, site=place)
    Licence.objects.create(radiologist=person("A"), jurisdiction="QLD")
    assert [fit for _, fit, _ in asked(opening(shift))] == [Fit.PARTLY]
    assert [fit for _, fit, _ in asked(opening(shift, site=places[1].code))] == [Fit.FULLY]
    narrowed = opening(shift, site=places[0].code, work=WorkType("MR"))
    assert [fit for _, fit, _ in asked(narrowed)] == [Fit.NOT]


def test_a_required_subspecialty_is_asked_for() -> None:
    shift = evening_shift(required_subspecialty="neuroradiology")
    SiteFactory.create()
    person("A", specialties=["neuroradiology"])
    person("B")
    assert [(id_, fit) for id_, fit, _ in asked(opening(shift))] == [
        ("A", Fit.FULLY),
        ("B", Fit.NOT),
    ]


def test_only_people_in_sight_are_looked_at_and_foreign_shifts_not_named() -> None:
    here, there = SiteFactory.create(), SiteFactory.create()
    shift = evening_shift(all_sites=False)
    ShiftSite.objects.create(shift=shift, site=here)
    own, foreign = person("OWN"), person("FOREIGN")
    RadiologistSite.objects.create(radiologist=own, site=here)
    RadiologistSite.objects.create(radiologist=foreign, site=there)
    elsewhere = works(own, time(15), time(23), name="Secret", all_sites=False)
    ShiftSite.objects.create(shift=elsewhere, site=there)
    scope = Scope(site_ids=frozenset({here.pk}))
    assert [(id_, words[1]) for id_, _fit, words in asked(opening(shift), scope)] == [
        ("OWN", "also on another shift then")
    ]


def test_it_costs_the_same_reads_for_many_people() -> None:
    shift = evening_shift()
    person("A")
    with CaptureQueriesContext(connection) as one:
        could_fill(opening(shift), scope=EVERYWHERE)
    for number in range(60):
        works(person(f"P{number}"), time(8), time(10))
    with CaptureQueriesContext(connection) as many:
        could_fill(opening(shift), scope=EVERYWHERE)
    assert len(one) == len(many) <= 12

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from apps.engine.codes import Refused, Urgency
from apps.engine.compiled import compile_config
from apps.engine.facts import Config, Dated, SiteFacts
from apps.engine.rota import (
    HolidayMode,
    LeaveFacts,
    RosterRow,
    RotationFacts,
    RotationUnit,
    ShiftFacts,
    WorkType,
)
from apps.engine.timeline.facts import (
    Cause,
    Cover,
    Intents,
    Lack,
    PlannedGapFacts,
    Segment,
    Skipped,
    Verdict,
    Work,
)
from apps.engine.timeline.sweep import sweep
from tests.engine.build import ROBINA, config, on, reader, shift

# Brisbane is ten hours ahead of UTC all year: midnight of Wednesday, 4 February 2026.
MIDNIGHT = datetime(2026, 2, 3, 14, tzinfo=UTC)
DAY = timedelta(days=1)
WEDNESDAY = date(2026, 2, 4)
A, B = reader("A"), reader("B")
MR_MSK = Work("MR", "MSK")


def day_shift(code: str = "DAY", **changes: Any) -> ShiftFacts:
    return shift(code, start_local=time(8), end_local=time(16), **changes)


def said(
    made: Config,
    *covers: Cover,
    intents: Intents | None = None,
    work: Work = MR_MSK,
    urgency: Urgency = Urgency.ROUTINE,
    site: str = "ROBINA",
    days: int = 1,
) -> list[tuple[float, float, Verdict]]:
    """Return what is said of a lane, in hours since midnight."""
    rows = sweep(compile_config(made), MIDNIGHT, MIDNIGHT + days * DAY, intents).rows
    [row] = [
        row for row in rows if row.work == work and urgency in row.urgencies and site in row.sites
    ]
    return [
        (_hours(one.start_at), _hours(one.end_at), one.verdict) for one in row.segments(*covers)
    ]


def _hours(at: datetime) -> float:
    return (at - MIDNIGHT) / timedelta(hours=1)


def gaps(made: Config, **asked: Any) -> list[Verdict]:
    return [verdict for *_, verdict in said(made, Cover.OPEN, Cover.MEANT, **asked)]


NO_SHIFT = Verdict(Cover.MEANT, (), (Cause(Lack.NO_SHIFT),))


def test_a_shift_that_has_somebody_covers_its_hours_and_none_is_planned_around_them() -> None:
    made = config((day_shift(),), (A,), on("DAY", "A"))
    assert said(made) == [
        (0, 8, NO_SHIFT),
        (8, 16, Verdict(Cover.COVERED, ("A",))),
        (16, 24, NO_SHIFT),
    ]


@pytest.mark.parametrize(
    ("changes", "causes"),
    [
        pytest.param({"roster": ()}, [Cause(Lack.NOBODY, "DAY")], id="nobody is rostered"),
        pytest.param(
            {"leaves": (LeaveFacts("A", WEDNESDAY, WEDNESDAY),)},
            [Cause(Lack.ON_LEAVE, "DAY", ("A",))],
            id="on leave",
        ),
        pytest.param(
            {"leaves": (LeaveFacts("A", WEDNESDAY, WEDNESDAY, is_other_work=True),)},
            [Cause(Lack.OTHER_WORK, "DAY", ("A",))],
            id="at other work",
        ),
        pytest.param(
            {"sites": (replace(ROBINA, requires_licence=True, jurisdiction="QLD"),)},
            [Cause(Lack.UNFIT, "DAY", ("A", Refused.LICENCE.value, "QLD"))],
            id="no licence",
        ),
        pytest.param(
            {"sites": (replace(ROBINA, requires_privilege=True),)},
            [Cause(Lack.UNFIT, "DAY", ("A", Refused.PRIVILEGE.value, "ROBINA", "MR", "MSK"))],
            id="no privilege",
        ),
        pytest.param(
            {"shifts": (day_shift(required_subspecialty="neuroradiology"),)},
            [Cause(Lack.UNFIT, "DAY", ("A", Refused.SUBSPECIALTY.value, "neuroradiology"))],
            id="not a reader of what the shift requires",
        ),
        pytest.param(
            {"radiologists": (reader("A", is_active=False),)},
            [Cause(Lack.UNFIT, "DAY", ("A", Refused.INACTIVE.value))],
            id="switched off",
        ),
        pytest.param(
            {"radiologists": ()},
            [Cause(Lack.UNFIT, "DAY", ("A", Refused.UNKNOWN_PERSON.value))],
            id="not a known radiologist",
        ),
    ],
)
def test_a_gap_that_is_not_meant_says_why(changes: dict[str, Any], causes: list[Cause]) -> None:
    made = replace(config((day_shift(),), (A,), on("DAY", "A")), **changes)
    assert said(made, Cover.OPEN) == [(8, 16, Verdict(Cover.OPEN, (), tuple(causes)))]


@pytest.mark.parametrize(
    ("changes", "intents", "cause"),
    [
        pytest.param(
            {},
            Intents(gaps=(PlannedGapFacts("DAY", WEDNESDAY, None, frozenset(), "Move"),)),
            Cause(Lack.PLANNED, "DAY", ("Move",)),
            id="a planned gap",
        ),
        pytest.param(
            {},
            Intents(readers_wanted={"DAY": 0}),
            Cause(Lack.NONE_WANTED, "DAY"),
            id="no reader is wanted",
        ),
        pytest.param(
            {"rotations": (RotationFacts("DAY", ("", "A"), WEDNESDAY, None, RotationUnit.DAYS),)},
            Intents(),
            Cause(Lack.NOBODYS_TURN, "DAY"),
            id="nobody's turn",
        ),
        pytest.param(
            {
                "shifts": (day_shift(calendar="QLD", holiday_mode=HolidayMode.RESTS),),
                "calendars": {"QLD": frozenset({WEDNESDAY})},
            },
            Intents(days_off={"QLD": {WEDNESDAY: "Founders' Day"}}),
            Cause(Lack.HOLIDAY, "DAY", ("Founders' Day",)),
            id="a holiday",
        ),
        pytest.param(
            {"shifts": (day_shift(priority_level=-1),), "roster": on("DAY", "A")},
            Intents(),
            Cause(Lack.BY_HAND, "DAY"),
            id="given by hand alone",
        ),
    ],
)
def test_a_gap_that_is_meant_says_so(
    changes: dict[str, Any], intents: Intents, cause: Cause
) -> None:
    made = replace(config((day_shift(),), (A,)), **changes)
    found = said(made, intents=intents)
    assert [one for one in found if one[0] == 8] == [(8, 16, Verdict(Cover.MEANT, (), (cause,)))]
    assert not said(made, Cover.OPEN, intents=intents)


def test_a_planned_gap_holds_on_its_weekdays_and_dates_alone() -> None:
    gap = PlannedGapFacts("DAY", WEDNESDAY, WEDNESDAY + 8 * DAY, frozenset({3, 4}), "Audit")
    dates = [WEDNESDAY + number * DAY for number in range(-1, 10)]
    assert [on for on in dates if gap.covers(on)] == [
        date(2026, 2, 4),
        date(2026, 2, 5),
        date(2026, 2, 11),
        date(2026, 2, 12),
    ]


def test_who_is_there_although_nobody_need_be_covers_it() -> None:
    made = config((day_shift(),), (A,), on("DAY", "A"))
    intents = Intents(readers_wanted={"DAY": 0})
    assert said(made, Cover.COVERED, intents=intents) == [(8, 16, Verdict(Cover.COVERED, ("A",)))]


def test_fewer_than_are_wanted_is_thin_and_says_where_the_others_are() -> None:
    made = config(
        (day_shift(),),
        (A, B),
        on("DAY", "A", "B"),
        leaves=(LeaveFacts("B", WEDNESDAY, WEDNESDAY),),
    )
    causes = (Cause(Lack.THIN, "DAY", (1, 2)), Cause(Lack.ON_LEAVE, "DAY", ("B",)))
    assert said(made, Cover.THIN, intents=Intents(readers_wanted={"DAY": 2})) == [
        (8, 16, Verdict(Cover.THIN, ("A",), causes))
    ]


def test_an_empty_shift_is_thin_where_another_reads_its_work() -> None:
    general = day_shift("ALL", work_types=(WorkType(),), priority_level=0)
    made = config((day_shift(), general), (A,), on("ALL", "A"))
    assert said(made, Cover.THIN) == [
        (8, 16, Verdict(Cover.THIN, ("A",), (Cause(Lack.NOBODY, "DAY"),)))
    ]


def test_who_is_on_two_shifts_of_a_level_is_judged_on_the_more_specific() -> None:
    exact = day_shift("EXACT", required_subspecialty="neuroradiology")
    loose = day_shift("LOOSE", work_types=(WorkType("MR"),))
    made = config((exact, loose), (A,), (*on("EXACT", "A"), *on("LOOSE", "A")))
    refused = ("A", Refused.SUBSPECIALTY.value, "neuroradiology")
    [(*_, verdict)] = said(made, Cover.OPEN)
    assert verdict == Verdict(
        Cover.OPEN,
        (),
        (Cause(Lack.UNFIT, "EXACT", refused), Cause(Lack.UNFIT, "LOOSE", refused)),
    )
    lower = replace(made, shifts=(exact, replace(loose, priority_level=5)))
    assert [verdict.eligible for *_, verdict in said(lower, Cover.THIN)] == [("A",)]


def test_a_licence_counts_from_its_first_day_to_its_last_on_the_clock_of_the_site() -> None:
    site = replace(ROBINA, requires_licence=True, jurisdiction="QLD")
    licensed = reader(
        "A",
        licences=(
            Dated(
                jurisdiction="QLD",
                start_on=WEDNESDAY + DAY,
                end_on=WEDNESDAY + 2 * DAY,
            ),
        ),
    )
    made = config((shift("DAY"),), (licensed,), on("DAY", "A"), sites=(site,))
    assert [(*hours, verdict.cover) for *hours, verdict in said(made, days=4)] == [
        (0, 24, Cover.OPEN),
        (24, 72, Cover.COVERED),
        (72, 96, Cover.OPEN),
    ]


def test_hours_away_open_a_gap_to_the_minute() -> None:
    away = LeaveFacts(
        "A",
        WEDNESDAY,
        WEDNESDAY,
        time(9, 17),
        time(10, 3),
        "Australia/Brisbane",
        is_other_work=True,
    )
    made = config((day_shift(),), (A,), on("DAY", "A"), leaves=(away,))
    assert [(round(start * 60), round(end * 60)) for start, end, _ in said(made, Cover.OPEN)] == [
        (9 * 60 + 17, 10 * 60 + 3)
    ]


def test_what_one_shift_reads_of_stat_is_a_row_of_its_own() -> None:
    stat = day_shift("STAT", work_types=(WorkType(urgency="STAT"),), priority_level=20)
    made = config((day_shift(), stat), (A, B), (*on("DAY", "A"), *on("STAT", "B")))
    rows = sweep(compile_config(made), MIDNIGHT, MIDNIGHT + DAY).rows
    assert [(row.work, row.urgencies, row.sites, row.shifts) for row in rows if row.shifts] == [
        (Work(), (Urgency.STAT,), ("ROBINA",), ("STAT",)),
        (Work("MR", "MSK"), (Urgency.STAT,), ("ROBINA",), ("STAT", "DAY")),
        (Work("MR", "MSK"), (Urgency.URGENT, Urgency.ROUTINE), ("ROBINA",), ("DAY",)),
    ]
    assert said(made, Cover.COVERED, urgency=Urgency.STAT) == [
        (8, 16, Verdict(Cover.COVERED, ("A", "B")))
    ]


def test_sites_with_one_answer_are_one_row_and_those_without_a_shift_another() -> None:
    places = tuple(replace(ROBINA, code=code) for code in ("S1", "S2", "S3"))
    made = config((day_shift(sites=frozenset({"S1", "S3"})),), (A,), on("DAY", "A"), sites=places)
    rows = sweep(compile_config(made), MIDNIGHT, MIDNIGHT + DAY).rows
    assert [(row.sites, row.shifts) for row in rows] == [(("S1", "S3"), ("DAY",)), (("S2",), ())]
    assert rows[1].segments() == [Segment(MIDNIGHT, MIDNIGHT + DAY, NO_SHIFT)]


def test_the_order_of_a_row_is_the_order_in_which_shifts_are_asked() -> None:
    made = config(
        (
            day_shift("LOW", priority_level=1),
            day_shift("HAND", priority_level=-1),
            day_shift("ANY", work_types=(WorkType("MR"),)),
            day_shift("EXACT"),
            day_shift("EVERYWHERE", sites=None),
        )
    )
    [row] = [
        row
        for row in sweep(compile_config(made), MIDNIGHT, MIDNIGHT + DAY).rows
        if row.work == Work("MR", "MSK") and "ROBINA" in row.sites
    ]
    assert row.shifts == ("EXACT", "ANY", "EVERYWHERE", "LOW", "HAND")


def test_a_run_in_the_hour_that_is_skipped_is_named() -> None:
    site = SiteFacts("SYD", "C", "Australia/Sydney")
    lost = shift(
        "LOST",
        start_local=time(2, 15),
        end_local=time(2, 45),
        zone="Australia/Sydney",
        sites=frozenset({"SYD"}),
    )
    made = config((lost, shift("KEPT")), sites=(site, ROBINA))
    start = datetime(2026, 9, 27, tzinfo=UTC)
    swept = sweep(compile_config(made), start, start + 14 * DAY)
    assert swept.skipped == [Skipped("LOST", date(2026, 10, 4))]


def test_a_night_is_as_long_as_it_really_is_when_the_clocks_change() -> None:
    site = SiteFacts("SYD", "C", "Australia/Sydney")
    night = shift(
        "NIGHT",
        start_local=time(23),
        end_local=time(7),
        zone="Australia/Sydney",
        sites=frozenset({"SYD"}),
    )
    made = config((night,), (A,), on("NIGHT", "A"), sites=(site,))
    start = datetime(2026, 4, 3, tzinfo=UTC)
    [row] = sweep(compile_config(made), start, start + 4 * DAY).rows
    lengths = [(end - begin) / timedelta(hours=1) for begin, end in row.spans(Cover.COVERED)]
    assert lengths == [8, 9, 8, 8]


def test_a_part_of_a_run_is_covered_by_who_takes_it() -> None:
    row = RosterRow("DAY", "A", WEDNESDAY, WEDNESDAY)
    extra = RosterRow("DAY", "B", WEDNESDAY, WEDNESDAY, frozenset(), 1, time(12), time(14))
    away = LeaveFacts("A", WEDNESDAY, WEDNESDAY, time(12), time(16), "Australia/Brisbane")
    made = config((day_shift(),), (A, B), (row,), extras=(extra,), leaves=(away,))
    assert [
        (*hours, verdict.cover, verdict.eligible)
        for *hours, verdict in said(made)
        if verdict.cover is not Cover.MEANT
    ] == [
        (8, 12, Cover.COVERED, ("A",)),
        (12, 14, Cover.COVERED, ("B",)),
        (14, 16, Cover.OPEN, ()),
    ]


def test_a_site_whose_sites_are_all_gone_is_read_by_nobody() -> None:
    made = config((day_shift(sites=frozenset()),), (A,), on("DAY", "A"))
    assert gaps(made) == [NO_SHIFT]

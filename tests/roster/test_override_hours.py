"""Hours of overrides, other work, several people at once, and gaps that are meant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.roster.models import PlannedGap, RosterOverride
from apps.roster.patterns import lies_within, share_hours
from tests.factories.catalog import SiteFactory
from tests.factories.times import NOON
from tests.roster.scene import effects, errors, placed_shift, reader, seat, undo_last
from tests.support.people import signed_in

pytestmark = pytest.mark.db

FRIDAY = date(2026, 2, 6)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)


def sent(**changes: object) -> dict[str, object]:
    day = {"start_date": "2026-02-06", "end_date": "2026-02-06", "note": ""}
    return {**day, "start_local": "", "end_local": "", "time_zone": "", **changes}


def hours() -> list[tuple[str, str, time | None, time | None, str]]:
    rows = RosterOverride.objects.order_by("radiologist_id", "start_date", "start_local")
    return [
        (row.kind, row.radiologist_id, row.start_local, row.end_local, row.time_zone)
        for row in rows
    ]


@pytest.mark.parametrize(
    ("part", "is_within"),
    [
        ((time(22), time(2)), True),
        ((time(2), time(6)), True),
        ((time(23, 30), time(0, 30)), True),
        ((time(21), time(23)), False),
        ((time(5), time(7)), False),
        ((time(22), time(22)), False),
    ],
)
def test_hours_of_a_night_lie_within_it_over_midnight(
    part: tuple[time, time], *, is_within: bool
) -> None:
    assert lies_within(part, time(22), time(6)) is is_within


def test_hours_share_time_over_midnight_and_with_the_whole_day() -> None:
    night, morning = (time(22), time(6)), (time(6), time(8))
    assert not share_hours(night, morning)
    assert share_hours(night, (time(5), time(7)))
    assert share_hours((None, None), morning)


def test_other_work_of_some_hours_leaves_the_rest_and_names_its_zone(manager: Client) -> None:
    ann = reader("ANN")
    seat(placed_shift("DAY"), ann)
    url = reverse("roster-override-add", args=["other_work"])
    form = sent(
        radiologist="ANN", start_local="13:00", end_local="15:00", time_zone="Australia/Brisbane"
    )
    preview = manager.post(url, {**form, "preview": "1"})
    assert effects(preview)[-1] is not None
    assert ("calm", "Only 13:00 to 15:00 in Australia/Brisbane.") in effects(preview)
    assert manager.post(url, form).status_code == 302
    brisbane = "Australia/Brisbane"
    assert hours() == [("other_work", "ANN", time(13), time(15), brisbane)]
    later = {**form, "start_local": "15:00", "end_local": "16:00"}
    assert manager.post(url, later).status_code == 302
    assert "start_date" in errors(manager.post(url, {**form, "start_local": "14:00"}))


def test_a_part_of_a_swap_lies_within_the_run_and_half_an_hour_is_refused(manager: Client) -> None:
    giver, night = reader("GIVER"), placed_shift("NIGHT", start_local=time(22), end_local=time(6))
    reader("ANN")
    seat(night, giver)
    url = reverse("roster-override-add", args=["swap"])
    form = sent(shift=night.pk, radiologist="GIVER", taker="ANN")
    wrong = manager.post(url, {**form, "start_local": "20:00", "end_local": "23:00"})
    assert errors(wrong) == {
        "start_local": [
            "NIGHT runs 22:00 to 06:00 next day in Australia/Brisbane: choose of these."
        ]
    }
    half = manager.post(url, {**form, "start_local": "23:00"})
    assert errors(half) == {"end_local": ["Hours have a start and an end."]}
    assert (
        manager.post(url, {**form, "start_local": "23:00", "end_local": "02:00"}).status_code
        == 302
    )
    assert hours() == [("swap", "GIVER", time(23), time(2), "")]


def test_a_manager_swaps_nobody_in_who_may_not_read_the_work(manager: Client) -> None:
    SiteFactory.create(jurisdiction="QLD", requires_licence=True)
    giver, ann, day = reader("GIVER"), reader("ANN"), placed_shift("DAY")
    seat(day, giver)
    url = reverse("roster-override-add", args=["swap"])
    form = sent(shift=day.pk, radiologist="GIVER", taker="ANN", end_date="2026-02-20")
    ann.licences.create(jurisdiction="QLD", end_date=date(2026, 2, 10))
    assert list(errors(manager.post(url, form))) == ["taker"]
    assert not RosterOverride.objects.exists()
    assert manager.post(url, {**form, "end_date": "2026-02-10"}).status_code == 302


def test_leave_of_several_people_is_previewed_and_undone_as_one(manager: Client) -> None:
    ann, ben = reader("ANN"), reader("BEN")
    seat(placed_shift("DAY"), ann)
    reader(
        "DUP1",
    )
    url = reverse("roster-override-many", args=["leave"])
    form = {
        "people": ["ANN"],
        "names": "ben\nnobody at all",
        "days": "2026-02-06\n7 Feb 2026\n12.02.2026",
        "start_date": "",
        "end_date": "",
        "start_local": "",
        "end_local": "",
        "time_zone": "",
        "note": "Congress",
    }
    assert errors(manager.post(url, form)) == {"names": ["Nobody here is called nobody at all."]}
    form["names"] = "ben"
    preview = manager.post(url, {**form, "preview": "1"})
    assert (
        "alarm",
        "Nobody is left on DAY on Fri 6 Feb, Sat 7 Feb and Thu 12 Feb.",
    ) in effects(preview)
    assert manager.post(url, form).status_code == 302
    assert [
        (row.radiologist_id, str(row.start_date), str(row.end_date), row.note)
        for row in RosterOverride.objects.order_by("radiologist_id", "start_date")
    ] == [
        (name, first, last, "Congress")
        for name in ("ANN", "BEN")
        for first, last in (("2026-02-06", "2026-02-07"), ("2026-02-12", "2026-02-12"))
    ]
    undo_last(manager, "roster_rosteroverride")
    assert not RosterOverride.objects.exists()
    assert ben.is_active


def test_many_refuses_nobody_no_day_and_what_is_there_already(manager: Client) -> None:
    reader("ANN")
    url = reverse("roster-override-many", args=["leave"])
    assert set(errors(manager.post(url, {"note": ""}))) >= {"people", "start_date"}
    form = {"people": ["ANN"], "start_date": "2026-02-06", "note": "", "days": "", "names": ""}
    assert manager.post(url, form).status_code == 302
    assert errors(manager.post(url, form)) == {"__all__": ["Ann has this 6 Feb 2026 already."]}
    assert manager.get(reverse("roster-override-many", args=["swap"])).status_code == 404


def test_a_row_holds_on_some_weekdays_of_every_other_week(manager: Client) -> None:
    reader("ANN")
    day = placed_shift("DAY")
    form = {
        "shift": day.pk,
        "radiologist": "ANN",
        "start_date": "2026-02-09",
        "end_date": "",
        "weekdays": ["1", "3"],
        "every_weeks": "2",
    }
    preview = manager.post(reverse("roster-row-add"), {**form, "preview": "1"})
    assert ("calm", "Ann is on DAY on Mon 9 Feb, Wed 11 Feb, Mon 23 Feb and Wed 25 Feb.") in (
        effects(preview)
    ) or any("Mon 9 Feb, Wed 11 Feb" in words for _tone, words in effects(preview))
    assert manager.post(reverse("roster-row-add"), form).status_code == 302
    assert "Mon, Wed, every other week" in manager.get(reverse("roster-rows")).content.decode()


def test_a_gap_is_declared_with_its_effect_ended_and_undone(manager: Client) -> None:
    day = placed_shift("DAY")
    seat(day, reader("ANN"), start_date=date(2026, 2, 7), end_date=date(2026, 2, 7))
    url = reverse("planned-gap-add")
    shown = manager.get(url, {"shift": str(day.pk), "start_date": "2026-02-06"})
    assert shown.context["form"].initial["end_date"] == "2026-02-06"
    form = {
        "shift": day.pk,
        "start_date": "2026-02-06",
        "end_date": "2026-02-08",
        "reason": "Move",
    }
    preview = manager.post(url, {**form, "preview": "1"})
    assert effects(preview) == [
        ("calm", "Nobody is on DAY on Fri 6 Feb and Sun 8 Feb, and is not asked for."),
        ("warn", "Somebody is on DAY on Sat 7 Feb all the same, and stays on."),
    ]
    manager.post(url, form)
    gap = PlannedGap.objects.get()
    end = reverse("planned-gap-end", args=[gap.pk])
    preview = manager.post(end, {"end_date": "2026-02-06", "preview": "1"})
    assert effects(preview) == [("alarm", "Nobody is on DAY on Sun 8 Feb: uncovered again.")]
    assert errors(manager.post(end, {"end_date": "2026-02-01"})) == {
        "end_date": ["It lies before the first day; delete the gap instead."]
    }
    manager.post(reverse("planned-gap-delete", args=[gap.pk]))
    assert not PlannedGap.objects.exists()
    undo_last(manager, "roster_plannedgap")
    assert str(PlannedGap.objects.get().end_date) == "2026-02-08"
    assert FRIDAY.isoweekday() == 5


def test_the_list_of_gaps_is_empty_in_words_and_shows_own_sites_alone() -> None:
    here, there = SiteFactory.create(), SiteFactory.create()
    own, foreign = signed_in(Role.MANAGER, site=here), signed_in(Role.MANAGER, site=there)
    assert "No shift is meant to be empty." in own.get(reverse("planned-gaps")).content.decode()
    shift = placed_shift("DAY", here)
    gap = PlannedGap.objects.create(shift=shift, start_date=FRIDAY, reason="Move")
    assert "Move" in own.get(reverse("planned-gaps")).content.decode()
    assert "Move" not in foreign.get(reverse("planned-gaps")).content.decode()
    assert foreign.get(reverse("planned-gap", args=[gap.pk])).status_code == 404

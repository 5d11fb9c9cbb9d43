"""Holiday calendars: who changes them, what a day does to shifts, and what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.catalog.models import CalendarDay, HolidayCalendar
from apps.catalog.queries.regions import countries, region_words, regions
from tests.factories.catalog import SiteFactory
from tests.factories.times import NOON
from tests.roster.scene import effects, errors, placed_shift, reader, seat, undo_last
from tests.roster.shown_form import sending, shown_form
from tests.support.people import signed_in

pytestmark = pytest.mark.db

FRIDAY = date(2026, 2, 6)
_TOO_FEW = (
    "Each turn asks for 2 readers: too few on Wed 4 Feb, Thu 5 Feb, Fri 6 Feb and 25 more turns."
)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def admin() -> Client:
    return signed_in(Role.ADMINISTRATOR)


@pytest.fixture
def queensland() -> HolidayCalendar:
    return HolidayCalendar.objects.create(
        code="AU-QLD", name="Queensland", country="AU", subdivision="QLD"
    )


def day_sent(**changes: object) -> dict[str, object]:
    return {"on": "2026-02-06", "last_on": "", "kind": "closure", "name": "Closed", **changes}


def own_days() -> list[tuple[str, str, str]]:
    return [(str(day.on), day.kind, day.name) for day in CalendarDay.objects.order_by("on")]


def test_a_calendar_belongs_to_every_site_so_a_sites_administrator_looks_only(
    queensland: HolidayCalendar,
) -> None:
    of_site = signed_in(Role.ADMINISTRATOR, site=SiteFactory.create())
    page = of_site.get(reverse("calendar", args=[queensland.pk]))
    assert "Add days" not in page.content.decode()
    for name in ("calendar-edit", "calendar-delete", "calendar-day-add"):
        assert of_site.post(reverse(name, args=[queensland.pk])).status_code == 403
    assert signed_in(Role.RADIOLOGIST).get(reverse("calendars")).status_code == 403


def test_countries_and_regions_are_said_in_words() -> None:
    assert (countries()["AU"], regions("AU")["QLD"]) == ("Australia", "Queensland")
    assert region_words("AU", "QLD") == "Australia, Queensland"
    assert (regions("XX"), region_words("", "")) == ({}, "")


def test_a_calendar_is_added_with_a_region_of_its_country_only(admin: Client) -> None:
    form = {"code": "AU", "name": "Ours", "country": "AU", "subdivision": "BY"}
    assert list(errors(admin.post(reverse("calendar-add"), form))) == ["subdivision"]
    assert admin.post(reverse("calendar-add"), {**form, "subdivision": "QLD"}).status_code == 302
    found = HolidayCalendar.objects.get()
    page = admin.get(reverse("calendar", args=[found.pk])).content.decode()
    assert "The Royal Queensland Show" in page
    part = admin.get(reverse("calendar-regions"), {"country": "DE"}).content.decode()
    assert 'value="BY"' in part
    assert 'value="QLD"' not in part


def test_days_in_a_row_say_which_shifts_rest_and_where_nobody_is(
    admin: Client, queensland: HolidayCalendar
) -> None:
    for code in ("DAY", "LATE"):
        placed_shift(code, calendar=queensland, holiday_mode="rests")
    placed_shift("ALWAYS", calendar=queensland)
    only = placed_shift("HOLIDAY", calendar=queensland, holiday_mode="only")
    seat(only, reader("ANN"), start_date=FRIDAY, end_date=FRIDAY)
    url = reverse("calendar-day-add", args=[queensland.pk])
    form = day_sent(last_on="2026-02-07")
    preview = admin.post(url, {**form, "preview": "1"})
    assert effects(preview) == [
        ("alarm", "Nobody is on HOLIDAY on Sat 7 Feb."),
        ("warn", "DAY and LATE do not run on Fri 6 Feb."),
        ("calm", "HOLIDAY runs on Fri 6 Feb."),
        ("warn", "DAY and LATE do not run on Sat 7 Feb."),
        ("calm", "HOLIDAY runs on Sat 7 Feb."),
    ]
    assert admin.post(url, form).status_code == 302
    assert own_days() == [
        ("2026-02-06", "closure", "Closed"),
        ("2026-02-07", "closure", "Closed"),
    ]
    assert errors(admin.post(url, day_sent(on="2026-02-07"))) == {
        "on": ["The calendar says of 7 Feb 2026: Closed."]
    }
    undo_last(admin, "catalog_calendarday")
    assert own_days() == []


def test_a_working_day_takes_a_public_holiday_away(
    admin: Client, queensland: HolidayCalendar
) -> None:
    placed_shift("DAY", calendar=queensland, holiday_mode="rests")
    url = reverse("calendar-day-add", args=[queensland.pk])
    form = day_sent(on="2026-04-03", kind="working", name="We work")
    assert effects(admin.post(url, {**form, "preview": "1"})) == [
        ("alarm", "Nobody is on DAY on Fri 3 Apr."),
        ("calm", "DAY runs on Fri 3 Apr."),
    ]


def test_a_day_is_changed_and_taken_away(admin: Client, queensland: HolidayCalendar) -> None:
    day = CalendarDay.objects.create(calendar=queensland, on=FRIDAY, name="Closed")
    url = reverse("calendar-day", args=[queensland.pk, day.pk])
    assert admin.post(url, sending(shown_form(admin, url), name="Move")).status_code == 302
    assert own_days() == [("2026-02-06", "closure", "Move")]
    stale = sending(shown_form(admin, url), seen="1")
    assert admin.post(url, stale).status_code == 409
    admin.post(reverse("calendar-day-delete", args=[queensland.pk, day.pk]))
    assert own_days() == []
    other = HolidayCalendar.objects.create(code="X", name="X")
    kept = CalendarDay.objects.create(calendar=queensland, on=FRIDAY, name="Closed")
    wrong = reverse("calendar-day-delete", args=[other.pk, kept.pk])
    assert admin.post(wrong).status_code == 404


def test_a_calendar_that_something_goes_by_is_not_deleted(
    admin: Client, queensland: HolidayCalendar
) -> None:
    site = SiteFactory.create(calendar=queensland)
    url = reverse("calendar-delete", args=[queensland.pk])
    assert admin.post(url).status_code == 409
    site.calendar = None
    site.save()
    assert admin.post(url).status_code == 302
    assert not HolidayCalendar.objects.exists()
    undo_last(admin, "catalog_holidaycalendar")
    assert HolidayCalendar.objects.get().code == "AU-QLD"


def test_the_list_costs_the_same_at_one_and_a_hundred(admin: Client) -> None:
    assert "There are no calendars yet." in admin.get(reverse("calendars")).content.decode()
    counts = []
    for number in (1, 100):
        for at in range(number):
            made = HolidayCalendar.objects.create(code=f"C{number}-{at}", name="C")
            CalendarDay.objects.create(calendar=made, on=FRIDAY, name="Closed")
        with CaptureQueriesContext(connection) as queries:
            page = admin.get(reverse("calendars"))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15
    assert page.context["rows"][0].next == (FRIDAY, "Closed")


def test_a_shift_goes_by_a_calendar_and_says_on_which_days_it_rests(
    queensland: HolidayCalendar,
) -> None:
    manager = signed_in(Role.MANAGER)
    SiteFactory.create(calendar=queensland)
    shift = placed_shift("DAY")
    shift.work_types.create()
    url = reverse("shift-edit", args=[shift.pk])
    form = shown_form(manager, url)
    wrong = manager.post(url, sending(form, holiday_mode="rests"))
    assert errors(wrong) == {"calendar": ["Choose the calendar whose days off count."]}
    rests = sending(form, calendar=queensland.pk, holiday_mode="rests", preview="1")
    told = [words for _tone, words in effects(manager.post(url, rests))]
    assert any(words.startswith("Does not run on Fri 3 Apr, Sat 4 Apr") for words in told)
    new = manager.get(reverse("shift-add"))
    assert new.context["form"].initial["calendar"] == queensland.pk


def test_a_shift_asks_for_more_readers_or_for_them_alone(queensland: HolidayCalendar) -> None:
    manager = signed_in(Role.MANAGER)
    SiteFactory.create(calendar=queensland)
    ann, shift = reader("ANN"), placed_shift("DAY")
    shift.work_types.create()
    seat(shift, ann)
    seat(placed_shift("TWIN", weekdays=[5]), ann, end_date=FRIDAY)
    url = reverse("shift-edit", args=[shift.pk])
    form = shown_form(manager, url)
    told = effects(manager.post(url, sending(form, readers_wanted=2, preview="1")))
    assert (
        "warn",
        _TOO_FEW,
    ) in told
    told = effects(manager.post(url, sending(form, is_exclusive="on", preview="1")))
    assert (
        "alarm",
        "Ann would be in two places at once: DAY and TWIN on Fri 6 Feb for 8 h.",
    ) in told
    told = effects(manager.post(url, sending(form, readers_wanted=0, preview="1")))
    assert ("warn", "A turn that nobody is on no longer counts as uncovered.") in told

"""Rotations: a change keeps the past, a stale form changes nothing, turns are told in words."""

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
from apps.roster.models import Rotation, RotationTurn
from apps.roster.patterns import pattern_words
from apps.roster.queries.plan import plan_of
from tests.factories.catalog import SiteFactory
from tests.factories.times import NOON
from tests.roster.scene import HTMX, effects, errors, placed_shift, reader, rotate, undo_last
from tests.roster.shown_form import sending, shown_form
from tests.support.people import signed_in

pytestmark = pytest.mark.db

MONDAY = date(2026, 2, 9)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)


def stored() -> list[tuple[str, str | None, list[str]]]:
    return [
        (
            str(one.start_date),
            str(one.end_date) if one.end_date else None,
            [turn.radiologist_id or "" for turn in one.turns.order_by("position")],
        )
        for one in Rotation.objects.order_by("start_date", "pk")
    ]


def sent(**changes: object) -> dict[str, object]:
    return {
        "name": "",
        "end_date": "",
        "length": 1,
        "unit": "weeks",
        "status": "active",
        **changes,
    }


def test_a_rotation_is_begun_with_a_turn_that_is_nobodys_and_undone_whole(manager: Client) -> None:
    day = placed_shift("DAY")
    for name in ("ANN", "BEN"):
        reader(name)
    form = sent(shift=day.pk, start_date="2026-02-09", people=["ANN", "", "-", "BEN"])
    preview = manager.post(reverse("rotation-add"), {**form, "preview": "1"}, **HTMX)
    assert ("calm", "Ann is on DAY on Mon 9 Feb, Tue 10 Feb, Wed 11 Feb and 11 more turns.") in (
        effects(preview)
    )
    page = preview.content.decode()
    assert 'id="ahead" hx-swap-oob="true"' in page
    assert "Eight weeks ahead: Day" in page
    assert manager.post(reverse("rotation-add"), form).status_code == 302
    assert stored() == [("2026-02-09", None, ["ANN", "", "BEN"])]
    run = next(
        iter(plan_of([day], date(2026, 2, 16), date(2026, 2, 16)).runs_from(date(2026, 2, 16), 1))
    )
    assert (run.seated, run.is_meant_empty) == ([], True)
    undo_last(manager, "roster_rotation")
    assert stored() == []
    assert not RotationTurn.objects.exists()


def test_another_order_ends_the_rotation_before_the_date_and_begins_one_there(
    manager: Client,
) -> None:
    ann, ben, eve = (reader(name) for name in ("ANN", "BEN", "EVE"))
    day = placed_shift("DAY")
    rotation = rotate(day, ann, ben)
    url = reverse("rotation", args=[rotation.pk])
    form = shown_form(manager, url)
    # The week of Monday 2 February is Ann's again, so the turn that comes next is Ben's.
    assert [value for value in form["people"] if value] == ["BEN", "ANN"]
    assert form["from_date"] == ["2026-02-09"]
    changed = sending(form, people=["BEN", "EVE", "ANN"])
    assert manager.post(url, changed).status_code == 302
    assert stored() == [
        ("2026-01-05", "2026-02-08", ["ANN", "BEN"]),
        ("2026-02-09", None, ["BEN", "EVE", "ANN"]),
    ]
    undo_last(manager, "roster_rotation")
    assert stored() == [("2026-01-05", None, ["ANN", "BEN"])]
    assert eve.rotation_turns.count() == 0


def test_a_form_that_somebody_else_overtook_changes_nothing(manager: Client) -> None:
    ann, ben = reader("ANN"), reader("BEN")
    rotation = rotate(placed_shift("DAY"), ann, ben)
    url = reverse("rotation", args=[rotation.pk])
    form = shown_form(manager, url)
    form["seen"] = ["1"]
    rotation.name = "Theirs"
    rotation.save()
    assert manager.post(url, sending(form, people=["BEN"])).status_code == 409
    assert stored() == [("2026-01-05", None, ["ANN", "BEN"])]


def test_a_change_of_the_name_alone_leaves_the_turns(manager: Client) -> None:
    rotation = rotate(placed_shift("DAY"), reader("ANN"), reader("BEN"))
    url = reverse("rotation", args=[rotation.pk])
    assert manager.post(url, sending(shown_form(manager, url), name="Weeks")).status_code == 302
    rotation.refresh_from_db()
    assert (rotation.name, stored()) == ("Weeks", [("2026-01-05", None, ["ANN", "BEN"])])


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"people": ["-", ""]}, {"people": ["Name at least one person who takes turns."]}),
        ({"people": ["GHOST"]}, {"people": ["One of these people cannot be chosen here."]}),
        (
            {"people": ["BEN"], "from_date": ""},
            {"from_date": ["Say from which date on the turns change."]},
        ),
        (
            {"people": ["BEN"], "from_date": "2025-01-01"},
            {"from_date": ["The rotation holds from 5 Jan 2026 on."]},
        ),
    ],
)
def test_what_a_rotation_must_not_be(
    manager: Client, changes: dict[str, object], wrong: dict[str, list[str]]
) -> None:
    rotation = rotate(placed_shift("DAY"), reader("ANN"), reader("BEN"))
    url = reverse("rotation", args=[rotation.pk])
    answer = manager.post(url, sending(shown_form(manager, url), **changes))
    assert (answer.status_code, errors(answer)) == (422, wrong)


def test_a_rotation_is_ended_and_deleted_with_what_it_bares(manager: Client) -> None:
    rotation = rotate(placed_shift("DAY"), reader("ANN"))
    end = reverse("rotation-end", args=[rotation.pk])
    preview = manager.post(end, {"end_date": "2026-02-05", "preview": "1"})
    assert effects(preview)[0] == (
        "alarm",
        "Nobody is left on DAY on Fri 6 Feb, Sat 7 Feb, Sun 8 Feb and 26 more turns.",
    )
    assert manager.post(end, {"end_date": "2026-02-05"}).status_code == 302
    assert stored() == [("2026-01-05", "2026-02-05", ["ANN"])]
    page = manager.get(reverse("rotation-delete", args=[rotation.pk]))
    assert effects(page)[0] == (
        "warn",
        "Its past turns go too, as if nobody had taken them. End it to keep them.",
    )
    manager.post(reverse("rotation-delete", args=[rotation.pk]))
    assert stored() == []


def test_a_deleted_rotation_comes_back_with_its_turns_for_who_manages_its_site_alone() -> None:
    site = SiteFactory.create()
    own = signed_in(Role.MANAGER, site=site)
    rotation = rotate(placed_shift("DAY", site), reader("ANN", site), None)
    own.post(reverse("rotation-delete", args=[rotation.pk]))
    assert stored() == []
    undo_last(own, "roster_rotation")
    assert stored() == [("2026-01-05", None, ["ANN", ""])]


def test_a_rotation_of_another_site_does_not_exist() -> None:
    here, there = SiteFactory.create(), SiteFactory.create()
    rotation = rotate(placed_shift("DAY", here), reader("ANN", here))
    foreign = signed_in(Role.MANAGER, site=there)
    for name in ("rotation", "rotation-end", "rotation-delete"):
        assert foreign.get(reverse(name, args=[rotation.pk])).status_code == 404
    assert "DAY" not in foreign.get(reverse("rotations")).content.decode()


def test_the_list_says_whose_turn_it_is_and_costs_the_same_at_one_and_many(
    manager: Client,
) -> None:
    assert "Nobody takes turns yet." in manager.get(reverse("rotations")).content.decode()
    counts = []
    for number in (1, 40):
        for at in range(number):
            rotate(
                placed_shift(f"S{number}-{at}"),
                reader(f"A{number}-{at}"),
                reader(f"B{number}-{at}"),
            )
        with CaptureQueriesContext(connection) as queries:
            page = manager.get(reverse("rotations"))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15
    row = page.context["page"].rows[0]
    assert (row.now.person.pk, row.next.person.pk, row.next.on) == ("A1-0", "B1-0", MONDAY)


def test_patterns_are_said_in_words() -> None:
    assert [
        pattern_words([1, 3], 2),
        pattern_words([], 3),
        pattern_words([1, 2, 3, 4, 5]),
        pattern_words([]),
    ] == ["Mon, Wed, every other week", "every 3rd week", "Mon to Fri", ""]

"""Leave, swaps and extra turns: what they do, and what is refused."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.roster.models import (
    Radiologist,
    RosterOverride,
)
from tests.roster.pages.support import (
    THURSDAY,
    address,
    effects,
    errors,
    overrides,
    placed_shift,
    reader,
    seat,
)

pytestmark = pytest.mark.db


def turn_data(**said: object) -> dict[str, object]:
    return {"start_date": "2026-02-05", "end_date": "2026-02-06", "note": "", **said}


def test_leave_says_what_it_leaves_bare_and_who_is_left(manager: Client) -> None:
    ann = reader("ANN")
    seat(placed_shift("ALONE"), ann)
    shared = placed_shift("SHARED")
    seat(shared, ann)
    seat(shared, reader("BEN"))
    url = address("roster-override-add", "leave")
    preview = manager.post(url, turn_data(radiologist="ANN", preview="1"))
    assert effects(preview) == [
        ("alarm", "Nobody is left on ALONE on Thu 5 Feb and Fri 6 Feb."),
        ("calm", "Ann is no longer on ALONE on Thu 5 Feb and Fri 6 Feb."),
        ("calm", "Ann is no longer on SHARED on Thu 5 Feb and Fri 6 Feb."),
        ("calm", "SHARED on Thu 5 Feb: Ben."),
    ]
    assert overrides() == []
    manager.post(url, turn_data(radiologist="ANN"))
    assert overrides() == [("leave", "ANN", None, "2026-02-05", "2026-02-06", "active")]


def test_a_second_leave_on_the_same_days_is_refused(manager: Client) -> None:
    reader("ANN")
    url = address("roster-override-add", "leave")
    manager.post(url, turn_data(radiologist="ANN"))
    again = manager.post(url, turn_data(radiologist="ANN", end_date="2026-02-09"))
    assert errors(again) == {
        "start_date": ["There is such a record 5 Feb 2026 to 6 Feb 2026 already."]
    }


def test_swaps(manager: Client) -> None:
    shift = placed_shift("MRI")
    ann, ben, away = reader("ANN"), reader("BEN"), reader("AWAY")
    seat(shift, ann)
    RosterOverride.objects.create(
        kind="leave", radiologist=away, start_date=THURSDAY, end_date=THURSDAY
    )
    url = address("roster-override-add", "swap")

    def tried(giver: Radiologist, taker: Radiologist) -> dict[str, list[str]]:
        data = turn_data(shift=shift.pk, radiologist=giver.pk, taker=taker.pk, preview="1")
        return errors(manager.post(url, data))

    assert tried(ann, away) == {"taker": ["Away is on leave 5 Feb 2026."]}
    assert tried(ann, ann) == {"taker": ["Nobody swaps with themselves."]}
    assert tried(ben, ann) == {"radiologist": ["Ben is not on MRI on these days."]}
    assert tried(ann, ben) == {}
    data = turn_data(shift=shift.pk, radiologist="ANN", taker="BEN")
    preview = manager.post(url, data | {"preview": "1"})
    assert effects(preview) == [
        ("calm", "Ben is on MRI on Thu 5 Feb and Fri 6 Feb."),
        ("calm", "Ann is no longer on MRI on Thu 5 Feb and Fri 6 Feb."),
        ("calm", "MRI on Thu 5 Feb: Ben."),
    ]
    manager.post(url, data)
    assert overrides()[1:] == [("swap", "ANN", "BEN", "2026-02-05", "2026-02-06", "active")]


def test_a_swap_that_brings_somebody_who_is_on_already_says_so(manager: Client) -> None:
    shift = placed_shift("MRI")
    seat(shift, reader("ANN"))
    ben = reader("BEN")
    seat(shift, ben, start_date="2026-02-06")
    data = turn_data(shift=shift.pk, radiologist="ANN", taker="BEN")
    preview = manager.post(address("roster-override-add", "swap"), data | {"preview": "1"})
    assert effects(preview)[0] == (
        "warn",
        "Ben is on MRI on Fri 6 Feb already: nobody comes for Ann.",
    )
    apart = manager.post(
        address("roster-override-add", "swap"),
        data | {"end_date": "2026-02-05", "preview": "1"},
    )
    assert [tone for tone, _words in effects(apart)] == ["calm"] * 3


def test_a_swap_of_hours_in_which_who_comes_is_not_on_is_no_doubling(manager: Client) -> None:
    shift = placed_shift("MRI")
    seat(shift, reader("ANN"))
    RosterOverride.objects.create(
        kind="extra",
        shift=shift,
        radiologist=reader("BEN"),
        start_date=THURSDAY,
        end_date=THURSDAY,
        start_local="08:00",
        end_local="12:00",
    )
    data = turn_data(shift=shift.pk, radiologist="ANN", taker="BEN", end_date="2026-02-05")

    def warned(**hours: str) -> list[str]:
        url = address("roster-override-add", "swap")
        preview = manager.post(url, data | hours | {"preview": "1"})
        return [words for tone, words in effects(preview) if tone == "warn"]

    assert warned(start_local="12:00", end_local="16:00") == []
    assert warned(start_local="10:00", end_local="16:00") == [
        "Ben is on MRI on Thu 5 Feb 10:00 to 12:00 already: nobody comes for Ann."
    ]


@pytest.mark.parametrize(
    ("last", "turns"), [("2026-01-28", "This turn is"), ("2026-01-29", "These turns are")]
)
def test_a_swap_of_turns_that_are_over_says_so(manager: Client, last: str, turns: str) -> None:
    shift = placed_shift("MRI")
    seat(shift, reader("ANN"))
    data = turn_data(shift=shift.pk, radiologist="ANN", taker=reader("BEN").pk)
    data |= {"start_date": "2026-01-28", "end_date": last, "preview": "1"}
    preview = manager.post(address("roster-override-add", "swap"), data)
    assert effects(preview) == [
        ("warn", f"{turns} over: what was decided then stays, only the roster is written anew."),
        ("calm", "Nobody's turns change from now on."),
    ]


def test_an_extra_turn_and_what_is_refused(manager: Client) -> None:
    shift = placed_shift("MRI")
    reader("ANN")
    reader("OFF", is_active=False)
    url = address("roster-override-add", "extra")
    off = manager.post(url, turn_data(shift=shift.pk, radiologist="OFF"))
    assert errors(off) == {"radiologist": ["Off is switched off and gets no work."]}
    reverse_dates = turn_data(shift=shift.pk, radiologist="ANN", end_date="2026-02-04")
    assert errors(manager.post(url, reverse_dates)) == {
        "end_date": ["The last day lies before the first, 5 Feb 2026."]
    }
    manager.post(url, turn_data(shift=shift.pk, radiologist="ANN"))
    assert overrides() == [("extra", "ANN", None, "2026-02-05", "2026-02-06", "active")]


def test_an_endless_swap_is_answered_in_time(manager: Client) -> None:
    shift = placed_shift("MRI")
    seat(shift, reader("ANN"))
    reader("BEN")
    data = turn_data(shift=shift.pk, radiologist="ANN", taker="BEN", end_date="2100-12-31")
    response = manager.post(address("roster-override-add", "swap"), data | {"preview": "1"})
    assert ("calm", "MRI on Thu 5 Feb: Ben.") in effects(response)


def test_an_override_is_edited_cancelled_and_deleted(manager: Client) -> None:
    ann = reader("ANN")
    leave = RosterOverride.objects.create(
        kind="leave", radiologist=ann, start_date=THURSDAY, end_date=THURSDAY
    )
    data = turn_data(radiologist="ANN", status="cancelled", note="came back")
    manager.post(address("roster-override", leave), data)
    assert overrides() == [("leave", "ANN", None, "2026-02-05", "2026-02-06", "cancelled")]
    assert manager.get(address("roster-override-delete", leave)).status_code == 200
    manager.post(address("roster-override-delete", leave))
    assert overrides() == []


def test_there_is_no_other_kind_of_override(manager: Client) -> None:
    assert manager.get("/roster/overrides/new/holiday/").status_code == 404

"""Days that no department has, in addresses and in forms: 404 and words, never 500."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant
from apps.roster.models import RosterAssignment, RosterOverride
from tests.factories.people import UserFactory
from tests.roster.pages.support import address, errors, placed_shift, reader, seat

pytestmark = pytest.mark.db

EDGES = ("9999-12-31", "9999-12-20", "2101-01-01", "1979-12-31", "0026-12-08", "0001-01-01")
LAST_OF_ALL = ("1980-01-01", "2100-12-31")


def _addresses(shift_id: int, on: str) -> list[str]:
    return [
        f"/roster/run/{shift_id}/{on}/",
        f"/roster/run/{shift_id}/{on}/could-fill/",
        f"/roster/arrange/{shift_id}/{on}/assign/",
        f"/roster/choose/{on}/ANN/",
    ]


@pytest.mark.parametrize("on", EDGES)
def test_a_day_that_no_department_has_is_no_address(manager: Client, on: str) -> None:
    shift = placed_shift("MRI")
    seat(shift, reader("ANN"))
    found = {url: manager.get(url).status_code for url in _addresses(shift.pk, on)}
    assert found == dict.fromkeys(found, HTTPStatus.NOT_FOUND)


@pytest.mark.parametrize("on", LAST_OF_ALL)
def test_the_first_and_the_last_day_are_shown(manager: Client, on: str) -> None:
    shift = placed_shift("MRI")
    seat(shift, reader("ANN"), start_date="1980-01-01")
    found = {url: manager.get(url).status_code for url in _addresses(shift.pk, on)}
    assert set(found.values()) <= {HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT}


@pytest.mark.parametrize("on", EDGES)
def test_a_reader_asks_no_swap_of_such_a_day(on: str) -> None:
    user = UserFactory.create()
    RoleGrant.objects.create(user=user, role=Role.RADIOLOGIST)
    ann, shift = reader("ANN", user=user), placed_shift("MRI")
    seat(shift, ann)
    client = Client()
    client.force_login(user)
    url = f"/roster/swaps/ask/{shift.pk}/{on}/"
    assert client.get(url).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("on", EDGES)
@pytest.mark.parametrize("kind", ["leave", "swap", "extra"])
@pytest.mark.parametrize("preview", [{"preview": "1"}, {}])
def test_a_typo_of_the_year_is_refused_at_its_field(
    manager: Client, kind: str, on: str, preview: dict[str, str]
) -> None:
    shift, ann = placed_shift("MRI"), reader("ANN")
    seat(shift, ann)
    said = {"shift": shift.pk, "radiologist": "ANN", "taker": reader("BEN").pk, "note": ""}
    days = {"start_date": on, "end_date": on}
    answer = manager.post(address("roster-override-add", kind), {**said, **days, **preview})
    words = [f"The year {on[:4]} is not between 1980 and 2100."]
    assert {name: errors(answer)[name] for name in days} == dict.fromkeys(days, words)
    assert RosterOverride.objects.count() == 0


@pytest.mark.parametrize("on", EDGES)
@pytest.mark.parametrize("preview", [{"preview": "1"}, {}])
def test_a_row_of_a_year_that_is_a_typo_is_refused(
    manager: Client, on: str, preview: dict[str, str]
) -> None:
    said = {"shift": placed_shift("MRI").pk, "radiologist": reader("ANN").pk, "every_weeks": "1"}
    answer = manager.post(reverse("roster-row-add"), {**said, "start_date": on, **preview})
    assert errors(answer)["start_date"] == [f"The year {on[:4]} is not between 1980 and 2100."]
    assert RosterAssignment.objects.count() == 0


@pytest.mark.parametrize("on", LAST_OF_ALL)
@pytest.mark.parametrize("kind", ["leave", "extra"])
def test_the_first_and_the_last_year_can_be_planned(manager: Client, kind: str, on: str) -> None:
    shift, ann = placed_shift("MRI"), reader("ANN")
    said = {"shift": shift.pk, "radiologist": ann.pk, "start_date": on, "end_date": on, "note": ""}
    answer = manager.post(address("roster-override-add", kind), {**said, "preview": "1"})
    assert answer.status_code == HTTPStatus.OK


@pytest.mark.parametrize("on", EDGES)
@pytest.mark.parametrize("name", ["roster-override-many", "planned-gap-add", "rotation-add"])
def test_other_forms_of_the_roster_refuse_it_too(manager: Client, name: str, on: str) -> None:
    shift, ann = placed_shift("MRI"), reader("ANN")
    url = reverse(name, args=["leave"] if name == "roster-override-many" else [])
    said = {"shift": shift.pk, "people": [ann.pk], "start_date": on, "end_date": on}
    answer = manager.post(url, {**said, "preview": "1"})
    assert errors(answer)["start_date"] == [f"The year {on[:4]} is not between 1980 and 2100."]


@pytest.mark.parametrize(
    "url",
    [
        *("/radiologists/%00/", "/radiologists/%00/edit/", "/radiologists/%00/delete/"),
        *("/radiologists/A%00B/other-work/new/", "/roster/choose/2026-02-04/%00/"),
        "/take-over/?radiologist=%00",
    ],
)
def test_a_sign_that_no_name_has_is_no_address(manager: Client, url: str) -> None:
    assert manager.get(url).status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST}
    assert manager.post(url).status_code in {
        *(HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST, HTTPStatus.METHOD_NOT_ALLOWED)
    }

"""A seat is given away once, to somebody who will be there, before it is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.audit.editing import check_constraints
from apps.roster.forms.overrides import SwapForm
from apps.roster.models import Radiologist, RosterOverride, Shift, SwapRequest
from apps.roster.services import swaps as services
from tests.factories.times import NOON
from tests.roster.scene import errors, placed_shift, reader, seat
from tests.support.people import signed_in

pytestmark = pytest.mark.db

FRIDAY = date(2026, 2, 6)
EVENING, NIGHT_END = (time(22), time(2)), (time(2), time(6))


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)


@pytest.fixture
def day() -> Shift:
    """A shift by day that GIVER is on, and ANN and BEN are not."""
    made = placed_shift("DAY", start_local=time(8), end_local=time(16))
    seat(made, reader("GIVER"))
    reader("ANN")
    reader("BEN")
    return made


def asked(shift: Shift, **values: Any) -> SwapRequest:
    return SwapRequest.objects.create(
        shift=shift,
        radiologist_id="GIVER",
        start_date=FRIDAY,
        end_date=FRIDAY,
        made_by="user:x",
        made_at=NOON,
        **values,
    )


def swap(shift: Shift, taker: str, part: tuple[time, time] | None = None, **values: Any) -> None:
    start, end = part or (None, None)
    dates = {"start_date": FRIDAY, "end_date": FRIDAY, **values}
    RosterOverride.objects.create(
        kind="swap", shift=shift, radiologist_id="GIVER", taker_id=taker,
        start_local=start, end_local=end, **dates,
    )  # fmt: skip


def away(kind: str, name: str, part: tuple[time, time] | None = None) -> None:
    start, end = part or (None, None)
    RosterOverride.objects.create(
        kind=kind, radiologist_id=name, start_date=FRIDAY, end_date=FRIDAY,
        start_local=start, end_local=end, time_zone="Australia/Brisbane" if part else "",
    )  # fmt: skip


def sent(shift: Shift, **changes: object) -> dict[str, object]:
    dates = {"start_date": FRIDAY.isoformat(), "end_date": FRIDAY.isoformat()}
    hours = {"start_local": "", "end_local": ""}
    return {"shift": shift.pk, "radiologist": "GIVER", **dates, **hours, "note": "", **changes}


def takers() -> list[str | None]:
    rows = RosterOverride.objects.filter(kind="swap", status="active")
    return list(rows.order_by("pk").values_list("taker_id", flat=True))


def test_a_form_that_was_overtaken_by_a_taker_answers_409(
    manager: Client, day: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, save = asked(day), SwapForm.save

    def overtaken(form: SwapForm, **options: Any) -> RosterOverride:
        services.take(request.pk, taker_id="BEN", by="user:ben", at=NOON)
        return save(form, **options)

    monkeypatch.setattr(SwapForm, "save", overtaken)
    url = reverse("roster-override-add", args=["swap"])
    hours = {"start_local": "10:00", "end_local": "12:00"}
    answer = manager.post(url, sent(day, taker="ANN", **hours))
    assert answer.status_code == 409
    assert errors(answer) == {
        "__all__": ["Somebody else's change got in the way. Look again and repeat."]
    }


@pytest.mark.parametrize(
    ("first", "second", "collide"),
    [
        pytest.param(None, None, True, id="whole"),
        pytest.param(None, EVENING, True, id="whole and part"),
        pytest.param(EVENING, (time(1), time(3)), True, id="over midnight"),
        pytest.param(NIGHT_END, (time(23), time(3)), True, id="into the next"),
        pytest.param(EVENING, NIGHT_END, False, id="one after the other"),
    ],
)
def test_the_database_keeps_a_seat_from_being_given_away_twice(
    day: Shift,
    first: tuple[time, time] | None,
    second: tuple[time, time] | None,
    collide: bool,
) -> None:
    swap(day, "ANN", first, end_date=FRIDAY + timedelta(days=3))
    with transaction.atomic():
        swap(day, "BEN", second)
        if collide:
            with pytest.raises(IntegrityError, match="a_seat_is_swapped_once"):
                check_constraints()
            transaction.set_rollback(True)
        else:
            check_constraints()
    assert takers() == (["ANN"] if collide else ["ANN", "BEN"])


_AWAY = [
    pytest.param("leave", None, "on leave", id="leave"),
    pytest.param("other_work", None, "at other work", id="other work"),
    pytest.param("leave", (time(7), time(17)), "on leave", id="leave by hours"),
    pytest.param("other_work", (time(8), time(16)), "at other work", id="other work by hours"),
]


@pytest.mark.parametrize(("kind", "part", "words"), _AWAY)
def test_who_would_not_be_there_takes_nothing(
    day: Shift, kind: str, part: tuple[time, time] | None, words: str
) -> None:
    away(kind, "ANN", part)
    with pytest.raises(services.SwapRefusedError, match=f"^Ann is {words} then.$"):
        services.take(asked(day).pk, taker_id="ANN", by="user:ann", at=NOON)
    assert takers() == []


@pytest.mark.parametrize(("kind", "part", "words"), _AWAY)
def test_who_would_not_be_there_is_put_on_by_no_form(
    manager: Client, day: Shift, kind: str, part: tuple[time, time] | None, words: str
) -> None:
    away(kind, "ANN", part)
    name = Radiologist.objects.get(pk="ANN").full_name
    said = [f"{name} is {words} 6 Feb 2026."]
    new = {one: reverse("roster-override-add", args=[one]) for one in ("swap", "extra")}
    assert errors(manager.post(new["swap"], sent(day, taker="ANN"))) == {"taker": said}
    extra = sent(day, radiologist="ANN")
    assert errors(manager.post(new["extra"], extra)) == {"radiologist": said}
    many = {**extra, "people": ["BEN", "ANN"], "names": "", "days": ""}
    answer = manager.post(reverse("roster-override-many", args=["extra"]), many)
    assert errors(answer) == {"__all__": said}


def test_who_is_away_for_a_part_takes_it_and_the_rest_is_theirs(day: Shift) -> None:
    away("other_work", "ANN", (time(8), time(10)))
    services.take(asked(day).pk, taker_id="ANN", by="user:ann", at=NOON)
    assert takers() == ["ANN"]


@pytest.mark.parametrize(
    ("part", "end_hour"),
    [pytest.param({}, 16, id="run"), pytest.param(
        {"start_local": time(10), "end_local": time(12)}, 12, id="hours"
    )],
)  # fmt: skip
def test_what_is_over_is_not_taken_any_more(
    day: Shift, part: dict[str, time], end_hour: int
) -> None:
    ended_at = datetime(2026, 2, 6, end_hour - 10, tzinfo=UTC)  # Brisbane is ten hours ahead
    request = asked(day, **part)
    with pytest.raises(services.SwapRefusedError, match="comes too late: it is over"):
        services.take(request.pk, taker_id="ANN", by="user:ann", at=ended_at)
    in_time = ended_at - timedelta(minutes=1)
    services.take(request.pk, taker_id="ANN", by="user:ann", at=in_time)
    assert takers() == ["ANN"]

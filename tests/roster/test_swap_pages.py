"""Swaps that are asked for: two who accept at once, who may, what is refused, what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, time
from threading import Barrier

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.catalog.models import Site
from apps.roster.models import Radiologist, RosterOverride, Shift, SwapRequest
from apps.roster.queries.turns import hours_of, roster_book, running
from apps.roster.services import swaps as services
from tests.factories.catalog import SiteFactory
from tests.factories.times import NOON
from tests.roster.scene import WEDNESDAY, effects, errors, placed_shift, reader, seat, undo_last
from tests.support.people import client_of, person, signed_in

pytestmark = pytest.mark.db

FRIDAY = date(2026, 2, 6)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def with_browser(name: str, **values: object) -> tuple[Radiologist, Client]:
    user = person(Role.RADIOLOGIST)
    return reader(name, user=user, **values), client_of(user)


def asked(shift: Shift, giver: Radiologist, to: Radiologist | None = None) -> SwapRequest:
    return SwapRequest.objects.create(
        shift=shift,
        radiologist=giver,
        asked=to,
        start_date=FRIDAY,
        end_date=FRIDAY,
        made_by="user:x",
        made_at=NOON,
    )


def states() -> list[tuple[str, str]]:
    return [(one.radiologist_id, one.state) for one in SwapRequest.objects.order_by("pk")]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_accept_at_once_one_wins_and_the_other_is_told() -> None:
    giver, day = reader("GIVER"), placed_shift("DAY")
    seat(day, giver)
    request = asked(day, giver)
    takers = [with_browser(name) for name in ("ANN", "BEN")]
    gate = Barrier(2)

    def take(client: Client) -> int:
        gate.wait()
        try:
            return client.post(reverse("swap-take", args=[request.pk])).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(take, [client for _, client in takers]))
    assert answers == [302, 409]
    assert RosterOverride.objects.count() == 1
    assert states() == [("GIVER", "taken")]


def test_a_reader_takes_and_it_counts_at_once_by_the_shifts_dates() -> None:
    giver, (ann, browser) = reader("GIVER"), with_browser("ANN")
    night = placed_shift("NIGHT", start_local=time(22), end_local=time(6))
    seat(night, giver)
    request = asked(night, giver)
    assert browser.post(reverse("swap-take", args=[request.pk])).status_code == 302
    swap = RosterOverride.objects.get()
    assert (swap.kind, swap.shift, swap.radiologist, swap.taker) == ("swap", night, giver, ann)
    assert (swap.start_date, swap.end_date) == (FRIDAY, FRIDAY)
    book = roster_book(FRIDAY, FRIDAY)
    assert book.seats(hours_of(night), FRIDAY) == {"ANN"}
    request.refresh_from_db()
    assert (request.state, request.override) == ("taken", swap)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"is_active": False}, "is switched off", id="off"),
        pytest.param({"specialties": []}, "is not a reader of NEURO", id="unfit"),
    ],
)
def test_who_may_not_take_it_is_refused_under_lock(change: dict[str, object], words: str) -> None:
    giver = reader("GIVER", specialties=["NEURO"])
    ann = reader("ANN", specialties=["NEURO"])
    SiteFactory.create()
    day = placed_shift("DAY", required_subspecialty="NEURO")
    seat(day, giver)
    request = asked(day, giver)
    Radiologist.objects.filter(pk="ANN").update(**change)
    with pytest.raises(services.SwapRefusedError) as refused:
        services.take(request.pk, taker_id=ann.pk, by="user:ann", at=NOON)
    assert str(refused.value) == f"Ann {words}."
    assert states() == [("GIVER", "open")]
    assert not RosterOverride.objects.exists()


def test_a_swap_that_was_asked_of_one_is_none_of_anybody_elses() -> None:
    giver, (_ann, ann_at), (_ben, ben_at) = (
        reader("GIVER"),
        with_browser("ANN"),
        with_browser("BEN"),
    )
    day = placed_shift("DAY")
    seat(day, giver)
    request = asked(day, giver, to=_ann)
    for name in ("swap-take", "swap-decline", "swap-withdraw"):
        assert ben_at.post(reverse(name, args=[request.pk])).status_code == 404
    assert "Declined" in str(
        ann_at.post(reverse("swap-decline", args=[request.pk]), follow=True).content
    )
    assert states() == [("GIVER", "declined")]
    assert ann_at.post(reverse("swap-take", args=[request.pk])).status_code == 409


def test_a_reader_asks_for_a_turn_of_theirs_only_and_withdraws_it() -> None:
    ann, browser = with_browser("ANN")
    mine, other = placed_shift("MINE"), placed_shift("OTHER")
    seat(mine, ann)
    seat(other, reader("BEN"))
    assert browser.get(reverse("swap-ask", args=[other.pk, FRIDAY])).status_code == 404
    yesterday = date(2026, 2, 3)
    assert browser.get(reverse("swap-ask", args=[mine.pk, yesterday])).status_code == 404
    url = reverse("swap-ask", args=[mine.pk, FRIDAY])
    form = {"asked": "", "start_local": "", "end_local": "", "note": "School play"}
    wrong = browser.post(url, {**form, "start_local": "15:00", "end_local": "17:00"})
    assert errors(wrong) == {
        "start_local": ["MINE runs 08:00 to 16:00 in Australia/Brisbane: choose of these."]
    }
    answer = browser.post(url, form, follow=True)
    assert [(str(one), one.extra_tags) for one in answer.context["messages"]] == [
        ("Asked. Until somebody takes Mine, it stays yours.", "")
    ]
    assert errors(browser.post(url, form)) == {
        "__all__": ["A swap of this time is asked for already."]
    }
    (request,) = SwapRequest.objects.all()
    assert (request.radiologist, request.start_date, request.state) == (ann, FRIDAY, "open")
    page = browser.get(reverse("swaps")).content.decode()
    assert "School play" in page
    browser.post(reverse("swap-withdraw", args=[request.pk]))
    assert states() == [("ANN", "withdrawn")]


def test_the_page_before_taking_names_what_does_not_go_together() -> None:
    giver, (ann, browser) = reader("GIVER"), with_browser("ANN")
    night = placed_shift("NIGHT", start_local=time(20), end_local=time(6))
    day = placed_shift("DAY")
    seat(night, giver)
    seat(day, ann)
    page = browser.get(reverse("swap-take", args=[asked(night, giver).pk]))
    assert [(one.tone, one.words) for one in page.context["effects"]] == [
        (
            "warn",
            "Ann rests less than 11 h 2 times: 4 h between DAY and NIGHT on Fri 6 Feb 20:00, 2 h "  # noqa: ISC004 -- one sentence
            "between NIGHT and DAY on Sat 7 Feb 08:00.",
        )
    ]


def test_open_requests_are_shown_to_those_who_may_read_the_work() -> None:
    giver = reader("GIVER")
    SiteFactory.create(jurisdiction="QLD", requires_licence=True)
    day = placed_shift("DAY")
    seat(day, giver)
    asked(day, giver)
    ann, ann_at = with_browser("ANN")
    ben, ben_at = with_browser("BEN")
    ann.licences.create(jurisdiction="QLD")
    shown = {
        name: [
            one.request.radiologist_id for one in client.get(reverse("swaps")).context["open_to"]
        ]
        for name, client in (("ANN", ann_at), ("BEN", ben_at))
    }
    assert shown == {"ANN": ["GIVER"], "BEN": []}
    assert ben.licences.count() == 0


def test_a_manager_asks_and_accepts_on_behalf_and_it_is_undone_as_one() -> None:
    giver, ann, day = reader("GIVER"), reader("ANN"), placed_shift("DAY")
    seat(day, giver)
    manager = signed_in(Role.MANAGER)
    sent = {
        "shift": day.pk,
        "radiologist": "GIVER",
        "start_date": FRIDAY,
        "end_date": FRIDAY,
        "asked": "ANN",
        "start_local": "",
        "end_local": "",
        "note": "",
    }
    assert manager.post(reverse("swap-request-add"), sent).status_code == 302
    request = SwapRequest.objects.get()
    url = reverse("swap-request", args=[request.pk])
    preview = manager.post(url, {"taker": "ANN", "preview": "1"})
    assert ("calm", "Ann is on DAY on Fri 6 Feb.") in effects(preview)
    assert manager.post(url, {"taker": "ANN"}).status_code == 302
    assert [(one.kind, one.taker) for one in RosterOverride.objects.all()] == [("swap", ann)]
    undo_last(manager, "roster_swaprequest")
    assert states() == [("GIVER", "open")]
    assert not RosterOverride.objects.exists()


def test_a_manager_of_another_site_neither_sees_nor_answers() -> None:
    here, there = SiteFactory.create(), SiteFactory.create()
    giver, day = reader("GIVER", here), placed_shift("DAY", here)
    seat(day, giver)
    request = asked(day, giver)
    foreign = signed_in(Role.MANAGER, site=there)
    assert foreign.get(reverse("swap-request", args=[request.pk])).status_code == 404
    assert foreign.post(reverse("swap-request-withdraw", args=[request.pk])).status_code == 404
    assert list(foreign.get(reverse("swap-requests")).context["page"].rows) == []
    assert states() == [("GIVER", "open")]


def test_who_reads_nothing_is_told_and_who_may_not_is_refused() -> None:
    nobody = signed_in(Role.RADIOLOGIST)
    assert nobody.get(reverse("swaps")).status_code == 200
    assert signed_in(Role.TECHNICIAN).get(reverse("swaps")).status_code == 403
    assert Client().get(reverse("swaps")).status_code == 302
    assert signed_in(Role.AUDITOR).get(reverse("swap-request-add")).status_code == 403


@pytest.mark.parametrize("name", ["swaps", "swap-requests"])
def test_a_hundred_requests_cost_what_one_does(name: str) -> None:
    user = person(Role.RADIOLOGIST, Role.MANAGER)
    reader("ME", user=user)
    client = client_of(user)
    site: Site = SiteFactory.create()
    counts = []
    for number in (1, 40):
        for at in range(number):
            giver = reader(f"G{number}-{at}")
            shift = placed_shift(f"S{number}-{at}", site)
            seat(shift, giver)
            asked(shift, giver)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(reverse(name))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15


def test_running_tells_the_taker_during_the_turn() -> None:
    giver, ann, day = reader("GIVER"), reader("ANN"), placed_shift("DAY")
    seat(day, giver)
    request = asked(day, giver)
    SwapRequest.objects.update(start_date=WEDNESDAY, end_date=WEDNESDAY)
    services.take(request.pk, taker_id=ann.pk, by="user:ann", at=NOON)
    assert running([day], NOON)["DAY"].people == ("ANN",)

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.core.models import ConfigVersion
from apps.dashboard.live import Pulse, Shelf, always, never
from apps.dashboard.queries.changes import Touched
from apps.roster.services.presence import set_presence
from tests.dashboard.test_board import HTMX, poll, shown, token_of
from tests.factories import (
    AssignmentFactory,
    InboundMessageFactory,
    SiteFactory,
    UnassignedFactory,
)
from tests.factories.times import NOON

pytestmark = [pytest.mark.db, pytest.mark.usefixtures("at_noon")]

CT_1 = Touched(places=frozenset({(1, "CT")}))
SECOND = timedelta(seconds=1)


class FakePulse(Pulse):
    """Beats when told to."""

    def beat(self, touched: Touched) -> None:
        self._note(touched)


def test_what_no_change_touched_is_not_made_again(settings: object) -> None:
    settings.BOARD_KEEP_SECONDS = 30.0
    pulse = FakePulse()
    shelf, made = Shelf(pulse), []

    def take(at: object = NOON) -> int:
        return shelf.take_or_make("x", at, lambda: (made.append(1) or len(made), touches))

    def touches(touched: Touched) -> bool:
        return (1, "CT") in touched.places

    found = [take(), take()]
    pulse.beat(Touched(places=frozenset({(2, "CT")})))
    found.append(take())
    pulse.beat(CT_1)
    found += [take(), take()]
    pulse.beat(Touched(is_everything=True))
    found += [take(), take(NOON + 29 * SECOND), take(NOON + 30 * SECOND)]

    assert found == [1, 1, 1, 2, 2, 3, 3, 4]


def test_what_is_older_than_the_pulse_remembers_is_made_again(settings: object) -> None:
    settings.BOARD_KEEP_SECONDS = 30.0
    pulse = FakePulse()
    shelf = Shelf(pulse)
    shelf.take_or_make("x", NOON, lambda: ("old", never))

    for _ in range(1000):
        pulse.beat(CT_1)

    assert shelf.take("x", NOON) is None


def test_a_change_while_something_is_made_is_not_missed(settings: object) -> None:
    settings.BOARD_KEEP_SECONDS = 30.0
    pulse = FakePulse()
    shelf = Shelf(pulse)

    def make() -> tuple[str, object]:
        pulse.beat(CT_1)
        return "read before the change", always

    shelf.take_or_make("x", NOON, make)

    assert shelf.take("x", NOON) is None


def test_many_who_ask_at_once_have_it_made_once(settings: object) -> None:
    settings.BOARD_KEEP_SECONDS = 30.0
    shelf, made = Shelf(FakePulse()), []
    together = threading.Barrier(8)

    def ask() -> None:
        together.wait()
        shelf.take_or_make("x", NOON, lambda: (made.append(1) or "made", always))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 1


@pytest.mark.usefixtures("kept")
def test_an_unchanged_poll_is_answered_before_anybody_is_looked_up(
    signed_in: Client, asked: list[str], django_assert_num_queries: object
) -> None:
    page = shown(signed_in)
    asked.clear()

    with django_assert_num_queries(0):
        answer = poll(Client(), page)

    assert (answer.status_code, answer.content, dict(answer.cookies)) == (204, b"", {})
    assert len(asked) == 1


@pytest.mark.usefixtures("kept")
def test_whoever_is_not_signed_in_gets_no_content(
    signed_in: Client, told: Callable[..., None]
) -> None:
    page = shown(signed_in)
    told(UnassignedFactory(order__accession="FRESH").order)

    answer = poll(Client(), page)

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["HX-Redirect"].startswith("/login/")


@pytest.mark.usefixtures("kept")
def test_a_change_at_another_site_costs_a_site_one_question(
    manager_of: Callable[..., Client], told: Callable[..., None], asked: list[str]
) -> None:
    mine, other = SiteFactory(), SiteFactory()
    client = manager_of(mine)
    page = shown(client)
    told(UnassignedFactory(order__site=other).order)
    asked.clear()

    elsewhere = poll(client, page)
    count = len(asked)
    told(UnassignedFactory(order__site=mine, order__accession="MINE").order)
    here = poll(client, page)

    assert (elsewhere.status_code, count) == (204, 4)
    assert (here.status_code, b"MINE" in here.content) == (200, True)


def by_audit_line(waiting: object) -> None:
    AuditEvent.objects.create(
        at=NOON, entity="orders_order", entity_id=str(waiting.order_id), action="x", actor="x"
    )


def by_message(waiting: object) -> None:
    InboundMessageFactory(processed_at=NOON, state="processed", order_ids=[waiting.order_id])


def by_edit(_waiting: object) -> None:
    ConfigVersion.objects.update_or_create(area="roster", defaults={"version": 10**9})


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("leave_trace", [by_audit_line, by_message, by_edit])
def test_every_kind_of_change_is_noticed(
    signed_in: Client, leave_trace: Callable[[object], None]
) -> None:
    waiting = UnassignedFactory(reason="no_shift")
    page = shown(signed_in)
    waiting.reason = "at_capacity"
    waiting.save()
    untold = poll(signed_in, page)

    leave_trace(waiting)
    told = poll(signed_in, page)

    assert (untold.status_code, told.status_code) == (204, 200)
    assert b"Everybody qualified is at capacity" in told.content


@pytest.mark.usefixtures("kept")
def test_a_message_that_takes_effect_after_later_ones_is_noticed(signed_in: Client) -> None:
    waiting = UnassignedFactory(order__accession="OLD-NAME")
    early = InboundMessageFactory(order_ids=[waiting.order_id])
    InboundMessageFactory(processed_at=NOON, state="processed")
    page = shown(signed_in)

    waiting.order.accession = "NEW-NAME"
    waiting.order.save()
    early.processed_at = NOON
    early.state = "processed"
    early.save()

    assert b"NEW-NAME" in poll(signed_in, page).content


@pytest.mark.usefixtures("kept")
def test_an_audit_line_that_is_committed_after_later_ones_is_noticed(signed_in: Client) -> None:
    waiting = UnassignedFactory(reason="no_shift")
    line = {"at": NOON, "entity": "orders_order", "action": "x", "actor": "x"}
    AuditEvent.objects.create(id=1_000_000, **line, entity_id="0")
    page = shown(signed_in)
    waiting.reason = "excluded"
    waiting.save()

    AuditEvent.objects.create(id=900_000, **line, entity_id=str(waiting.order_id))
    too_old = poll(signed_in, page)
    AuditEvent.objects.create(id=999_990, **line, entity_id=str(waiting.order_id))
    told = poll(signed_in, page)

    assert (too_old.status_code, b"Rules exclude everybody" in told.content) == (204, True)


@pytest.mark.usefixtures("kept")
def test_presence_is_noticed(signed_in: Client) -> None:
    assignment = AssignmentFactory(order__status="assigned")
    assignment.radiologist.workload.open_routine = 1
    assignment.radiologist.workload.save()
    page = shown(signed_in)

    set_presence(radiologist_id=assignment.radiologist_id, presence="offline", at=NOON)

    assert b"Offline" in poll(signed_in, page).content


@pytest.mark.usefixtures("kept")
def test_waiting_times_go_on_although_nothing_changes(signed_in: Client, at_noon: object) -> None:
    UnassignedFactory(since=NOON)
    page = shown(signed_in)

    at_noon.shift(timedelta(seconds=29))
    soon = poll(signed_in, page).status_code
    at_noon.shift(timedelta(seconds=31))
    later = poll(signed_in, page)

    assert (soon, later.status_code) == (204, 200)
    assert b"1 min" in later.content


@pytest.mark.usefixtures("kept")
def test_midnight_begins_a_new_board(signed_in: Client, manager: User, at_noon: object) -> None:
    at_noon.move_to(NOON + timedelta(hours=12) - SECOND)
    signed_in.force_login(manager)
    page = shown(signed_in)
    at_noon.shift(2 * SECOND)

    answer = poll(signed_in, page)

    assert answer.content.count(b"hx-swap-oob") == 7
    assert b"Thursday 5 February" in answer.content


def test_asking_is_left_out_while_the_last_answer_is_fresh(
    settings: object, asked: list[str]
) -> None:
    settings.BOARD_ASK_SECONDS = 3600.0
    pulse = Pulse()
    pulse.feel()
    asked.clear()

    assert (pulse.feel(), asked) == (pulse.number, [])


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("stamp", ["", "0", "-1", "9" * 400, "x", "\u0663", "1e9"])
def test_without_a_fresh_stamp_the_session_is_looked_at(signed_in: Client, stamp: str) -> None:
    seen = token_of(shown(signed_in))

    stranger = Client().get("/", {"seen": seen, "stamp": stamp}, headers=HTMX)
    known = signed_in.get("/", {"seen": seen, "stamp": stamp}, headers=HTMX)

    assert stranger["HX-Redirect"].startswith("/login/")
    assert (known.status_code, known.content.count(b"hx-swap-oob")) == (200, 0)
    assert b'id="board-poll"' in known.content


@pytest.mark.usefixtures("kept")
def test_an_ended_session_ends_within_half_a_minute_though_others_look_on(
    signed_in: Client, manager: User, at_noon: object
) -> None:
    other = Client()
    other.force_login(manager)
    page = shown(signed_in)
    signed_in.logout()
    answers = []
    for _ in range(3):
        at_noon.shift(timedelta(seconds=14))
        shown(other)
        answers.append(poll(signed_in, page).get("HX-Redirect", ""))

    assert answers == ["", "", "/login/?next=%2F"]

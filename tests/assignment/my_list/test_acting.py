"""A reader's list: what they do to their studies."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant, User
from apps.assignment.models import Assignment
from apps.assignment.services import by_hand
from apps.roster.models import Radiologist, Workload
from tests.assignment.hand import act, history, lines, loads_are_exact, open_studies, state
from tests.assignment.reader_pages import (
    NOON,
    PART,
    do,
    next_of,
    order_id,
    other_reader,
    pinned,
    rows,
    said,
    sign_in,
    waiting,
)
from tests.support.department import Department, order, reasons, result, send, settle, statuses

pytestmark = pytest.mark.db


def test_study_is_acknowledged_started_done_and_undone(mine: Client) -> None:
    seen = []
    for action in ("acknowledge", "start", "done", "reopen"):
        assert do(mine, action).status_code == 200
        seen.append(state().status)

    assert seen == ["acknowledged", "in_progress", "preliminary", "in_progress"]
    assert [row.actor for row in lines("done_by_hand")] == ["user:dr_a"]
    assert loads_are_exact()


def test_plain_forms_work_and_lead_back(mine: Client) -> None:
    answer = do(mine, "start", part=False)

    assert (answer.status_code, answer["Location"]) == (302, f"/my-list/#row-{order_id()}")
    assert state().status == "in_progress"


def test_second_tab_is_told_and_shown_how_it_is_now(mine: Client) -> None:
    seen = state().token
    do(mine, "start")

    stale = do(mine, "acknowledge", token=seen)
    plain = do(mine, "acknowledge", token=seen, part=False)

    assert (stale.status_code, plain.status_code) == (409, 409)
    assert said(stale) == ["The study has changed since you looked. This is how it is now."]
    assert 'data-status="in_progress"' in stale.content.decode()
    assert "<html" in plain.content.decode()


def test_double_click_acts_once(mine: Client) -> None:
    token = state().token

    answers = [do(mine, "done", token=token).status_code for _ in range(2)]

    assert answers == [200, 409]
    assert len(lines("done_by_hand")) == 1
    assert open_studies() == {"DR_A": 0}


def test_what_is_not_possible_says_why(mine: Client) -> None:
    do(mine, "start")

    answer = do(mine, "acknowledge")

    assert answer.status_code == 422
    assert said(answer) == ["It is being read already."]


def test_study_that_was_moved_away_meanwhile_is_shown_as_gone(
    mine: Client, department: Department
) -> None:
    shown = pinned(mine.get("/my-list/"))
    seen = state().token
    department.add_reader("DR_B")
    act(by_hand.assign, radiologist_id="DR_B")

    answer = do(mine, "start", token=seen, **shown)

    assert answer.status_code == 404
    assert "no longer yours" in answer.content.decode()
    assert rows(answer) == ["P1"]


def test_next_starts_the_study_that_the_page_named(three: Client) -> None:
    page = three.get("/my-list/?sort=study")
    for _ in "ABC":
        page = three.post("/my-list/next/?sort=study", pinned(page) | next_of(page), headers=PART)
        selected = page.content.decode()
    none_left = three.post("/my-list/next/?sort=study", pinned(page) | next_of(page), headers=PART)

    assert f'data-select="{order_id("C")}"' in selected
    assert rows(page) == ["A", "B", "C"]
    assert {state(name).status for name in "ABC"} == {"in_progress"}
    assert (none_left.status_code, said(none_left)) == (200, ["Nothing is left to start."])
    assert Assignment.objects.filter(acknowledged_at=None).count() == 0


@pytest.mark.parametrize("part", [True, False], ids=["htmx", "no script"])
def test_next_pressed_twice_starts_one_study(three: Client, *, part: bool) -> None:
    sent = next_of(three.get("/my-list/"))
    headers = PART if part else {}

    answers = [three.post("/my-list/next/", sent, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200 if part else 302, 409]
    assert "The study has changed since you looked." in answers[1].content.decode()
    assert [state(name).status for name in "BCA"] == ["in_progress", "assigned", "assigned"]


def test_next_that_went_to_somebody_else_starts_nothing(
    three: Client, department: Department
) -> None:
    sent = next_of(three.get("/my-list/"))
    department.add_reader("DR_B")
    act(by_hand.assign, state("B"), radiologist_id="DR_B")

    answer = three.post("/my-list/next/", sent, headers=PART)

    assert (answer.status_code, rows(answer)) == (409, ["C", "A"])
    assert {state(name).status for name in "ABC"} == {"assigned"}


@pytest.mark.parametrize("sent", [{}, {"order": "", "token": ""}, {"order": "x", "token": "y"}])
def test_next_that_names_no_study_starts_none(three: Client, sent: dict[str, str]) -> None:
    answer = three.post("/my-list/next/", sent, headers=PART)

    assert (answer.status_code, rows(answer)) == (409, ["B", "C", "A"])
    assert {state(name).status for name in "ABC"} == {"assigned"}


def test_next_is_a_stat_study_first(mine: Client) -> None:
    send(*order(placer="S1", priority="S"))

    mine.post("/my-list/next/", next_of(mine.get("/my-list/")))

    assert (state("S1").status, state("P1").status) == ("in_progress", "assigned")


def test_next_is_not_what_is_held(three: Client) -> None:
    act(by_hand.hold, state("B"), reason="images are missing")

    three.post("/my-list/next/", next_of(three.get("/my-list/")))

    assert (state("B").status, state("C").status) == ("held", "in_progress")


def test_what_shows_patients_is_kept_by_no_browser(mine: Client, reader: Radiologist) -> None:
    RoleGrant.objects.create(user=User.objects.get(username=reader.pk.lower()), role=Role.MANAGER)
    pages = [
        mine.get("/my-list/"),
        mine.get(f"/studies/{order_id()}/"),
        mine.get(f"/my-list/{order_id()}/hand-back/"),
        mine.post("/my-list/next/", {}),
        do(mine, "acknowledge"),
        do(mine, "take"),
    ]

    assert all("no-store" in page["Cache-Control"] for page in pages)


def test_hand_back_asks_for_a_reason_and_goes_to_the_next(
    mine: Client, department: Department
) -> None:
    other_reader(department)
    asked = mine.get(f"/my-list/{order_id()}/hand-back/", headers=PART)
    empty = do(mine, "hand-back", reason="")
    short = do(mine, "hand-back", reason="no")
    done = do(mine, "hand-back", reason="I know the patient")

    assert [answer.status_code for answer in (asked, empty, short, done)] == [200, 422, 422, 200]
    assert "<html" not in asked.content.decode()
    assert "Type a reason" in empty.content.decode()
    assert done["HX-Trigger-After-Settle"] == '{"study-changed": {}}'
    assert said(done) == ["P1 is with the next reader. It does not come back to you."]
    assert [row[0] for row in history()] == ["DR_A", "DR_B"]
    assert Assignment.objects.get(is_current=False).end_note == "I know the patient"


def test_hand_back_never_comes_back(mine: Client) -> None:
    do(mine, "hand-back", reason="I know the patient", part=False)
    settle()

    page = mine.get("/my-list/")

    assert reasons() == {"P1": "passed_over"}
    assert (rows(page), waiting(page)) == ([], ["P1"])
    assert "You had it, and it never goes back by itself." in page.content.decode()
    assert do(mine, "take").status_code == 422
    assert state().radiologist_id == ""


def test_stale_hand_back_asks_again_with_what_was_typed(mine: Client) -> None:
    seen = state().token
    do(mine, "start")

    answer = do(mine, "hand-back", token=seen, reason="I know the patient")

    assert answer.status_code == 409
    page = answer.content.decode()
    assert "The study has changed since you looked." in page
    assert 'value="I know the patient"' in page
    assert f'value="{state().token}"' in page
    assert do(mine, "hand-back", reason="I know the patient").status_code == 200


def test_reported_study_cannot_be_handed_back(mine: Client) -> None:
    do(mine, "done")

    asked = mine.get(f"/my-list/{order_id()}/hand-back/")

    assert asked.status_code == 200
    assert "there is a preliminary report" in asked.content.decode()
    assert '<form method="post" action="/my-list/' not in asked.content.decode()


def test_undo_is_refused_once_a_message_has_told_of_the_report(mine: Client) -> None:
    do(mine, "done")
    send(*result(status="F", placer="P1"))

    answer = do(mine, "reopen")

    assert answer.status_code == 422
    assert statuses() == {"P1": "final"}


def test_done_today_offers_undo_only_where_it_is_possible(mine: Client) -> None:
    do(mine, "done")
    by_me = mine.get("/my-list/").content.decode()
    send(*result(status="F", placer="P1"))
    by_message = mine.get("/my-list/").content.decode()

    assert 'data-key="u"' in by_me
    assert ("Done today <small>" in by_message, 'data-key="u"' in by_message) == (True, False)


def test_offline_gets_nothing_new_and_keeps_what_they_have(
    mine: Client, department: Department
) -> None:
    department.add_reader("DR_B")
    answer = mine.post("/my-list/presence/", {"presence": "offline"}, headers=PART)
    for placer in ("N1", "N2", "N3"):
        send(*order(placer=placer))

    assert "You get nothing new; your studies stay yours." in answer.content.decode()
    assert history("P1") == [("DR_A", "LOAD_BALANCED", "")]
    assert {history(name)[0][0] for name in ("N1", "N2", "N3")} == {"DR_B"}


def test_going_online_brings_what_waited(reader: Radiologist) -> None:
    client = sign_in(reader)
    client.post("/my-list/presence/", {"presence": "offline"})
    send(*order(placer="W1"))
    assert reasons() == {"W1": "no_roster"}

    client.post("/my-list/presence/", {"presence": "online"})
    settle()

    assert rows(client.get("/my-list/")) == ["W1"]


def test_presence_that_is_none_is_refused(mine: Client) -> None:
    for said_ in ("unknown", "asleep", ""):
        assert mine.post("/my-list/presence/", {"presence": said_}).status_code == 404
    assert Workload.objects.get().presence == "unknown"


def test_activity_is_noted_at_most_once_a_minute(mine: Client) -> None:
    noted = []
    for seconds in (0, 59, 61):
        with time_machine.travel(NOON + timedelta(seconds=seconds), tick=False):
            assert mine.post("/my-list/activity/", headers=PART).status_code == 204
        noted.append(Workload.objects.get().last_activity_at)

    assert noted == [NOON, NOON, NOON + timedelta(seconds=61)]


def test_looking_is_no_activity(mine: Client) -> None:
    mine.get("/my-list/")

    assert Workload.objects.get().last_activity_at is None

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant, User
from apps.assignment.models import Assignment
from apps.assignment.services import by_hand
from apps.orders.models import Order, Patient
from apps.roster.models import Radiologist, Workload
from tests.assignment.hand import act, history, lines, loads_are_exact, open_studies, state
from tests.assignment.reader_pages import (
    PART,
    do,
    next_of,
    offers,
    order_id,
    pinned,
    rows,
    said,
    sign_in,
    waiting,
)
from tests.factories import AssignmentFactory, SiteFactory, UserFactory
from tests.support.department import Department, order, reasons, result, send, settle, statuses

pytestmark = pytest.mark.db

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=True):
        yield


@pytest.fixture
def reader(department: Department) -> Radiologist:
    return department.add_reader("DR_A")


@pytest.fixture
def mine(reader: Radiologist) -> Client:
    """P1 is DR_A's, who has signed in."""
    send(*order(placer="P1"))
    return sign_in(reader)


def other_reader(department: Department) -> Client:
    return sign_in(department.add_reader("DR_B"))


# -- who may --------------------------------------------------------------------------------


def test_nobody_signed_in_is_sent_to_sign_in(client: Client) -> None:
    response = client.get("/my-list/")

    assert (response.status_code, response["Location"]) == (302, "/login/?next=/my-list/")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.RADIOLOGIST])
@pytest.mark.usefixtures("db")
def test_only_radiologists_have_a_list(client: Client, role: Role) -> None:
    user = UserFactory()
    RoleGrant.objects.create(user=user, role=role)
    client.force_login(user)

    assert client.get("/my-list/").status_code == 403
    assert client.post("/my-list/1/start/", {"token": "x"}).status_code == 403


@pytest.mark.usefixtures("db")
def test_sign_in_without_a_radiologist_is_told_whom_to_ask(client: Client) -> None:
    user = UserFactory()
    RoleGrant.objects.create(user=user, role=Role.RADIOLOGIST)
    client.force_login(user)

    shown = client.get("/my-list/")
    pressed = client.post("/my-list/1/start/", {"token": "x"})

    assert shown.status_code == 200
    assert "not tied to a radiologist" in shown.content.decode()
    assert pressed.status_code == 403


@pytest.mark.parametrize("action", ["acknowledge", "start", "done", "reopen"])
@pytest.mark.usefixtures("mine")
def test_study_of_another_reader_does_not_exist(department: Department, action: str) -> None:
    stranger = other_reader(department)
    before = state()

    answer = do(stranger, action)

    assert answer.status_code == 404
    assert said(answer) == ["There is no such study on your list."]
    assert ">P1<" not in answer.content.decode()
    assert state() == before


def test_hand_back_page_of_another_readers_study_does_not_exist(
    mine: Client, department: Department
) -> None:
    stranger = other_reader(department)
    address = f"/my-list/{order_id()}/hand-back/"

    assert stranger.get(address).status_code == 404
    answer = stranger.post(address, {"token": state().token, "reason": "not mine at all"})
    assert answer.status_code == 404
    assert mine.get(address).status_code == 200


@pytest.mark.parametrize("id_", [0, 10**12, 2**63, 10**30])
def test_study_that_never_was_does_not_exist(mine: Client, id_: int) -> None:
    for action in ("start", "take"):
        answer = mine.post(f"/my-list/{id_}/{action}/", {"token": "x"}, headers=PART)
        assert answer.status_code == 404
    assert mine.get(f"/my-list/{id_}/hand-back/").status_code == 404


def test_buttons_are_not_links(mine: Client) -> None:
    for path in ("next", "presence", "activity", f"{order_id()}/start", f"{order_id()}/take"):
        assert mine.get(f"/my-list/{path}/").status_code == 405


def test_unknown_action_does_not_exist(mine: Client) -> None:
    assert do(mine, "unassign").status_code == 404


def test_only_own_studies_are_shown(mine: Client) -> None:
    AssignmentFactory(order__accession="THEIRS", radiologist__id="DR_C")

    assert rows(mine.get("/my-list/")) == ["P1"]


def test_own_study_is_shown_whatever_site_the_role_is_for(department: Department) -> None:
    """What the engine gave to a reader must never be invisible to them."""
    reader = department.add_reader("DR_A")
    client = sign_in(reader, site=SiteFactory(code="ELSEWHERE"))
    send(*order(placer="P1"))

    assert rows(client.get("/my-list/")) == ["P1"]
    assert do(client, "start").status_code == 200


# -- what it shows --------------------------------------------------------------------------


@time_machine.travel(NOON, tick=False)
def test_reader_sees_the_patient_and_why_the_exam_was_asked_for(mine: Client) -> None:
    Patient.objects.update(sex="F", birth_on="1980-11-24")
    Order.objects.update(indication="Knee pain\nafter a fall")

    page = " ".join(mine.get("/my-list/").content.decode().split())

    assert "Doe, Jane" in page
    assert "<span>MRN1</span> · 45 y · F" in page
    assert "Knee pain after a fall" in page


def test_patient_is_not_shown_any_more_once_the_study_is_somebody_elses(
    mine: Client, department: Department
) -> None:
    shown = mine.get("/my-list/")
    department.add_reader("DR_B")
    act(by_hand.assign, radiologist_id="DR_B")

    after = mine.get("/my-list/", pinned(shown) | {"seen": ""}, headers=PART)
    page = after.content.decode()

    assert rows(after) == ["P1"]
    assert "no longer yours" in page
    assert "Reassigned" in page
    assert ("Doe" in page, "MRN1" in page) == (False, False)
    assert rows(mine.get("/my-list/")) == []


def test_empty_list_says_what_happens_next(reader: Radiologist) -> None:
    client = sign_in(reader)

    page = client.get("/my-list/").content.decode()

    assert "Nothing is open." in page
    assert "No STAT study waits" in page


@time_machine.travel(NOON, tick=False)
def test_figures_count_the_readers_own_day(department: Department) -> None:
    reader = department.add_reader("DR_A", max_concurrent_studies=4, max_studies_per_hour=9)
    send(*order(placer="P1"))
    send(*order(placer="P2"))
    client = sign_in(reader)
    Assignment.objects.filter(order__accession="P2").update(
        assigned_at=NOON - timedelta(minutes=20)
    )
    AssignmentFactory(  # yesterday's
        radiologist=reader,
        state="completed",
        completed_at=NOON - timedelta(days=1),
        turnaround_seconds=60,
        assigned_at=NOON - timedelta(days=1),
    )
    do(client, "done", "P2")

    page = " ".join(client.get("/my-list/").content.decode().split())

    assert '<dd class="value">1<span class="unit">of 4</span></dd>' in page
    assert "2 of 9 in the last hour" in page
    assert '<dt>Done today</dt> <dd class="value">1</dd>' in page
    assert '<dt>Turnaround today</dt> <dd class="value">20 min</dd>' in page
    assert 'value="25"' in page


@time_machine.travel(NOON, tick=False)
def test_shifts_now_say_until_when(department: Department) -> None:
    late = department.add_shift("LATE", start_local="08:00", end_local="16:30")
    reader = department.add_reader("DR_A", shift=late)

    page = sign_in(reader).get("/my-list/").content.decode()

    assert ">until 16:30<" in page


@time_machine.travel(NOON, tick=False)
def test_stat_stands_on_top_with_the_time_left_to_acknowledge(mine: Client) -> None:
    send(*order(placer="S1", priority="S"))
    Assignment.objects.filter(order__accession="S1").update(
        acknowledge_due_at=NOON + timedelta(minutes=4, seconds=12)
    )

    page = mine.get("/my-list/")

    assert (offers(page), rows(page)) == (["S1"], ["P1"])
    assert 'data-left="252">4:12<' in page.content.decode()
    assert 'data-offers="1"' in page.content.decode()


@time_machine.travel(NOON, tick=False)
def test_stat_that_is_acknowledged_goes_to_the_head_of_the_list(mine: Client) -> None:
    send(*order(placer="S1", priority="S"))
    shown = mine.get("/my-list/")

    after = do(mine, "acknowledge", "S1", **pinned(shown))

    assert (offers(after), rows(after)) == ([], ["S1", "P1"])


@time_machine.travel(NOON, tick=False)
def test_stat_is_offered_whatever_the_filters_leave_out(mine: Client) -> None:
    send(*order(placer="S1", priority="S"))

    page = mine.get("/my-list/?urgency=ROUTINE&modality=US")

    assert (offers(page), rows(page)) == (["S1"], [])
    assert "1 not shown by the filters" in page.content.decode()


# -- order ----------------------------------------------------------------------------------


@pytest.fixture
def three(reader: Radiologist) -> Client:
    """B (urgent), A and C (routine) are DR_A's."""
    for placer, priority in (("C", "R"), ("A", "R"), ("B", "A")):
        send(*order(placer=placer, priority=priority))
    return sign_in(reader)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("", ["B", "C", "A"]),
        ("sort=study", ["A", "B", "C"]),
        ("sort=-study", ["C", "B", "A"]),
        ("sort=assigned", ["C", "A", "B"]),
        ("sort=-assigned", ["B", "A", "C"]),
        ("sort=-urgency", ["C", "A", "B"]),
        ("sort=nonsense", ["B", "C", "A"]),
        ("urgency=ROUTINE", ["C", "A"]),
        ("urgency=ROUTINE&sort=study", ["A", "C"]),
        ("modality=US", []),
        ("site=999999999999999999999", []),
    ],
)
def test_list_is_sorted_and_filtered_by_its_address(
    three: Client, asked: str, shown: list[str]
) -> None:
    assert rows(three.get(f"/my-list/?{asked}")) == shown


@pytest.mark.parametrize(
    "key", ["modality", "procedure", "patient", "indication", "site", "due", "status"]
)
def test_every_column_sorts_both_ways(three: Client, key: str) -> None:
    Patient.objects.update(family_name="Zeta")
    Order.objects.filter(accession="A").update(
        modality="AA", indication="a", report_due_at=NOON, status="acknowledged"
    )
    Order.objects.filter(accession="A").update(
        patient=Patient.objects.create(authority="X", mrn="1", family_name="Alpha")
    )

    up, down = (rows(three.get(f"/my-list/?sort={sign}{key}")) for sign in ("", "-"))

    assert sorted(up) == sorted(down) == ["A", "B", "C"]


def test_sorting_and_filters_survive_an_action(three: Client) -> None:
    answer = three.post(
        f"/my-list/{order_id('A')}/start/?sort=-study&urgency=ROUTINE",
        {"token": state("A").token},
        headers=PART,
    )
    plain = three.post(
        f"/my-list/{order_id('A')}/done/?sort=-study&urgency=ROUTINE", {"token": state("A").token}
    )

    assert rows(answer) == ["C", "A"]
    assert 'hx-get="/my-list/?urgency=ROUTINE&amp;sort=-study"' in answer.content.decode()
    assert plain["Location"] == f"/my-list/?urgency=ROUTINE&sort=-study#row-{order_id('A')}"


def test_nothing_moves_until_the_reader_asks(three: Client) -> None:
    shown = three.get("/my-list/?sort=study")
    send(*order(placer="AA"))

    polled = three.get("/my-list/?sort=study", pinned(shown), headers=PART)
    again = three.get("/my-list/?sort=study", pinned(polled) | {"seen": ""}, headers=PART)

    assert rows(polled) == rows(again) == ["A", "B", "C", "AA"]
    for page in (polled, again):
        assert "<b>1 new</b>" in page.content.decode()
        assert page.content.decode().count('class="new-mark"') == 1
    assert rows(three.get("/my-list/?sort=study")) == ["A", "AA", "B", "C"]


def test_what_is_done_keeps_its_place_until_the_reader_asks(three: Client) -> None:
    shown = three.get("/my-list/?sort=study")

    after = do(three, "done", "B", **pinned(shown))

    assert rows(after) == ["A", "B", "C"]
    assert rows(three.get("/my-list/?sort=study")) == ["B", "A", "C"][1:]


def test_a_page_cannot_ask_for_studies_that_never_were_the_readers(three: Client) -> None:
    theirs = AssignmentFactory(order__accession="THEIRS", radiologist__id="DR_C")

    page = three.get(
        "/my-list/", {"shown": f"{theirs.order_id},x,,9999999999999999", "seen": ""}, headers=PART
    )

    assert "THEIRS" not in page.content.decode()
    assert sorted(rows(page)) == ["A", "B", "C"]


# -- live -----------------------------------------------------------------------------------


@time_machine.travel(NOON, tick=False)
def test_poll_gets_204_until_something_changes(mine: Client) -> None:
    shown = pinned(mine.get("/my-list/"))

    quiet = mine.get("/my-list/", shown, headers=PART)
    send(*order(placer="P2"))
    told = mine.get("/my-list/", shown, headers=PART)

    assert (quiet.status_code, quiet.content) == (204, b"")
    assert rows(told) == ["P1", "P2"]


@pytest.mark.parametrize(
    "change",
    [
        lambda: act(by_hand.hold, reason="images are missing"),
        lambda: send(*result(status="F", placer="P1")),
        lambda: send(*order(control="XO", placer="P1", priority="A")),
        lambda: Workload.objects.update(presence="away"),
        lambda: send(*order(control="CA", placer="P1")),
    ],
    ids=["held", "reported", "more urgent", "presence", "cancelled"],
)
@time_machine.travel(NOON, tick=False)
def test_poll_tells_of_every_change(mine: Client, change: Callable[[], object]) -> None:
    shown = pinned(mine.get("/my-list/"))

    change()

    assert mine.get("/my-list/", shown, headers=PART).status_code == 200


def test_a_quiet_poll_is_cheap(mine: Client) -> None:
    with time_machine.travel(NOON, tick=False):
        shown = pinned(mine.get("/my-list/"))
        with CaptureQueriesContext(connection) as seen:
            assert mine.get("/my-list/", shown, headers=PART).status_code == 204

    assert len(seen) <= 6


@pytest.mark.parametrize("waits", [False, True], ids=["nothing waits", "much waits"])
def test_list_costs_the_same_at_1_and_100_rows(department: Department, *, waits: bool) -> None:
    reader = department.add_reader("DR_A")
    send(*order(placer="P1"))
    client = sign_in(reader)
    client.get("/my-list/")
    if waits:
        Workload.objects.update(presence="offline")
        send(*order(placer="W0"))
    counts = []
    for more in (0, 99):
        for number in range(more):
            AssignmentFactory(
                radiologist=reader,
                shift=department.shift,
                order__accession=f"N{number}",
                order__site=department.site,
            )
            if waits:
                send(*order(placer=f"W{number + 1}", mrn=f"M{number}"))
        with CaptureQueriesContext(connection) as seen:
            page = client.get("/my-list/")
        counts.append((len(seen), len(rows(page)), len(waiting(page))))

    assert counts[0][1:] == (1, 1 if waits else 0)
    assert counts[1][1:] == (100, 25 if waits else 0)
    assert counts[0][0] == counts[1][0] <= 15


# -- acting ---------------------------------------------------------------------------------


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


# -- handing back ---------------------------------------------------------------------------


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


# -- undo -----------------------------------------------------------------------------------


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


# -- presence -------------------------------------------------------------------------------


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

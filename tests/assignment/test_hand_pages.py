from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.assignment.queries.states import study_state
from apps.assignment.services import by_hand
from apps.audit.models import AuditEvent
from apps.orders.models import Order
from apps.outbound.models import OutboundMessage
from tests import factories
from tests.assignment.hand import act, history, open_studies, state, told
from tests.assignment.pages import text
from tests.support.department import Department, order, readers, send, statuses
from tests.support.people import signed_in

pytestmark = pytest.mark.db

HTMX = {"HX-Request": "true"}
ACTIONS = ("assign", "unassign", "decide_again", "hold", "release", "change_urgency")


@pytest.fixture
def given(department: Department) -> Department:
    """P1 is DR_A's; DR_B is on the same shift, DR_OFF on none."""
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    department.add_reader("DR_B")
    factories.RadiologistFactory(id="DR_OFF")
    return department


@pytest.fixture
def manager(given: Department) -> Client:
    return signed_in(Role.MANAGER, site=given.site, username="mandy")


def path(action: str, accession: str = "P1") -> str:
    return f"/studies/{Order.objects.get(accession=accession).pk}/{action}/"


def post(client: Client, action: str, **values: str) -> HttpResponse:
    said = {"token": state().token, **values}
    return client.post(path(action), said, headers=HTMX)


class TestTwoPeople:
    def test_the_second_gets_409_with_the_fresh_state_and_may_decide_again(
        self, manager: Client
    ) -> None:
        seen = state().token
        act(by_hand.assign, radiologist_id="DR_B")

        answer = post(manager, "assign", token=seen, radiologist_id="DR_OFF", reason="my choice")

        assert answer.status_code == 409
        page = text(answer)
        assert "Somebody was quicker" in page
        assert "DR Rae Reader on Mri_Msk" in page
        assert readers() == {"P1": "DR_B"}
        fresh = re.search(r'name="token" value="([^"]+)"', answer.content.decode())
        assert fresh is not None
        assert fresh[1] == state().token
        chosen = r'value="DR_OFF"[^>]* checked'
        assert re.search(chosen, answer.content.decode()) is not None

        again = post(manager, "assign", token=fresh[1], radiologist_id="DR_OFF")

        assert (again.status_code, readers()) == (200, {"P1": "DR_OFF"})

    def test_what_is_no_longer_possible_says_why_and_offers_what_is(self, manager: Client) -> None:
        seen = state().token
        act(by_hand.hold, reason="scanner is down")

        answer = post(manager, "unassign", token=seen, reason="too busy")

        assert answer.status_code == 409
        assert "scanner is down" in text(answer)
        assert path("release") in answer.content.decode()
        assert 'name="token"' not in answer.content.decode()

    def test_a_cancelled_study_cannot_be_assigned_from_a_page_that_is_still_open(
        self, manager: Client
    ) -> None:
        seen = state().token
        send(*order(placer="P1", control="CA"))

        answer = post(manager, "assign", token=seen, radiologist_id="DR_B")

        assert (answer.status_code, statuses()) == (409, {"P1": "cancelled"})
        assert "It is cancelled." in text(answer)


class TestForeign:
    @pytest.mark.usefixtures("given")
    @pytest.mark.parametrize("action", ACTIONS)
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_a_study_of_another_site_does_not_exist(self, action: str, method: str) -> None:
        seen = state()
        client = signed_in(Role.MANAGER, site=factories.SiteFactory())
        said = {
            "token": seen.token,
            "radiologist_id": "DR_B",
            "reason": "because",
            "urgency": "STAT",
        }

        answer = getattr(client, method)(path(action), said)

        assert (answer.status_code, state()) == (404, seen)

    @pytest.mark.usefixtures("given")
    @pytest.mark.parametrize("action", [*ACTIONS, "reassign"])
    @pytest.mark.parametrize(
        "role", [Role.TECHNICIAN, Role.AUDITOR, Role.ADMINISTRATOR, Role.RADIOLOGIST, None]
    )
    def test_who_may_not_assign_is_refused(self, action: str, role: Role | None) -> None:
        seen = state()
        client = signed_in(*filter(None, [role]))
        address = "/studies/reassign/" if action == "reassign" else path(action)

        refused = [client.get(address).status_code, client.post(address).status_code]

        assert (refused, state()) == ([403, 403], seen)

    @pytest.mark.parametrize("action", ["acknowledge", "start", "done", "nonsense"])
    def test_what_managers_do_not_do_has_no_address(self, manager: Client, action: str) -> None:
        assert manager.get(path(action)).status_code == 404

    @pytest.mark.usefixtures("given")
    def test_who_is_not_signed_in_signs_in_first(self, client: Client) -> None:
        answer = client.post(path("hold"), {"reason": "because"})

        assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={path('hold')}")

    @pytest.mark.parametrize("action", ACTIONS)
    def test_looking_changes_nothing(self, manager: Client, action: str) -> None:
        seen, lines = state(), AuditEvent.objects.count()

        answer = manager.get(path(action), {"token": seen.token, "reason": "because"})

        assert (answer.status_code, state(), AuditEvent.objects.count()) == (200, seen, lines)


class TestAssign:
    def test_menu_shows_who_may_and_why_others_may_not(
        self, given: Department, manager: Client
    ) -> None:
        given.add_reader("DR_FULL", max_concurrent_studies=0)
        needs = factories.ProcedureFactory(code="CARD", required_credentials=["CARDIAC"])
        Order.objects.update(procedure=needs)
        factories.RadiologistFactory(id="DR_LACKS")
        Order.objects.update(procedure=None)

        page = manager.get(path("assign"), headers=HTMX).content.decode()

        choices = re.findall(r'name="radiologist_id" value="([^"]+)"([^>]*)', page)
        assert [id_ for id_, _ in choices] == ["DR_B", "DR_LACKS", "DR_OFF", "DR_FULL"]
        assert [id_ for id_, more in choices if "needs-reason" in more] == ["DR_FULL"]
        assert "has it now" in page
        assert "0 of 0 studies open" in page

    def test_who_lacks_a_credential_is_listed_with_the_reason_and_cannot_be_chosen(
        self, manager: Client
    ) -> None:
        needs = factories.ProcedureFactory(required_credentials=["CARDIAC"])
        Order.objects.update(procedure=needs)

        page = manager.get(path("assign"), headers=HTMX)
        answer = post(manager, "assign", radiologist_id="DR_B", reason="please do")

        assert 'name="radiologist_id"' not in page.content.decode()
        assert "lacks the credential CARDIAC" in text(page)
        assert (answer.status_code, readers()) == (422, {"P1": "DR_A"})
        assert "lacks the credential CARDIAC" in text(answer)

    def test_reassigning_says_so_and_tells_the_page_behind(self, manager: Client) -> None:
        answer = post(manager, "assign", radiologist_id="DR_B", reason="asked by the ward")

        assert answer.status_code == 200
        assert "P1 is with DR Rae Reader now, on MRI_MSK." in text(answer)
        assert "study-changed" in answer["HX-Trigger-After-Settle"]
        assert history() == [("DR_A", "LOAD_BALANCED", "reassigned"), ("DR_B", "MANUAL", "")]
        assert told()[-1] == ("reassigned", "DR_B", "MANUAL")
        (line,) = AuditEvent.objects.filter(action="assign_by_hand")
        assert (line.actor, line.new_values["reason"]) == ("user:mandy", "asked by the ward")

    def test_a_full_reader_takes_a_typed_reason(self, given: Department, manager: Client) -> None:
        given.add_reader("DR_FULL", max_concurrent_studies=0)

        without = post(manager, "assign", radiologist_id="DR_FULL", reason=" ok ")
        with_one = post(manager, "assign", radiologist_id="DR_FULL", reason="only one here")

        assert (without.status_code, "reason" in text(without)) == (422, True)
        assert re.search(r'value="DR_FULL"[^>]* checked', without.content.decode())
        assert (with_one.status_code, readers()) == (200, {"P1": "DR_FULL"})

    def test_nobody_chosen_is_said(self, manager: Client) -> None:
        answer = post(manager, "assign")

        assert (answer.status_code, "Choose who shall read it." in text(answer)) == (422, True)

    @pytest.mark.parametrize(
        "reader", ["DR_NOBODY", "DR_A", "x" * 200, "<script>alert(1)</script>"]
    )
    def test_a_reader_who_cannot_be_is_refused_in_words(
        self, manager: Client, reader: str
    ) -> None:
        answer = post(manager, "assign", radiologist_id=reader)

        assert (answer.status_code, readers()) == (422, {"P1": "DR_A"})
        assert "<script>alert" not in answer.content.decode()

    def test_being_read_needs_a_reason_whoever_takes_it(self, manager: Client) -> None:
        send(*order(placer="P1", control="SC", status="IP"))

        page = manager.get(path("assign"), headers=HTMX).content.decode()
        answer = post(manager, "assign", radiologist_id="DR_B")

        assert "data-when-full" not in page
        assert (answer.status_code, readers()) == (422, {"P1": "DR_A"})

    def test_menu_costs_the_same_for_many_readers(
        self, given: Department, manager: Client
    ) -> None:
        manager.get(path("assign"))
        with CaptureQueriesContext(connection) as few:
            manager.get(path("assign"))
        for number in range(30):
            given.add_reader(f"DR_M{number}")
        manager.get(path("assign"))  # reads the new configuration once
        with CaptureQueriesContext(connection) as many:
            manager.get(path("assign"))

        assert (len(few) <= 15, len(many) - len(few)) == (True, 0)


class TestOthers:
    def test_unassign_needs_a_reason_and_leaves_it_to_a_person(self, manager: Client) -> None:
        without = post(manager, "unassign", reason="")
        done = post(manager, "unassign", reason="reader went home")

        assert (without.status_code, done.status_code) == (422, 200)
        assert statuses() == {"P1": "unassigned"}
        assert "it waits among the unassigned" in text(done)

    def test_hold_and_release(self, manager: Client) -> None:
        held = post(manager, "hold", reason="scanner is down")
        status = statuses()["P1"]
        released = post(manager, "release")

        assert (held.status_code, status) == (200, "held")
        assert (released.status_code, readers()) == (200, {"P1": "DR_A"})
        assert "P1 is held." in text(held)

    def test_change_urgency_shows_what_its_due_time_comes_to(self, manager: Client) -> None:
        page = text(manager.get(path("change_urgency"), headers=HTMX))
        done = post(manager, "change_urgency", urgency="STAT")

        assert "60 min after the clock's start" in page
        assert done.status_code == 200
        changed = Order.objects.get()
        assert (changed.urgency, changed.report_minutes) == ("STAT", 60)

    @pytest.mark.parametrize("urgency", ["", "NOW", "ROUTINE"])
    def test_an_urgency_that_is_none_or_the_same_is_refused(
        self, manager: Client, urgency: str
    ) -> None:
        assert post(manager, "change_urgency", urgency=urgency).status_code == 422

    def test_decide_again_says_what_came_of_it(self, manager: Client) -> None:
        act(by_hand.unassign, reason="reader went home")

        answer = post(manager, "decide_again")

        assert answer.status_code == 200
        assert "P1 is with DR Rae Reader now" in text(answer)
        assert readers()["P1"] in ("DR_A", "DR_B")

    @pytest.mark.parametrize("action", ["hold", "unassign"])
    def test_what_a_person_types_is_shown_as_text(self, manager: Client, action: str) -> None:
        post(manager, action, reason="<img src=x onerror=alert(1)>")

        page = manager.get(f"/studies/{state().order_id}/").content.decode()

        assert ("<img src=x" in page, "&lt;img src=x" in page) == (False, True)

    def test_a_reason_too_long_is_refused_and_kept_in_the_form(self, manager: Client) -> None:
        answer = post(manager, "hold", reason="y" * 201)

        assert (answer.status_code, statuses()) == (422, {"P1": "assigned"})
        assert "y" * 201 in answer.content.decode()


class TestWithoutJavaScript:
    def test_each_action_is_a_page_whose_form_leads_back(self, manager: Client) -> None:
        page = manager.get(path("hold") + "?next=/assignments/%3Fstate%3Dopen")
        answer = manager.post(
            path("hold"),
            {
                "token": state().token,
                "reason": "scanner is down",
                "next": "/assignments/?state=open",
            },
        )

        assert "<html" in page.content.decode()
        assert 'value="/assignments/?state=open"' in page.content.decode()
        assert (answer.status_code, answer["Location"]) == (302, "/assignments/?state=open")
        assert "P1 is held." in text(manager.get(answer["Location"]))

    @pytest.mark.parametrize(
        "elsewhere", ["https://evil.example/", "//evil.example", "javascript:1"]
    )
    def test_it_never_leads_to_another_site(self, manager: Client, elsewhere: str) -> None:
        answer = manager.post(
            path("hold"), {"token": state().token, "reason": "scanner is down", "next": elsewhere}
        )

        assert answer["Location"] == f"/studies/{state().order_id}/"


class TestTogether:
    @pytest.fixture
    def three(self, given: Department) -> list[int]:  # noqa: ARG002 -- a fixture for its effect
        send(*order(placer="P2", mrn="M2"))
        send(*order(placer="P3", mrn="M3"))
        for placer in ("P2", "P3"):
            seen = state(placer)
            if seen.radiologist_id != "DR_A":
                act(by_hand.assign, seen, radiologist_id="DR_A")
        return [state(placer).order_id for placer in ("P1", "P2", "P3")]

    def test_preview_says_what_moves_and_what_the_load_comes_to(
        self, manager: Client, three: list[int]
    ) -> None:
        act(by_hand.hold, reason="scanner is down")

        page = text(
            manager.post(
                "/studies/reassign/", {"study": three, "radiologist_id": "DR_B"}, headers=HTMX
            )
        )

        assert "stays It is held (scanner is down)" in page
        assert "2 of 100 (2 %)" in page
        assert readers() == {"P1": "DR_A", "P2": "DR_A", "P3": "DR_A"}

    def test_apply_moves_each_and_says_so(self, manager: Client, three: list[int]) -> None:
        answer = manager.post("/studies/reassign/", _move(three, "DR_B"), headers=HTMX)

        assert (answer.status_code, set(readers().values())) == (200, {"DR_B"})
        assert "3 of 3 studies are with DR Rae Reader now." in text(answer)
        assert open_studies() == {"DR_A": 0, "DR_B": 3, "DR_OFF": 0}
        assert OutboundMessage.objects.filter(kind="reassigned").count() >= 3

    def test_one_that_changed_meanwhile_stays_and_the_others_move(
        self, manager: Client, three: list[int]
    ) -> None:
        said = _move(three, "DR_B")
        act(by_hand.assign, radiologist_id="DR_OFF")

        answer = manager.post("/studies/reassign/", said, headers=HTMX)

        assert answer.status_code == 422
        assert readers() == {"P1": "DR_OFF", "P2": "DR_B", "P3": "DR_B"}
        page = text(answer)
        assert "2 of 3 studies" in page
        assert "The study has changed since you looked." in page

    def test_seats_run_out_on_the_way(
        self, given: Department, manager: Client, three: list[int]
    ) -> None:
        given.add_reader("DR_TWO", max_concurrent_studies=2)

        preview = manager.post(
            "/studies/reassign/", {"study": three, "radiologist_id": "DR_TWO"}, headers=HTMX
        ).content.decode()
        answer = manager.post("/studies/reassign/", _move(three, "DR_TWO"), headers=HTMX)

        assert preview.count("needs a reason") == 1
        assert answer.status_code == 422
        assert list(readers().values()).count("DR_TWO") == 2

    def test_with_one_foreign_study_among_them_nothing_happens(
        self, manager: Client, three: list[int]
    ) -> None:
        foreign = factories.AssignmentFactory()

        answer = manager.post(
            "/studies/reassign/", _move([*three, foreign.order_id], "DR_B"), headers=HTMX
        )

        assert (answer.status_code, readers()["P1"]) == (404, "DR_A")

    def test_nothing_chosen_says_so(self, manager: Client) -> None:
        page = manager.get("/studies/reassign/?study=x&study=%00&study=" + "9" * 30)

        assert "No study is chosen." in text(page)

    def test_queries_of_the_preview_do_not_grow(self, manager: Client, three: list[int]) -> None:
        manager.get("/studies/reassign/")
        counts = []
        for chosen in (three[:1], three):
            with CaptureQueriesContext(connection) as taken:
                manager.get("/studies/reassign/", {"study": chosen, "radiologist_id": "DR_B"})
            counts.append(len(taken))

        assert (counts[0] <= 15, counts[1] - counts[0]) == (True, 0)


def _move(order_ids: list[int], reader: str) -> dict[str, Any]:
    tokens = {f"token-{row.pk}": _token(row) for row in Order.objects.filter(pk__in=order_ids)}
    return {"study": order_ids, "radiologist_id": reader, "apply": "apply", **tokens}


def _token(row: Order) -> str:
    return study_state(row.pk).token

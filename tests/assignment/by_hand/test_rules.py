"""What holds for every action by hand: stale forms, policies, one transaction."""

from __future__ import annotations

from itertools import product

import pytest
from django.db import connection, transaction

from apps.assignment.exceptions import (
    NotPossibleError,
    StaleStudyError,
    UnknownStudyError,
)
from apps.assignment.models import LedgerEntry
from apps.assignment.policies import ALLOWED, Action, allowed_actions, can, check_can
from apps.assignment.services import by_hand, reading
from apps.assignment.snapshot.ledger import ledger
from apps.assignment.study import StudyState
from apps.core import clock
from apps.core.access import Scope
from apps.engine.codes import Urgency
from apps.orders.choices import OrderStatus
from apps.outbound.models import OutboundMessage
from tests.assignment.hand import (
    act,
    history,
    open_studies,
    state,
    told,
)
from tests.support.department import (
    Department,
    order,
    result,
    send,
)

pytestmark = pytest.mark.db


class TestStale:
    @pytest.mark.parametrize(
        "meanwhile",
        [
            lambda: act(by_hand.assign, radiologist_id="DR_B"),
            lambda: act(by_hand.hold, reason="prior films missing"),
            lambda: act(by_hand.change_urgency, urgency=Urgency.URGENT),
            lambda: act(reading.start, radiologist_id="DR_A"),
            lambda: send(*order(control="CA", placer="P1")),
            lambda: send(*result(status="F")),
        ],
        ids=["reassigned", "held", "urgency", "started", "cancelled", "reported"],
    )
    @pytest.mark.usefixtures("given")
    def test_old_form_changes_nothing_and_gets_the_fresh_state(self, meanwhile: object) -> None:
        seen = state()
        meanwhile()
        before = (state(), history(), told(), open_studies())

        with pytest.raises(StaleStudyError) as raised:
            act(by_hand.assign, seen, radiologist_id="DR_OFF")

        assert raised.value.fresh == state()
        assert (state(), history(), told(), open_studies()) == before

    def test_unknown_study_and_one_of_a_foreign_site_are_the_same_to_the_asker(
        self, given: Department
    ) -> None:
        foreign = Scope(site_ids=frozenset({given.site.pk + 1}))
        with pytest.raises(UnknownStudyError) as unknown:
            act(by_hand.assign, radiologist_id="DR_B", order_id=0)
        with pytest.raises(UnknownStudyError) as elsewhere:
            act(by_hand.assign, radiologist_id="DR_B", scope=foreign)
        assert str(unknown.value) == str(elsewhere.value)

        own = Scope(site_ids=frozenset({given.site.pk}))
        assert act(by_hand.assign, radiologist_id="DR_B", scope=own).radiologist_id == "DR_B"


class TestPolicies:
    @pytest.mark.parametrize(("status", "action"), [*product(OrderStatus, Action)])
    def test_every_status_allows_an_action_or_says_why_not(
        self, status: OrderStatus, action: Action
    ) -> None:
        seen = StudyState(1, "P1", 1, status, "STAT", is_reported_by_hand=True)
        if action in ALLOWED[status]:
            check_can(action, seen)
            assert can(action, seen)
            assert action in allowed_actions(seen)
            return
        with pytest.raises(NotPossibleError, match=r"^It (is|has) .*\.$|^Its .*\.$"):
            check_can(action, seen)
        assert not can(action, seen)
        assert action not in allowed_actions(seen)

    def test_what_is_over_allows_nothing(self) -> None:
        over = (OrderStatus.FINAL, OrderStatus.AMENDED, OrderStatus.CANCELLED)
        assert [ALLOWED[status] for status in over] == [frozenset()] * 3

    def test_report_that_came_by_message_is_not_taken_back(self) -> None:
        by_message = StudyState(1, "P1", 1, OrderStatus.PRELIMINARY, "STAT")
        assert allowed_actions(by_message) == frozenset()


@pytest.mark.usefixtures("given")
def test_failing_audit_undoes_the_whole_action() -> None:
    seen, before = state(), (history(), open_studies(), LedgerEntry.objects.count())

    with pytest.raises(Exception, match="auditevent"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE audit_auditevent (at int) ON COMMIT DROP")
        act(by_hand.assign, seen, radiologist_id="DR_B")

    assert state() == seen
    assert (history(), open_studies(), LedgerEntry.objects.count()) == before
    assert OutboundMessage.objects.count() == 1


@pytest.mark.usefixtures("given")
def test_choice_by_hand_is_counted_after_the_commit(
    django_capture_on_commit_callbacks: object,
) -> None:
    labels = {"shift": "MRI_MSK", "strategy": "MANUAL", "escalated": "false"}
    before = _counted(labels)

    with django_capture_on_commit_callbacks(execute=True):
        act(by_hand.assign, radiologist_id="DR_B")
        assert _counted(labels) == before

    assert _counted(labels) == before + 1


def _counted(labels: dict[str, str]) -> float:
    from prometheus_client import REGISTRY  # noqa: PLC0415 -- beside its only use

    return REGISTRY.get_sample_value("assignment_engine_assignments_total", labels) or 0.0


@pytest.mark.usefixtures("given")
def test_what_is_rolled_back_is_in_nobodys_last_hour() -> None:
    """Several actions in one transaction read each other's lines, which may never come to be."""
    send(*order(placer="P2"))
    now = clock.now()
    before = {name: ledger().hour_of(name, now) for name in ("DR_A", "DR_B")}

    def move_all() -> None:
        for name in ("P1", "P2", "P1"):
            seen = state(name)
            to = "DR_A" if seen.radiologist_id == "DR_B" else "DR_B"
            act(by_hand.assign, seen, radiologist_id=to)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        move_all()

    assert {name: ledger().hour_of(name, now) for name in ("DR_A", "DR_B")} == before

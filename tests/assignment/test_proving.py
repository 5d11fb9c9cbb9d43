"""Stored decisions made again each night: what differs is found, named and told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Model
from django.test import Client, override_settings

from apps.accounts.choices import Role
from apps.assignment.models import Assignment, DecisionBasis, ReplayCheck, Unassigned
from apps.assignment.queries.replay_checks import checks_page, newest_drift
from apps.assignment.services import by_hand, proving, replay
from apps.core import clock
from apps.core.access import EVERYWHERE
from apps.core.queue import jobs, slices
from apps.engine.compiled import CompiledConfig
from apps.engine.optimal.together import Together, replay_together
from apps.roster.models import Shift
from tests import factories
from tests.assignment.hand import act, state
from tests.support.department import Department, order, receive, send, settle
from tests.support.people import signed_in

pytestmark = pytest.mark.db

DAY = timedelta(days=1)


def prove(**how: Any) -> ReplayCheck:
    at = clock.now()
    check = proving.prove(since=at - DAY, at=at, **how)
    assert check is not None
    return check


@pytest.fixture
def decided(department: Department) -> Department:
    """Three studies with readers and one without."""
    department.add_reader("DR_A")
    department.add_reader("DR_B", max_concurrent_studies=1)
    for number in range(3):
        send(*order(placer=f"P{number}"))
    send(*order(placer="P9", modality="CT"))
    return department


def tamper(row: Model, change: dict[str, Any]) -> None:
    trace = getattr(row, "trace")  # noqa: B009 -- of either model
    type(row)._default_manager.filter(pk=row.pk).update(trace=trace | change)


def counts(check: ReplayCheck) -> tuple[int, int, int, int]:
    return check.looked_at, check.same, check.no_basis, check.drifted


@pytest.mark.usefixtures("decided")
def test_decisions_as_they_were_made_come_out_the_same() -> None:
    assert counts(prove()) == (4, 4, 0, 0)


def test_a_tampered_trace_is_named_with_the_place_of_its_first_difference(
    decided: Department,
) -> None:
    row = Assignment.objects.order_by("pk").first()
    assert row is not None
    tries = [{**row.trace["tries"][0], "chosen": "DR_NOBODY"}]
    tamper(row, {"tries": tries})

    check = prove()

    assert counts(check) == (4, 3, 0, 1)
    assert check.drifts == [
        {
            "what": "assignment",
            "id": row.pk,
            "order": row.order_id,
            "site": decided.site.pk,
            "state": "drifted",
            "path": "$.tries[0].chosen",
            "stored": '"DR_NOBODY"',
            "made": f'"{row.radiologist_id}"',
        }
    ]


@pytest.mark.usefixtures("decided")
def test_a_row_that_says_another_reader_than_its_trace_is_a_drift() -> None:
    row = Assignment.objects.filter(radiologist="DR_A").first()
    assert row is not None
    Assignment.objects.filter(pk=row.pk).update(radiologist="DR_B")

    [drift] = prove().drifts

    assert (drift["path"], drift["stored"], drift["made"]) == (
        "row.radiologist",
        '"DR_B"',
        '"DR_A"',
    )


@pytest.mark.usefixtures("decided")
def test_a_row_that_lost_its_shift_is_a_drift() -> None:
    row = Assignment.objects.first()
    assert row is not None
    Assignment.objects.filter(pk=row.pk).update(shift=None, shift_code="")

    [drift] = prove().drifts

    assert (drift["path"], drift["stored"], drift["made"]) == (
        "row.shift",
        "nothing",
        '"MRI_MSK"',
    )


def test_a_row_that_lost_its_rule_or_was_given_one_is_a_drift(department: Department) -> None:
    department.add_reader("DR_A")
    rule = factories.AssignmentRuleFactory(
        condition_filters={"field": "urgency", "op": "=", "value": "STAT"},
        action_type="ASSIGN_TO_RADIOLOGIST",
        action_target="DR_A",
    )
    send(*order(placer="P1", priority="S"))
    send(*order(placer="P2"))
    assert counts(prove()) == (2, 2, 0, 0)
    by_rule = Assignment.objects.filter(order__accession="P1")
    by_rule.update(rule_id=None, rule_version=None)
    Assignment.objects.filter(order__accession="P2").update(rule_id=rule.pk, rule_version=1)

    drifts = prove().drifts

    assert [(one["path"], one["stored"], one["made"]) for one in drifts] == [
        ("row.rule", "nothing", str(rule.pk)),
        ("row.rule", str(rule.pk), "nothing"),
    ]


def test_what_a_person_put_aside_is_no_drift_of_the_rule_that_held_it(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    factories.AssignmentRuleFactory(
        condition_filters={}, action_type="HOLD", action_target="later"
    )
    send(*order(placer="P1"))
    act(by_hand.release)

    assert Unassigned.objects.get().reason == "by_hand"
    assert counts(prove()) == (1, 1, 0, 0)


@pytest.fixture
def burst(department: Department) -> Department:
    """Six orders given out together, two readers."""
    Shift.objects.update(strategy="OPTIMAL")
    department.add_reader("DR_A")
    department.add_reader("DR_B")
    for number in range(6):
        receive(*order(placer=f"P{number}", mrn=f"MRN{number}"))
    settle()
    return department


@pytest.mark.usefixtures("burst")
def test_a_burst_is_decided_once_for_all_of_its_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counting(basis: dict[str, Any], compiled: CompiledConfig) -> Together:
        made.append(len(basis["orders"]))
        return replay_together(basis, compiled)

    monkeypatch.setattr(replay, "replay_together", counting)

    assert counts(prove()) == (6, 6, 0, 0)
    assert made == [6]


@pytest.mark.usefixtures("burst")
def test_what_was_noted_of_one_order_of_a_burst_is_not_said_of_it_again() -> None:
    row = Assignment.objects.order_by("pk").first()
    assert row is not None
    noted = {**row.trace, "lost_by": ["DR_Z", 4, "offline"]}

    first, again = replay.replay_stored(noted), replay.replay_stored(row.trace)

    assert (first.trace, again.trace) == (noted, row.trace)


@pytest.mark.usefixtures("burst")
def test_a_check_looks_at_what_is_stored_now_and_not_at_what_it_knew() -> None:
    assert counts(prove()) == (6, 6, 0, 0)
    DecisionBasis.objects.filter(area__startswith="burst:").delete()

    assert counts(prove()) == (6, 0, 6, 0)


@pytest.mark.usefixtures("decided")
def test_what_an_order_says_of_its_patient_is_not_copied_into_the_check() -> None:
    row = Assignment.objects.first()
    assert row is not None
    tamper(row, {"order": {**row.trace["order"], "patient_birth_on": "1980-01-15"}})

    [drift] = prove().drifts

    assert drift["path"] == "$.order.patient_birth_on"
    assert "1980" not in str(drift)


@pytest.mark.usefixtures("decided")
def test_a_trace_that_cannot_be_read_is_a_drift_and_no_crash() -> None:
    row = Unassigned.objects.get()
    tamper(row, {"order": {"urgency": "SOON"}})

    [drift] = prove().drifts

    assert (drift["what"], drift["path"], drift["made"]) == ("unassigned", "$", "ValueError")


@pytest.mark.usefixtures("decided")
def test_a_missing_basis_is_counted_apart() -> None:
    DecisionBasis.objects.filter(area="rules").delete()
    replay.forget()

    check = prove()

    assert counts(check) == (4, 0, 4, 0)
    assert {entry["state"] for entry in check.drifts} == {"no_basis"}


@pytest.mark.usefixtures("decided")
def test_a_choice_by_hand_comes_out_the_same() -> None:
    row = Assignment.objects.filter(radiologist="DR_A").first()
    assert row is not None
    act(by_hand.assign, state(row.order.accession), radiologist_id="DR_B", reason="hers")

    check = prove()

    assert Assignment.objects.filter(strategy="MANUAL").count() == 1
    assert counts(check) == (5, 5, 0, 0)


@pytest.mark.usefixtures("decided")
def test_the_sample_is_the_same_for_the_same_seed() -> None:
    first = prove(most_assigned=2, most_unassigned=0, seed=7)
    again = prove(most_assigned=2, most_unassigned=0, seed=7)

    assert counts(first) == counts(again) == (2, 2, 0, 0)


@pytest.mark.usefixtures("department")
def test_parked_orders_were_never_decided() -> None:
    send(*order(placer="P1", site="NOWHERE", facility="NOWHERE"))

    assert counts(prove()) == (0, 0, 0, 0)


# -- at night ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("decided")
def test_it_is_done_once_a_night_by_the_slow_cluster() -> None:
    due_at = proving.waiting_since()
    assert due_at is not None
    assert due_at <= clock.now()

    assert proving.prove_nightly() == 1

    assert (proving.waiting_since(), proving.prove_nightly()) == (None, 0)
    assert ReplayCheck.objects.count() == 1


@pytest.mark.usefixtures("decided")
def test_it_waits_again_after_the_hour_of_the_next_night() -> None:
    factories.ReplayCheckFactory(at=clock.now() - DAY)

    assert proving.waiting_since() is not None


def test_a_night_after_which_nothing_was_decided_needs_no_proof() -> None:
    assert proving.waiting_since() is None


@pytest.mark.usefixtures("decided")
def test_a_worker_that_is_told_to_end_leaves_the_check_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slices, "is_stopping", lambda: True)

    assert proving.prove_nightly() == 0

    assert not ReplayCheck.objects.exists()
    assert proving.waiting_since() is not None


@pytest.mark.usefixtures("decided")
def test_the_slow_cluster_knows_of_it() -> None:
    assert jobs._kinds[proving.NAME].work is proving.prove_nightly


@override_settings(REPLAY_CHECK_HOUR=0)
@pytest.mark.usefixtures("decided")
def test_the_hour_is_the_servers() -> None:
    due_at = proving.waiting_since()

    assert due_at is not None
    assert (due_at.hour, due_at.minute) == (0, 0)


# -- by hand ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("decided")
def test_the_command_tells_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("replay", "--all")

    assert "4 decisions since" in capsys.readouterr().out
    assert ReplayCheck.objects.count() == 1


@pytest.mark.usefixtures("decided")
@pytest.mark.parametrize(
    ("options", "is_quiet"),
    [
        ({}, False),  # a sample, though it happens to hold all
        ({"since": "2099-01-01 00:00", "all": True}, False),  # of nothing
        ({"since": "2020-01-01 00:00", "all": True}, True),
    ],
)
def test_by_hand_only_what_looked_at_all_of_it_takes_the_alarm_away(
    options: dict[str, Any], is_quiet: bool
) -> None:
    factories.ReplayCheckFactory(
        looked_at=9, drifted=2, at=clock.now() - DAY / 2, since=clock.now() - DAY
    )

    call_command("replay", **options)

    assert (newest_drift() is None) == is_quiet


@pytest.mark.usefixtures("decided")
def test_what_is_checked_by_hand_is_checked_at_night_all_the_same() -> None:
    call_command("replay", "--all")

    assert proving.waiting_since() is not None
    assert proving.prove_nightly() == 1


@pytest.mark.usefixtures("decided")
def test_the_command_fails_where_a_decision_differs(capsys: pytest.CaptureFixture[str]) -> None:
    row = Unassigned.objects.get()
    tamper(row, {"minutes_left": -1})

    with pytest.raises(CommandError, match="1 decisions differ"):
        call_command("replay", "--since", "2020-01-01 00:00")

    assert f"unassigned {row.pk}: drifted at $.minutes_left" in capsys.readouterr().out


def test_the_command_refuses_what_is_no_moment() -> None:
    with pytest.raises(CommandError, match="'yesterday' is no moment"):
        call_command("replay", "--since", "yesterday")


# -- told -------------------------------------------------------------------------------------


def test_a_drift_is_an_alarm_on_the_board_until_a_check_is_clean() -> None:
    client = signed_in(Role.MANAGER)
    factories.ReplayCheckFactory(looked_at=9, drifted=2, at=clock.now() - DAY)

    assert "2 of 9 checked" in client.get("/").content.decode()

    factories.ReplayCheckFactory(looked_at=9, same=9)
    assert "checked" not in client.get("/").content.decode()


def entry(assignment: Assignment, **changes: Any) -> dict[str, Any]:
    return {
        "what": "assignment",
        "id": assignment.pk,
        "order": assignment.order_id,
        "site": assignment.order.site_id,
        "state": "drifted",
        "path": "$.tries[0].by",
        "stored": '"load"',
        "made": '"last"',
    } | changes


def test_the_page_names_the_place_and_leads_to_the_explanation() -> None:
    assignment = factories.AssignmentFactory()
    factories.ReplayCheckFactory(
        looked_at=2,
        drifted=1,
        no_basis=1,
        drifts=[entry(assignment), entry(assignment, state="no_basis", path="")],
    )

    page = signed_in(Role.AUDITOR).get("/decisions/checks/").content.decode()

    expected = (f"/assignments/{assignment.pk}/why/", "$.tries[0].by", "was not kept", "differs")
    assert [words for words in expected if words not in page] == []


def test_drifts_of_other_sites_are_counted_and_not_named() -> None:
    assignment = factories.AssignmentFactory()
    factories.ReplayCheckFactory(looked_at=2, drifted=1, drifts=[entry(assignment)])
    client = signed_in(Role.MANAGER, site=factories.SiteFactory())

    page = client.get("/decisions/checks/").content.decode()

    assert f"/assignments/{assignment.pk}/" not in page
    assert "1 more" in page


def test_without_any_check_the_page_says_when_there_will_be() -> None:
    page = signed_in(Role.MANAGER).get("/decisions/checks/").content.decode()

    assert "No check has been made yet" in page


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.RADIOLOGIST, Role.REFERRING_PROVIDER])
def test_who_may_not_see_rules_may_not_see_the_checks(role: Role) -> None:
    assert signed_in(role).get("/decisions/checks/").status_code == 403


def test_the_page_is_for_those_signed_in_and_only_read(client: Client) -> None:
    assert client.get("/decisions/checks/").status_code == 302
    assert signed_in(Role.MANAGER).post("/decisions/checks/").status_code == 405


def test_the_page_costs_the_same_at_one_check_and_at_many(
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[list[str]]],
) -> None:
    client = signed_in(Role.MANAGER)
    factories.ReplayCheckFactory()
    with django_assert_max_num_queries(15) as at_one:
        client.get("/decisions/checks/")
    for _ in range(99):
        factories.ReplayCheckFactory()

    with django_assert_max_num_queries(15) as at_many:
        client.get("/decisions/checks/")

    assert len(at_one) == len(at_many)
    assert checks_page(1, scope=EVERYWHERE).has_next

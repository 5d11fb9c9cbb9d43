"""Credentials that rules ask for bind whoever chooses: a change of the order, and people."""

from __future__ import annotations

from typing import Any

import pytest

from apps.assignment.exceptions import NotFitError
from apps.assignment.models import Assignment
from apps.assignment.queries.candidates import candidates
from apps.assignment.services import by_hand
from apps.assignment.services.replay import replay_stored
from apps.core import clock
from apps.orders.models import Order
from apps.roster.models import RadiologistCredential
from apps.rules.choices import ActionChoices
from tests.assignment.hand import act, history
from tests.factories import AssignmentRuleFactory
from tests.support.department import Department, order, readers, send

pytestmark = pytest.mark.db

CARDIAC = {"all": [{"field": "procedure_text", "op": "contains", "value": "CARDIAC"}]}


@pytest.fixture
def asked(department: Department) -> Department:
    """DR_A holds nothing, DR_B the credential that a rule asks for the heart."""
    department.add_reader("DR_A")
    rule(ActionChoices.REQUIRE_CREDENTIAL, '["CARDIAC"]', name="heart")
    return department


def rule(action: ActionChoices, target: str, **values: Any) -> None:
    given = {"condition_filters": CARDIAC, "is_terminal": False} | values
    AssignmentRuleFactory.create(action_type=action, action_target=target, **given)


def give(department: Department) -> None:
    reader = department.add_reader("DR_B")
    RadiologistCredential.objects.create(radiologist=reader, name="CARDIAC")


def test_a_study_that_becomes_one_of_the_heart_leaves_who_may_not_read_it(
    asked: Department,
) -> None:
    send(*order(placer="P1"))
    assert readers() == {"P1": "DR_A"}
    give(asked)

    send(*order(control="XO", placer="P1", code="MRI CARDIAC^MRI CARDIAC"))

    assert readers() == {"P1": "DR_B"}
    lost = Assignment.objects.get(radiologist_id="DR_A")
    assert lost.end_reason == "unfit"
    assert lost.end_note == "lacks the credential CARDIAC, which rule “heart” asks for"


def test_nobody_is_given_by_hand_what_a_rule_asks_a_credential_for(asked: Department) -> None:
    give(asked)
    send(*order(placer="P1", code="MRI CARDIAC^MRI CARDIAC"))
    assert readers() == {"P1": "DR_B"}

    (refused,) = candidates(Order.objects.get().pk, at=clock.now()).refused

    assert (refused.radiologist_id, refused.refusal) == (
        "DR_A",
        "lacks the credential CARDIAC, which rule “heart” asks for",
    )
    with pytest.raises(NotFitError, match="which rule “heart” asks for"):
        act(by_hand.assign, radiologist_id="DR_A", reason="they know the patient well")
    assert readers() == {"P1": "DR_B"}


def test_whom_a_rule_excludes_a_person_may_choose_and_the_choice_replays(
    asked: Department,
) -> None:
    give(asked)
    rule(ActionChoices.EXCLUDE, "DR_B", name="not them")
    send(*order(placer="P1", code="MRI CARDIAC^MRI CARDIAC"))
    assert readers() == {}

    act(by_hand.assign, radiologist_id="DR_B")

    assert history() == [("DR_B", "MANUAL", "")]
    stored = Assignment.objects.get()
    assert stored.trace["rules"][0][2:4] == ["heart", "REQUIRE_CREDENTIAL"]
    assert replay_stored(stored.trace).trace == stored.trace

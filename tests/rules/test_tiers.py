from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from apps.rules.choices import TierAction
from apps.rules.models import SlaPolicy
from apps.rules.tiers import DEFAULT_TIERS, Tier, read_tiers, tier_problems

EXAMPLE = '[{"after_minutes": 0, "action": "flag"}, {"after_minutes": 30, "action": "reassign"}]'


def step(minutes: object, action: object) -> dict[str, object]:
    return {"after_minutes": minutes, "action": action}


def test_no_steps_are_the_default() -> None:
    assert SlaPolicy(urgency="STAT").tiers == DEFAULT_TIERS
    assert [(tier.after_minutes, tier.action.value) for tier in DEFAULT_TIERS] == [
        (0, "flag"),
        (15, "alert"),
        (30, "reassign"),
        (60, "supervisor"),
    ]


def test_steps_are_read_in_their_order_and_those_of_one_minute_as_they_stand() -> None:
    steps = [step(30, "supervisor"), step(0, "flag"), step(30, "reassign"), step(5, "alert")]

    assert read_tiers(steps) == (
        Tier(0, TierAction.FLAG),
        Tier(5, TierAction.ALERT),
        Tier(30, TierAction.SUPERVISOR),
        Tier(30, TierAction.REASSIGN),
    )


def test_a_list_without_a_flag_begins_with_one() -> None:
    assert read_tiers([step(20, "alert")]) == (
        Tier(0, TierAction.FLAG),
        Tier(20, TierAction.ALERT),
    )


def test_what_got_past_the_form_does_not_stop_the_clock() -> None:
    assert read_tiers("nonsense") == read_tiers([{"after": 1}, 7]) == DEFAULT_TIERS
    assert read_tiers([step(1, "alert"), step(9, "flag"), step(4, "flag"), step(-1, "alert")]) == (
        Tier(4, TierAction.FLAG),
        Tier(4, TierAction.ALERT),
    )


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], []),
        ([step(0, "flag"), step(0, "alert"), step(45, "reassign")], []),
        (
            {"after_minutes": 1},
            [f"The steps are a JSON list, such as {EXAMPLE}."],
        ),
        (
            [step(0, "flag"), {"after_minutes": 1}, "alert"],
            [
                "Step 2: a step has after_minutes and action, and nothing else.",
                "Step 3: a step has after_minutes and action, and nothing else.",
            ],
        ),
        ([step("5", "alert")], ["Step 1: after_minutes is a whole number of minutes."]),
        ([step(5.0, "alert")], ["Step 1: after_minutes is a whole number of minutes."]),
        (
            [step(-1, "alert")],
            ["Step 1: after_minutes counts from the breach: 0 or more, at most a year."],
        ),
        (
            [step(1, "shout")],
            ["Step 1: the action is one of flag, alert, reassign, supervisor."],
        ),
        (
            [step(1, ["alert"])],
            ["Step 1: the action is one of flag, alert, reassign, supervisor."],
        ),
        (
            [step(0, "flag"), step(9, "flag")],
            ["The breach is flagged once: name the flag in one step only."],
        ),
        (
            [step(5, "alert"), step(9, "flag")],
            ["The flag comes first: no other step can have fewer minutes."],
        ),
    ],
)
def test_problems_are_named_with_their_place(steps: object, expected: list[str]) -> None:
    assert tier_problems(steps) == expected


def test_a_policy_refuses_them_at_the_field_and_puts_good_ones_in_order() -> None:
    policy = SlaPolicy(urgency="STAT", escalation_steps=[step(1, "shout")])
    with pytest.raises(ValidationError) as refused:
        policy.clean()
    assert list(refused.value.message_dict) == ["escalation_steps"]

    policy.escalation_steps = [step(30, "alert"), step(0, "flag")]
    policy.clean()
    assert policy.escalation_steps == [step(0, "flag"), step(30, "alert")]

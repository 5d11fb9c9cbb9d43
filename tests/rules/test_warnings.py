"""What is said to be doubtful about rules, as they stand and as they would be saved."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.editing import Effect
from apps.catalog.models import Site
from apps.roster.models import Licence, RadiologistCredential, Shift
from apps.rules.choices import ActionChoices
from apps.rules.models import AssignmentRule
from apps.rules.queries.warnings import marks, warnings_of
from tests.factories.catalog import ProcedureFactory, SiteFactory
from tests.factories.people import RadiologistFactory
from tests.factories.roster import RosterAssignmentFactory, ShiftFactory
from tests.factories.rules import AssignmentRuleFactory
from tests.factories.times import NOON

pytestmark = pytest.mark.db

Json = dict[str, Any]
WORDS = "Until then what it meets goes on to the next rule."


def is_(field: str, *values: object) -> Json:
    return {"field": field, "op": "in", "value": list(values)}


def rule(conditions: Json | None = None, **more: Any) -> AssignmentRule:
    return AssignmentRuleFactory.create(condition_filters=conditions or {}, **more)


def unsaved(conditions: Json | None = None, **more: Any) -> AssignmentRule:
    return AssignmentRuleFactory.build(condition_filters=conditions or {}, **more)


def to_reader(reader: str, conditions: Json | None = None, **more: Any) -> AssignmentRule:
    action = ActionChoices.ASSIGN_TO_RADIOLOGIST
    return unsaved(conditions, action_type=action, action_target=reader, **more)


def to_shift(shift: Shift, conditions: Json | None = None, **more: Any) -> AssignmentRule:
    action = ActionChoices.ASSIGN_TO_SHIFT
    return unsaved(conditions, action_type=action, action_target=shift.code, **more)


def staffed(code: str = "DAY") -> Shift:
    shift = ShiftFactory.create(code=code)
    RosterAssignmentFactory.create(shift=shift)
    return shift


@pytest.fixture
def site() -> Site:
    return SiteFactory.create(code="ROB")


def test_a_rule_that_does_what_it_says_is_not_doubted() -> None:
    assert warnings_of(to_shift(staffed(), is_("modality", "MR")), at=NOON) == []


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        (
            {"all": [is_("modality", "MR"), is_("modality", "CT")]},
            "“modality is MR” and “modality is CT” can never hold together.",
        ),
        (is_("urgency", "SOON"), "“urgency is SOON” can never hold, so it does nothing."),
    ],
    ids=["two", "one"],
)
def test_conditions_that_contradict_are_named(conditions: Json, words: str) -> None:
    assert warnings_of(unsaved(conditions), at=NOON) == [Effect(words, "alarm")]


def test_an_alternative_that_can_never_hold_is_named() -> None:
    never = {"all": [is_("urgency", "STAT"), is_("urgency", "ROUTINE")]}

    found = warnings_of(unsaved({"any": [never, is_("modality", "MR")]}), at=NOON)

    assert found == [
        Effect(
            "Of its alternatives “urgency is STAT and urgency is ROUTINE” can never hold.",
            "warn",
        )
    ]


def test_a_new_rule_is_told_who_stands_in_its_way_and_an_early_one_in_whose_it_would() -> None:
    rule(is_("modality", "MR", "CT"), name="all", priority_order=10)
    later = unsaved(is_("modality", "MR"), name="late", priority_order=10)
    early = unsaved(is_("modality", "MR", "CT", "US"), name="early", priority_order=5)

    assert warnings_of(later, at=NOON) == [
        Effect(
            "Never reached: rule 10 “all” before it ends the run for all that it meets.", "warn"
        )
    ]
    assert warnings_of(early, at=NOON) == [
        Effect("Because of it rule 10 “all” is never reached.", "warn")
    ]


def test_two_rules_for_exactly_the_same_orders_are_said_to_be() -> None:
    first, second = staffed("A"), staffed("B")
    to_shift(first, is_("modality", "MR"), name="a", priority_order=1).save()
    twice = to_shift(second, {"all": [is_("modality", "mr")]}, name="b", priority_order=2)

    assert warnings_of(twice, at=NOON) == [
        Effect(
            "Reached only by what rule 1 “a” before it finds no reader for: both ask for exactly "
            "the same orders.",
            "warn",
        )
    ]


def test_an_edited_rule_is_judged_as_it_would_be_not_as_it_is() -> None:
    rule({}, name="all", priority_order=10)
    kept = rule(is_("modality", "MR"), priority_order=20)
    assert list(marks([kept], at=NOON)) == [kept.pk]

    kept.priority_order = 5

    assert warnings_of(kept, at=NOON) == []


def test_a_rule_that_is_switched_off_is_told_its_own_faults_only() -> None:
    rule({}, priority_order=1)
    off = unsaved(is_("site", "NOWHERE"), enabled=False, priority_order=2)

    assert warnings_of(off, at=NOON) == [Effect("There is no site NOWHERE.", "warn")]


def test_a_window_that_is_over_is_told(site: Site) -> None:
    over = unsaved(is_("site", site.code), active_until=NOON - timedelta(hours=1))

    assert warnings_of(over, at=NOON) == [
        Effect("Its window is over: it does nothing any more.", "warn")
    ]


def test_codes_that_do_not_exist_are_named(site: Site) -> None:
    ProcedureFactory.create(code="MRK")
    conditions = {
        "all": [is_("site", "rob", "BOR"), is_("procedure", "mrk", "XYZ"), is_("modality", "MRI")],
        "none": [is_("cluster", site.cluster.code, "FAR")],
    }

    found = warnings_of(unsaved(conditions), at=NOON)

    assert {one.words for one in found} == {
        "There is no site BOR.",
        "There is no procedure XYZ.",
        "There is no modality MRI.",
        "There is no cluster FAR.",
    }


def test_shifts_that_are_off_or_have_nobody_are_told() -> None:
    off = ShiftFactory.create(code="OFF", is_active=False)
    empty = ShiftFactory.create(code="EMPTY")
    past = ShiftFactory.create(code="PAST")
    RosterAssignmentFactory.create(
        shift=past, start_date=date(2020, 1, 1), end_date=date(2020, 2, 1)
    )

    assert warnings_of(to_shift(off), at=NOON) == [
        Effect(f"The shift OFF is switched off. {WORDS}", "alarm")
    ]
    for shift in (empty, past):
        words = f"Nobody is rostered on {shift.code} in the next 14 days. {WORDS}"
        assert warnings_of(to_shift(shift), at=NOON) == [Effect(words, "warn")]


def test_a_reader_who_is_not_active_is_told() -> None:
    gone = RadiologistFactory.create(id="GONE", is_active=False)

    found = warnings_of(to_reader("GONE", is_strict=True), at=NOON)

    stays = "Until then what it meets stays unassigned: the rule is strict."
    assert found == [Effect(f"{gone.full_name} is not active. {stays}", "alarm")]


def test_a_reader_without_the_credential_is_told_for_which_procedures(site: Site) -> None:
    ann = RadiologistFactory.create(id="ANN")
    ProcedureFactory.create(code="PLAIN", modality="CT", body_part="CHEST")
    cardiac = ["CARDIAC"]
    ProcedureFactory.create(
        code="CTCA", modality="CT", body_part="HEART", required_credentials=cardiac
    )
    ProcedureFactory.create(
        code="MRCA", modality="MR", body_part="HEART", required_credentials=cardiac
    )
    lacks = f"{ann.full_name} lacks the credential CARDIAC"

    assert warnings_of(to_reader("ANN", is_("modality", "CT")), at=NOON) == [
        Effect(f"{lacks} for 1 of the 2 procedures that it may meet, such as CTCA.", "warn")
    ]
    assert warnings_of(to_reader("ANN", is_("procedure", "MRCA")), at=NOON) == [
        Effect(f"{lacks}: may read nothing that it asks for.", "alarm")
    ]
    assert warnings_of(to_reader("ANN", is_("site", site.code)), at=NOON) == [
        Effect(f"{lacks} for 2 of the 3 procedures that it may meet, such as CTCA, MRCA.", "calm")
    ]
    assert warnings_of(to_reader("ANN", is_("procedure", "PLAIN")), at=NOON) == []

    RadiologistCredential.objects.create(radiologist=ann, name="CARDIAC")

    assert warnings_of(to_reader("ANN", is_("procedure", "MRCA")), at=NOON) == []


def test_a_credential_that_ran_out_yesterday_is_missing(site: Site) -> None:
    ann = RadiologistFactory.create(id="ANN")
    RadiologistCredential.objects.create(
        radiologist=ann, name="CARDIAC", end_date=NOON.date() - timedelta(days=1)
    )
    ProcedureFactory.create(code="CTCA", required_credentials=["CARDIAC"])

    (found,) = warnings_of(to_reader("ANN", is_("site", site.code)), at=NOON)

    # What names no procedure of the catalogue, she may read all the same.
    lacks = f"{ann.full_name} lacks the credential CARDIAC"
    only = "for the only procedure of the catalogue that it may meet, CTCA."
    assert found == Effect(f"{lacks} {only}", "alarm")


def test_a_licence_is_asked_for_where_the_rule_may_meet_orders() -> None:
    SiteFactory.create(code="HOME")
    SiteFactory.create(code="AWAY", requires_licence=True, jurisdiction="NZ")
    ann = RadiologistFactory.create(id="ANN")
    ProcedureFactory.create(code="MRK")

    assert warnings_of(to_reader("ANN", is_("site", "HOME")), at=NOON) == []
    assert warnings_of(to_reader("ANN", is_("site", "AWAY")), at=NOON) == [
        Effect(
            f"{ann.full_name} has no valid licence for NZ: may read nothing that it asks for.",
            "alarm",
        )
    ]
    (found,) = warnings_of(to_reader("ANN"), at=NOON)
    only = "the only procedure of the catalogue that it may meet at some sites, MRK"
    assert found.words == f"{ann.full_name} has no valid licence for NZ for {only}."
    Licence.objects.create(radiologist=ann, jurisdiction="NZ")
    assert warnings_of(to_reader("ANN", is_("site", "AWAY")), at=NOON) == []


def test_rules_that_contradict_each_other_about_a_reader_are_told() -> None:
    RadiologistFactory.create(id="ANN", given_name="Ann")
    rule(name="out", priority_order=1, action_type=ActionChoices.EXCLUDE, action_target="ANN")
    asking = ActionChoices.REQUIRE_CREDENTIAL
    rule(name="ask", priority_order=2, action_type=asking, action_target="CARDIAC")

    words = {one.words for one in warnings_of(to_reader("ANN"), at=NOON)}

    assert "Contradicted: rule 1 “out” before it excludes ANN from all that it meets." in words
    assert any(
        "lacks the credential CARDIAC, which rule 2 “ask” asks for." in one for one in words
    )


def test_a_credential_that_nobody_has_is_told() -> None:
    ann = RadiologistFactory.create(id="ANN")
    asking = unsaved(action_type=ActionChoices.REQUIRE_CREDENTIAL, action_target="CARDIAC")
    nobody = Effect("Nobody has CARDIAC today: what it meets finds no reader.", "alarm")

    assert warnings_of(asking, at=NOON) == [nobody]
    RadiologistCredential.objects.create(radiologist=ann, name="CARDIAC")
    assert warnings_of(asking, at=NOON) == []


def test_two_urgencies_for_the_same_orders_contradict() -> None:
    kind = ActionChoices.SET_PRIORITY
    rule(
        is_("modality", "MR"),
        name="later",
        priority_order=9,
        action_type=kind,
        action_target="URGENT",
    )
    first = unsaved(
        is_("modality", "MR"), priority_order=1, action_type=kind, action_target="STAT"
    )

    assert warnings_of(first, at=NOON) == [
        Effect("Contradicted: rule 9 “later” after it makes all that it meets URGENT.", "warn")
    ]


def test_marks_of_many_rules_cost_as_many_queries_as_of_one_and_follow_an_edit() -> None:
    first = rule({}, name="all", priority_order=1)
    second = rule(is_("modality", "MR"), priority_order=2)
    assert list(marks([first, second], at=NOON)) == [second.pk]
    for number in range(30):
        rule(is_("modality", "CT"), name=f"more {number}", priority_order=10 + number)
    rows = list(AssignmentRule.objects.all())
    assert len(marks(rows, at=NOON)) == 31

    with CaptureQueriesContext(
        connection,
    ) as asked:
        marks(rows, at=NOON)

    assert len(asked) <= 1
    first.enabled = False
    first.save()
    assert second.pk not in marks(rows, at=NOON)

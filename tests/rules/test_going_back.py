"""The rules as they were: the history of all, and the way back for one rule or for all."""

from __future__ import annotations

import pytest
from django.db import ProgrammingError, connection, transaction

from apps.core.actor import Actor, acting_as, say_why
from apps.rules.exceptions import ChangedSinceError
from apps.rules.models import AssignmentRule, RuleVersion
from apps.rules.queries.history import edits
from apps.rules.queries.versions import (
    VersionFilter,
    differences_to,
    entries,
    newest_version,
    rules_at,
)
from apps.rules.services.versions import take_all_back, take_rule_back
from tests.factories.rules import AssignmentRuleFactory
from tests.rules.pages import names_in_order

pytestmark = pytest.mark.db


def version(rule_id: int, number: int) -> RuleVersion:
    return RuleVersion.objects.get(rule_id=rule_id, version=number)


def test_a_rule_is_as_in_an_earlier_version_again_and_says_why() -> None:
    rule = AssignmentRuleFactory.create(name="a", priority_order=1)
    rule.name = "b"
    rule.save()

    take_rule_back(version=version(rule.pk, 1), seen=2, reason="b was wrong")

    rule.refresh_from_db()
    assert rule.name == "a"
    newest = edits(rule.pk)[0]
    assert (newest.version, newest.what, newest.reason) == (3, "changed", "b was wrong")


def test_a_rule_that_was_deleted_comes_back_with_its_number() -> None:
    rule = AssignmentRuleFactory.create(name="a", condition_filters={"all": []})
    number = rule.pk
    rule.delete()

    take_rule_back(version=version(number, 1), seen=2)

    assert AssignmentRule.objects.get(pk=number).name == "a"
    assert edits(number)[0].what == "brought back"


def test_going_back_over_somebody_elses_change_is_refused() -> None:
    rule = AssignmentRuleFactory.create(name="a")
    seen = newest_version()
    moment = version(rule.pk, 1).at
    rule.name = "b"
    rule.save()

    with pytest.raises(ChangedSinceError):
        take_rule_back(version=version(rule.pk, 1), seen=1)
    with pytest.raises(ChangedSinceError):
        take_all_back(moment=moment, seen=seen)
    assert names_in_order() == ["b"]


def test_all_rules_are_as_at_a_moment_again() -> None:
    kept = AssignmentRuleFactory.create(name="kept", priority_order=1)
    changed = AssignmentRuleFactory.create(name="changed", priority_order=2)
    gone = AssignmentRuleFactory.create(name="gone", priority_order=3)
    moment = version(gone.pk, 1).at
    changed.name = "other"
    changed.save()
    gone.delete()
    AssignmentRuleFactory.create(name="new", priority_order=4)

    said = [(one.name, one.what) for one in differences_to(rules_at(moment))]
    count = take_all_back(moment=moment, seen=newest_version(), reason="Friday was better")

    assert said == [("changed", "changed"), ("gone", "added"), ("new", "deleted")]
    assert count == 3
    assert names_in_order() == ["kept", "changed", "gone"]
    assert RuleVersion.objects.filter(reason="Friday was better").count() == 3
    assert version(kept.pk, 1).reason == ""
    assert differences_to(rules_at(moment)) == []


def test_a_reason_ends_with_what_it_was_for() -> None:
    rule = AssignmentRuleFactory.create(name="a")
    rule.name = "b"
    rule.save()
    take_rule_back(version=version(rule.pk, 1), seen=2, reason="because")

    rule.name = "c"
    rule.save()

    assert version(rule.pk, 4).reason == ""


def test_one_request_is_one_entry_whatever_it_did() -> None:
    with acting_as(Actor("user", "ann"), "req-1"):
        say_why("a start")
        first = AssignmentRuleFactory.create(name="a")
        AssignmentRuleFactory.create(name="b")
        say_why("")  # the test's one transaction goes on
    with acting_as(Actor("user", "bob"), "req-2"):
        first.name = "c"
        first.save()

    page = entries(VersionFilter())

    told = [
        (one.actor, one.reason, [(change.name, change.what) for change in one.changes])
        for one in page.entries
    ]
    assert told == [
        ("bob", "", [("c", "changed")]),
        ("ann", "a start", [("a", "added"), ("b", "added")]),
    ]
    (difference,) = page.entries[0].changes[0].differences
    assert (difference.label, difference.old, difference.new) == ("Name", "a", "c")
    assert page.older is None
    assert len(entries(VersionFilter(actor="user:ann")).entries) == 1
    assert len(entries(VersionFilter(name="B")).entries) == 1


def test_the_history_is_read_a_page_at_a_time_without_losing_an_entry() -> None:
    for number in range(60):
        with transaction.atomic(), acting_as(Actor("user", "ann"), f"req-{number}"):
            AssignmentRuleFactory.create(name=f"rule {number}")

    names, below = [], None
    for _ in range(4):
        page = entries(VersionFilter(below=below))
        names += [change.name for entry in page.entries for change in entry.changes]
        below = page.older
        if below is None:
            break

    assert names == [f"rule {number}" for number in reversed(range(60))]


def test_versions_cannot_be_changed_by_hand() -> None:
    rule = AssignmentRuleFactory.create(name="a")

    update = "UPDATE rules_ruleversion SET reason = 'x' WHERE rule_id = %s"
    with (
        pytest.raises(ProgrammingError, match="Cannot update"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(update, [rule.pk])

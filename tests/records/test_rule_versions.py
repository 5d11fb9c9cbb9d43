"""Versions of rules: one row per edit, never changed, kept when the rule is gone."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from apps.core.actor import Actor, acting_as
from apps.rules.models import AssignmentRule, RuleVersion
from tests.factories.rules import AssignmentRuleFactory

pytestmark = pytest.mark.db


def versions(rule_id: int) -> list[tuple[int, str, bool, str]]:
    rows = RuleVersion.objects.filter(rule_id=rule_id).order_by("version")
    return [(row.version, row.content["name"], row.is_deleted, row.actor) for row in rows]


def test_each_edit_makes_a_version_with_its_actor() -> None:
    with acting_as(Actor("user", "ada")):
        rule = AssignmentRuleFactory.create(name="First")
    with acting_as(Actor("user", "bob")):
        AssignmentRule.objects.filter(pk=rule.pk).update(name="Second")
        AssignmentRule.objects.filter(pk=rule.pk).delete()
    assert versions(rule.pk) == [
        (1, "First", False, "user:ada"),
        (2, "Second", False, "user:bob"),
        (3, "Second", True, "user:bob"),
    ]


def test_version_holds_the_whole_rule() -> None:
    rule = AssignmentRuleFactory.create(
        condition_filters={"all": [{"field": "modality", "op": "=", "value": "MR"}]}
    )
    content = RuleVersion.objects.get(rule_id=rule.pk).content
    columns = {field.column for field in AssignmentRule._meta.concrete_fields}
    assert set(content) == columns
    assert content["condition_filters"] == rule.condition_filters


def test_save_that_changes_nothing_makes_no_version() -> None:
    rule = AssignmentRuleFactory.create()
    rule.save()
    assert [version for version, *_ in versions(rule.pk)] == [1]


def test_versions_of_a_new_rule_do_not_continue_anothers() -> None:
    first, second = AssignmentRuleFactory.create(), AssignmentRuleFactory.create()
    AssignmentRule.objects.update(priority_order=5)
    assert [version for version, *_ in versions(first.pk)] == [1, 2]
    assert [version for version, *_ in versions(second.pk)] == [1, 2]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE rules_ruleversion SET content = '{}'", "DELETE FROM rules_ruleversion"],
)
def test_versions_are_immutable(statement: str) -> None:
    rule = AssignmentRuleFactory.create()
    before = versions(rule.pk)
    with (
        pytest.raises(DatabaseError, match="rules_ruleversion"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert versions(rule.pk) == before

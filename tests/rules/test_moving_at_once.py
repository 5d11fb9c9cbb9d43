"""Two people move rules at the same moment: one wins, the other is told to look again."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from apps.rules.exceptions import OrderChangedError
from apps.rules.models import AssignmentRule
from apps.rules.queries.rules import order_token, places
from apps.rules.services.order import move_rule
from tests.factories.rules import AssignmentRuleFactory
from tests.rules.pages import names_in_order

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_of_two_moves_wins_and_the_other_is_refused() -> None:
    rules = [
        AssignmentRuleFactory.create(name=name, priority_order=priority)
        for name, priority in (("a", 1), ("b", 2), ("c", 3))
    ]
    seen = order_token(places())
    start = threading.Barrier(2, timeout=10)
    outcomes: list[str] = []

    def mover(rule: AssignmentRule) -> None:
        try:
            with transaction.atomic():
                AssignmentRule.objects.exists()
                start.wait()
                move_rule(rule_id=rule.pk, to="top", seen=seen)
        except OrderChangedError:
            outcomes.append("refused")
        else:
            outcomes.append(rule.name)
        finally:
            connection.close()

    threads = [threading.Thread(target=mover, args=(rule,)) for rule in rules[1:]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    (winner,) = set(outcomes) - {"refused"}
    assert sorted(outcomes) == sorted([winner, "refused"])
    assert names_in_order() == [winner, *(name for name in "abc" if name != winner)]

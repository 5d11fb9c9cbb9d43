from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from apps.engine.shared import excluded_by_rules, list_of


def trace(*rules: list[Any], decided_by: int | None = 2) -> Mapping[str, Any]:
    return {"rules": list(rules), "result": {"rule": decided_by} if decided_by else {}}


LIST = [2, 1, "two readers", "ASSIGN_TO_WORKLIST", json.dumps(["DR_A", "NIGHT"])]
OTHER_LIST = [1, 1, "another", "ASSIGN_TO_WORKLIST", "DR_C"]


def test_the_list_is_that_of_the_rule_that_decided_not_of_one_that_only_held() -> None:
    shared = list_of(trace(OTHER_LIST, LIST))

    assert shared is not None
    assert (shared.rule_id, shared.rule, shared.names) == (2, "two readers", ("DR_A", "NIGHT"))
    assert list_of(trace(OTHER_LIST, LIST, decided_by=None)) is None
    assert list_of({}) is None


def test_only_rules_that_held_exclude() -> None:
    assert excluded_by_rules(
        trace([4, 1, "out", "EXCLUDE", '["DR_A", "DR_B"]'], [5, 2, "one", "EXCLUDE", "DR_C"], LIST)
    ) == {"DR_A", "DR_B", "DR_C"}

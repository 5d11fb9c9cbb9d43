"""Random rules: every action, every field and operator, groups in groups, and broken ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from apps.engine.codes import CONFIGURED, ActionType, Urgency
from apps.engine.facts import RuleFacts

# Plain ones stay frequent, so that rules decide and do not only colour the decision.
ACTIONS: Mapping[ActionType, int] = {
    ActionType.ASSIGN_TO_SHIFT: 6,
    ActionType.ASSIGN_TO_RADIOLOGIST: 6,
    ActionType.OVERFLOW: 4,
    ActionType.ASSIGN_TO_WORKLIST: 4,
    ActionType.ESCALATE: 3,
    ActionType.HOLD: 2,
    ActionType.EXCLUDE: 5,
    ActionType.SET_PRIORITY: 3,
    ActionType.PREFER: 4,
    ActionType.REQUIRE_CREDENTIAL: 2,
    ActionType.USE_STRATEGY: 4,
}
EQUAL, NOT_EQUAL = ("=", "in"), ("!=", "≠", "not-in")
MORE_OR_LESS = ("<", "<=", "≤", ">", ">=", "≥", "between")
LIKE = ("contains", "matches")
WORDS: Mapping[str, Sequence[str]] = {
    "modality": ("MR", "ct", "US"),
    "body_part": ("KNEE", "msk", "HEAD"),
    "subspecialty": ("musculoskeletal", "neuroradiology", "general radiology"),
    "urgency": ("STAT", "urgent"),
    "site": ("S1", "s2", "S3"),
    "cluster": ("C1", "C2"),
    "issuer": ("RIS", "OTHER"),
    "sender": ("PACS|ONE", "PACS|TWO"),
    "procedure": ("P1", "P2"),
    "procedure_text": ("MRI knee", "left"),
    "ordering_provider": ("Jones", "Lee"),
    "patient_class": ("E", "I"),
    "patient_location": ("ED bay 4", "ED"),
    "patient_sex": ("F", "M"),
    "accession": ("ACC", "ACX"),
    "indication": ("knee pain", "pain"),
    "visit": ("V1", "V2"),
    "required_credentials": ("C", "c"),
    "required_subspecialty": ("musculoskeletal", "neuroradiology"),
    "own.room": ("Bay 1", "bay 2"),
    "own.contrast_agent": ("yes", "no"),
    "own.nobody_sends_it": ("x", "y"),
}
NUMBERS: Mapping[str, Sequence[float]] = {
    "patient_age": (18, 25, 65),
    "age_minutes": (4, 5, 6),
    "rvu": (1, 1.5, 2),
    "units": (1, 2.5),
}
TIMES = ("00:00", "02:00", "06:30", "08:00", "17:00", "22:00")
MOMENTS = ("exam_at", "received_at", "report_due_at", "ordered_at", "scheduled_at")
BROKEN: tuple[Mapping[str, Any], ...] = (
    {"field": "nonsense", "op": "=", "value": "x"},
    {"field": "own.Room", "op": "=", "value": "x"},
    {"field": "own.room", "op": "<", "value": "x"},
    {"field": "modality", "op": "matches", "value": 5},
    {"field": "modality", "op": "matches", "value": "(a"},
    {"field": "date", "op": "=", "value": "2026-02-30"},
    {"field": "modality", "op": "~", "value": "MR"},
    {"field": "rvu", "op": ">", "value": "much"},
    {"field": "rvu", "op": "between", "value": [1]},
    {"field": "weekday", "op": "=", "value": 8},
    {"field": "time_of_day", "op": "<", "value": "25:00"},
    {"field": "exam_at", "op": "<", "value": "2026-03-27T12:00:00"},
    {"field": "modality", "op": "in", "value": "MR"},
    {"all": 5},
    {"all": [[]]},
    {"all": [{"any": ["MR"]}]},
    {"some": []},
)
BROKEN_TARGETS = ("", "[1]", "[broken", '[" "]')


class RuleMaker:
    """Makes rules about some shifts and readers around a moment."""

    def __init__(
        self, random: Random, shifts: Sequence[str], people: Sequence[str], at: datetime
    ) -> None:
        self.random, self.shifts, self.people, self.at = random, shifts, people, at

    def rule(self, number: int) -> RuleFacts:
        random, at = self.random, self.at
        [action] = random.choices([*ACTIONS], [*ACTIONS.values()])
        return RuleFacts(
            id=number,
            version=random.randint(1, 3),
            name=f"rule {number}",
            priority_order=random.randint(1, 2),
            conditions=self.conditions(),
            action=action,
            target=random.choice(BROKEN_TARGETS) if self.maybe(0.03) else self.target(action),
            is_terminal=self.maybe(0.8),
            is_strict=self.maybe(0.2),
            active_from=random.choice((None, None, None, at, at + timedelta(minutes=1))),
            active_until=random.choice((None, None, at, at + timedelta(hours=1))),
        )

    def maybe(self, likely: float) -> bool:
        return self.random.random() < likely

    # Targets

    def target(self, action: ActionType) -> str:
        random = self.random
        makers: Mapping[ActionType, Callable[[], str]] = {
            ActionType.ASSIGN_TO_SHIFT: lambda: random.choice((*self.shifts, "SH9")),
            ActionType.ASSIGN_TO_RADIOLOGIST: lambda: random.choice((*self.people, "NOBODY")),
            ActionType.ASSIGN_TO_WORKLIST: lambda: self.listed((*self.shifts, *self.people)),
            ActionType.OVERFLOW: lambda: random.choice(("", "[]", self.listed(self.shifts))),
            ActionType.EXCLUDE: lambda: self.listed(self.people),
            ActionType.PREFER: lambda: self.listed((*self.people, "NOBODY")),
            ActionType.SET_PRIORITY: lambda: random.choice([*Urgency]),
            ActionType.REQUIRE_CREDENTIAL: lambda: random.choice(("C", '["C"]', "C", "D")),
            ActionType.USE_STRATEGY: lambda: random.choice(CONFIGURED[:-1]),
            ActionType.HOLD: lambda: random.choice(("", "awaiting priors")),
        }
        return makers.get(action, lambda: "")()

    def listed(self, names: Sequence[str]) -> str:
        if self.maybe(0.3):
            return self.random.choice(names)
        return json.dumps(self.random.sample(names, self.random.randint(1, 3)))

    # Conditions

    def conditions(self) -> dict[str, Any]:
        if self.maybe(0.5):
            return {}
        return self.group(1) if self.maybe(0.7) else self.leaf()

    def group(self, depth: int) -> dict[str, Any]:
        names = self.random.sample(("all", "all", "any", "none"), self.random.choice((1, 1, 2)))
        return {name: self.members(depth) for name in names}

    def members(self, depth: int) -> list[dict[str, Any]]:
        return [
            self.group(depth + 1) if depth < 3 and self.maybe(0.3) else self.leaf()
            for _ in range(self.random.choice((1, 1, 2, 3)))
        ]

    def leaf(self) -> dict[str, Any]:
        random = self.random
        if self.maybe(0.02):
            return dict(random.choice(BROKEN))
        kind: Callable[[], tuple[str, str, Any]] = random.choice(
            (self.word, self.word, self.number, self.clock, self.clock, self.moment)
        )
        name, op, value = kind()
        if self.maybe(0.08):
            return {"field": name, "op": "exists", "value": self.maybe(0.5)}
        return {"field": name, "op": op, "value": value}

    def word(self) -> tuple[str, str, Any]:
        name = self.random.choice((*WORDS, "modality", "site", "urgency"))
        op = self.random.choice((*EQUAL, *EQUAL, *EQUAL, *NOT_EQUAL, *LIKE))
        words = WORDS[name]
        if op == "contains":
            return name, op, self.random.choice(words)[:3]
        if op == "matches":
            return name, op, self.random.choice(words)[:2] + self.random.choice(("", ".*", "$"))
        return name, op, self.valued(op, words)

    def number(self) -> tuple[str, str, Any]:
        name = self.random.choice([*NUMBERS])
        op = self.random.choice((*EQUAL, *NOT_EQUAL, *MORE_OR_LESS))
        return name, op, self.valued(op, NUMBERS[name])

    def clock(self) -> tuple[str, str, Any]:
        name = self.random.choice(("time_of_day", "weekday", "holiday", "date"))
        if name == "holiday":
            return name, self.random.choice(("=", "!=")), self.maybe(0.5)
        if name == "weekday":
            op = self.random.choice((*EQUAL, *NOT_EQUAL, "between"))
            return name, op, self.valued(op, (1, "TUE", 5, "fri", 6, "SUN"))
        op = self.random.choice(
            (*EQUAL, *NOT_EQUAL, *MORE_OR_LESS) if name == "date" else MORE_OR_LESS
        )
        return name, op, self.valued(op, self.dates() if name == "date" else TIMES)

    def dates(self) -> list[str]:
        return [(self.at.date() + timedelta(days=ahead)).isoformat() for ahead in (-30, -1, 0, 1)]

    def moment(self) -> tuple[str, str, Any]:
        near = [
            (self.at + timedelta(minutes=minutes)).isoformat()
            for minutes in (-1440, -60, -5, 0, 30, 1440)
        ]
        op = self.random.choice(MORE_OR_LESS)
        return self.random.choice(MOMENTS), op, self.valued(op, near)

    def valued(self, op: str, values: Sequence[object]) -> object:
        if op in ("in", "not-in"):
            return self.random.sample(values, self.random.randint(1, 2))
        if op == "between":
            return [self.random.choice(values), self.random.choice(values)]
        return self.random.choice(values)

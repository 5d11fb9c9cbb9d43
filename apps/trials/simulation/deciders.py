"""Who decides in a simulation: the engine by some strategy, or a baseline over the same eligible.

A baseline asks the engine who is fit (on shift, competent, below capacity, by the same rules)
and chooses among them its own way, so that nothing but the choice differs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, Protocol

from apps.engine.codes import Strategy
from apps.engine.compiled import CompiledConfig, compile_config
from apps.engine.decision import Decision, Snapshot, decide
from apps.engine.facts import Config, OrderFacts, Workload
from apps.engine.optimal.together import Asked, decide_together

LOWEST_COUNT = "LOWEST_COUNT"
COMMON_LIST = "COMMON_LIST"
BASELINES = (LOWEST_COUNT, COMMON_LIST)


class Given(NamedTuple):
    """Who gets a study, on which shift."""

    reader: str
    shift: str


class Question(NamedTuple):
    """What a decider is asked: an order, the moment, everybody's load, and how widely to look."""

    order: OrderFacts
    at: datetime
    loads: Mapping[str, Workload]
    widen: bool = False
    relieve: str = ""


class Decider(Protocol):
    """Chooses readers; ``know`` is called when the configuration changes."""

    def know(self, config: Config) -> None:
        """Decide by this configuration from now on."""

    def choose(self, question: Question) -> Given | None:
        """Return who gets the study, None where nobody can take it."""


class ByEngine:
    """The engine as it is; with a strategy, in place of those of the shifts."""

    def __init__(self, strategy: Strategy | None = None) -> None:
        self._strategy = strategy
        self.compiled: CompiledConfig | None = None

    def know(self, config: Config) -> None:
        """Decide by this configuration from now on."""
        strategy = self._strategy
        if strategy is not None:
            shifts = tuple(replace(shift, strategy=strategy) for shift in config.shifts)
            config = replace(config, shifts=shifts)
        self.compiled = compile_config(config)

    def choose(self, question: Question) -> Given | None:
        """Return whom the engine chooses."""
        decision = self.ask(question, with_trace=False)
        if decision.radiologist is None:
            return None
        return Given(decision.radiologist, decision.shift or "")

    @property
    def gathers(self) -> bool:
        """Say whether several that wait are decided together."""
        return self.compiled is not None and self.compiled.has_optimal

    def choose_together(self, questions: Sequence[Question]) -> dict[int, Given]:
        """Return who gets which of several, by order id, each asked for at the same moment."""
        if not questions:
            return {}
        assert self.compiled is not None  # noqa: S101 -- know() comes first
        asked = [Asked(question.order, question.widen) for question in questions]
        snapshot = Snapshot(self.compiled, dict(questions[0].loads))
        made = decide_together(asked, questions[0].at, snapshot).decisions
        return {
            order_id: Given(decision.radiologist, decision.shift or "")
            for order_id, decision in made.items()
            if decision.radiologist is not None
        }

    def ask(self, question: Question, *, with_trace: bool = True) -> Decision:
        """Return the engine's decision."""
        assert self.compiled is not None  # noqa: S101 -- know() comes first
        order, at, loads, widen, relieve = question
        snapshot = Snapshot(self.compiled, loads)
        return decide(order, at, snapshot, widen=widen, relieve=relieve, with_trace=with_trace)

    def eligible(self, question: Question) -> list[Given]:
        """Return who is fit in the first pool that has somebody, in order of their ids."""
        decision = self.ask(question)
        if decision.radiologist is None:
            return []
        last = decision.trace["tries"][-1]
        return [Given(row[0], row[1] or "") for row in last["fit"]]


class LowestCount(ByEngine):
    """The fewest open studies among the eligible; the lower id where several have as few."""

    @property
    def gathers(self) -> bool:
        """Say that each is decided alone."""
        return False

    def choose(self, question: Question) -> Given | None:
        """Return who has the fewest open studies."""
        fit, loads = self.eligible(question), question.loads
        if not fit:
            return None
        return min(fit, key=lambda given: (loads[given.reader].open_studies, given.reader))


MAKERS: Mapping[str, Callable[[], ByEngine]] = {
    LOWEST_COUNT: LowestCount,
    COMMON_LIST: ByEngine,
}


def decider(name: str) -> ByEngine:
    """Return who decides under a name: a baseline's, a strategy's, or SHIFTS for what is set."""
    if name in MAKERS:
        return MAKERS[name]()
    return ByEngine(None if name == "SHIFTS" else Strategy(name))

"""What people call those whom a decision names: names, a rule's priority, their own clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.catalog.models import Site
from apps.core.namesakes import told_apart
from apps.engine.codes import ActionType, Strategy
from apps.engine.facts import Config
from apps.engine.naming import Naming, in_utc
from apps.engine.targets import read_target
from apps.roster.models import Radiologist, Shift
from apps.rules.models import RuleVersion

# A trace is JSON; its shape is the engine's business (``apps.engine.trace``).
Trace = Mapping[str, Any]
Name = Callable[[str], str]

_STRATEGIES: Mapping[Strategy, str] = {
    Strategy.LOAD_BALANCED: "load balancing",
    Strategy.SCORED: "score",
    Strategy.ROUND_ROBIN: "round robin",
    Strategy.URGENT: "seniority",
    Strategy.FAIR: "fair shares",
    Strategy.OPTIMAL: "the optimal fit",
    Strategy.RULE: "a rule",
    Strategy.ESCALATED: "escalation",
    Strategy.MANUAL: "hand",
}


def strategy_words(strategy: Strategy) -> str:
    """Return a strategy as the end of a sentence: chosen by ..."""
    return _STRATEGIES[strategy]


def local_moment(moment: str) -> str:
    """Return a trace's moment on the viewer's clock, to the second."""
    local = timezone.localtime(datetime.fromisoformat(moment))
    return f"{local.day} {local:%b %Y %H:%M:%S}"


def naming_of(*traces: Trace) -> Naming:
    """Return what everything that traces name is called on a page."""
    found = _Found(traces)
    return _naming(
        found.people.get, found.shifts, sites=found.sites, rules=found.rules, moment=local_moment
    )


def naming_with_ids(trace: Trace) -> Naming:
    """Return what everything that a trace names is called where ids are wanted too, in UTC."""
    found = _Found((trace,))
    return _naming(
        _with_ids(found.people).get,
        _with_ids(found.shifts),
        sites=_with_ids(found.sites),
        rules={id_: f"{said} (id {id_})" for id_, said in found.rules.items()},
        moment=in_utc,
    )


def naming_of_config(config: Config, name: Name) -> Naming:
    """Return what everything of a configuration is called; ``name`` says it of people."""
    rules = {
        rule.id: rule_words(rule.priority_order, rule.name, is_drafted=not rule.version)
        for rule in config.rules
    }
    shifts = {shift.code: shift.name for shift in config.shifts}
    return _naming(name, shifts, sites={}, rules=rules, moment=local_moment)


def rule_words(priority: int | None, name: str, *, is_drafted: bool = False) -> str:
    """Return what a rule is called, as lists and warnings call it."""
    said = f"rule “{name}”" if priority is None else f"rule {priority} “{name}”"
    return f"{said} of the draft" if is_drafted else said


def _naming(
    person: Callable[[str], str | None],
    shifts: Mapping[str, str],
    *,
    sites: Mapping[str, str],
    rules: Mapping[int, str],
    moment: Callable[[str], str],
) -> Naming:
    def called(id_: str) -> str:
        return person(id_) or id_

    def sharer(id_: str) -> str:
        return f"those on {shifts[id_]}" if id_ in shifts else called(id_)

    return Naming(
        person=called,
        shift=lambda code: shifts.get(code) or code,
        site=lambda code: sites.get(code) or code,
        sharer=sharer,
        rule=lambda id_: rules.get(id_) or f"rule {id_}",
        strategy=strategy_words,
        moment=moment,
    )


def _with_ids(names: Mapping[str, str]) -> dict[str, str]:
    return {id_: f"{name} ({id_})" for id_, name in names.items()}


class _Found:
    """The names of what traces name, each kind in one read and none where nothing is named."""

    def __init__(self, traces: Iterable[Trace]) -> None:
        self.traces = [trace for trace in traces if "order" in trace and "result" in trace]
        named = {name for trace in self.traces for name in _named(trace)}
        people = Radiologist.objects.filter(pk__in=named)
        self.people = told_apart({person.pk: person.full_name for person in people})
        self.shifts = dict(Shift.objects.filter(code__in=named).values_list("code", "name"))
        self.sites = dict(Site.objects.filter(code__in=named).values_list("code", "name"))
        self.rules = self._rules()

    def _rules(self) -> dict[int, str]:
        """Return what the rules were called when they held; a draft's have no priority yet."""
        held = {row[0]: row for trace in self.traces for row in trace.get("rules", ())}
        skipped = (row for trace in self.traces for row in trace.get("skipped", ()))
        versions = {row[0]: row[1] for row in (*skipped, *held.values())}
        rows = RuleVersion.objects.filter(rule_id__in=[id_ for id_, no in versions.items() if no])
        return {
            id_: rule_words(None, row[2], is_drafted=not row[1]) for id_, row in held.items()
        } | {
            row.rule_id: rule_words(row.content.get("priority_order"), row.content["name"])
            for row in rows
            if versions[row.rule_id] == row.version
        }


def _named(trace: Trace) -> Iterator[str]:
    """Yield whatever a trace names: ids and codes of every kind."""
    yield from (trace["order"].get("site", ""), trace.get("relieve", ""))
    yield from trace.get("lost_by", ())[:1]
    for *_, action, target in trace.get("rules", ()):
        yield from _targets(action, target)
    for tried in trace.get("tries", ()):
        yield from tried.get("shifts", ())
        for row in (*tried["fit"], *tried["out"]):
            yield from (part for part in row if isinstance(part, str))
    result = trace["result"]
    yield from (result.get("radiologist", ""), result.get("shift", ""))


def _targets(action: str, target: str) -> tuple[str, ...]:
    try:
        return read_target(ActionType(action), target).named
    except ValueError:
        return ()

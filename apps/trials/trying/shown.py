"""A try as its page shows it: the order's facts, and for each set of rules the whole decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils import timezone

from apps.assignment.choices import RecordedStrategy
from apps.assignment.explanation import sentences
from apps.assignment.naming import naming_of_config
from apps.assignment.queries.pools import PoolTable, pool_tables
from apps.assignment.queries.seen import AllSeen, all_seen
from apps.assignment.services.trying import Tried
from apps.engine.codes import Outcome, Reason
from apps.engine.facts import OrderFacts
from apps.engine.naming import Naming
from apps.engine.result import Decision
from apps.engine.words import reason_words


class Fact(NamedTuple):
    """One thing known of the order, and where from; ``source`` is a place of a message."""

    label: str
    value: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """What one set of rules makes of the order."""

    name: str
    outcome: str
    icon: str
    tone: str
    detail: str
    story: Sequence[str]
    pools: Sequence[PoolTable]
    seen: AllSeen
    is_other: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """One order tried; with a ``problem`` nothing was decided, and ``place`` is what is at fault.

    ``really`` says what was decided for a past order, ``notes`` what else is to be known.
    """

    title: str
    facts: Sequence[Fact] = ()
    sides: Sequence[Side] = ()
    problem: str = ""
    place: str = ""
    really: str = ""
    really_href: str = ""
    notes: Sequence[str] = ()

    @property
    def differs(self) -> bool:
        """Say whether the draft comes to another answer than the rules in force."""
        return any(side.is_other for side in self.sides)


class Names(dict[str, str]):
    """Full names by radiologist id."""

    def of(self, id_: str) -> str:
        """Return a name; who has none is called by their id."""
        return self.get(id_) or id_


def side_of(
    name: str,
    tried: Tried,
    names: Names,
    *,
    may_see_patient: bool,
    known_rules: frozenset[int],
    beside: Decision | None = None,
) -> Side:
    """Return one decision as the page shows it.

    Args:
        name: of the set of rules.
        tried: the decision, with what it was made on.
        names: of radiologists.
        may_see_patient: whether the viewer may be told what the order says of its patient.
        known_rules: ids of rules that have a page.
        beside: the decision that it is compared with.
    """
    decision = tried.decision
    naming = naming_of_config(tried.snapshot.compiled.config, names.of)
    outcome, icon, tone, detail = _outcome(decision, naming)
    return Side(
        name=name,
        outcome=outcome,
        icon=icon,
        tone=tone,
        detail=detail,
        story=sentences(decision.trace, naming),
        pools=pool_tables(decision.trace, naming),
        seen=all_seen(
            tried.facts,
            tried.at,
            tried.snapshot,
            decision,
            naming=naming,
            may_see_patient=may_see_patient,
            known_rules=known_rules,
        ),
        is_other=beside is not None and _answer(beside) != _answer(decision),
    )


def _answer(decision: Decision) -> tuple[object, ...]:
    return decision.outcome, decision.radiologist, decision.shift, decision.reason


def _outcome(decision: Decision, naming: Naming) -> tuple[str, str, str, str]:
    if decision.radiologist is not None:
        strategy = RecordedStrategy(str(decision.strategy)).label
        where = f"on {naming.shift(decision.shift)}" if decision.shift else "off shift"
        who = naming.person(decision.radiologist)
        return who, "assignment_ind", "good", f"{where}, {strategy}"
    if decision.reason is Reason.WORKLIST:
        sharing = naming.people(row[0] for row in decision.trace["tries"][-1]["fit"])
        return "Shared list:", "groups", "calm", f"{sharing}, until one of them takes it"
    if decision.outcome is Outcome.HELD:
        return "Held", "pause_circle", "warn", decision.reason_text
    said = reason_words(decision.reason) if decision.reason else ""
    return "Nobody", "person_off", "alarm", said


def facts_of(facts: OrderFacts, *, may_see_patient: bool) -> list[Fact]:
    """Return what the engine knows of an order; of its patient only to who may see them."""
    found = _facts(facts, may_see_patient=may_see_patient)
    return [Fact(label, value) for label, value in found if value]


def _facts(facts: OrderFacts, *, may_see_patient: bool) -> Iterator[tuple[str, str]]:
    yield "Site", facts.site
    yield "Modality", facts.modality
    yield "Body part", facts.body_part
    yield "Procedure", " ".join(part for part in (facts.procedure, facts.procedure_text) if part)
    yield "Urgency", facts.urgency.value
    yield "Sender", facts.sender
    yield "Ordered by", facts.ordering_provider
    if may_see_patient:
        yield "Patient class", facts.patient_class
        yield "Patient location", facts.patient_location
        yield "Patient sex", facts.patient_sex
        yield "Patient born", facts.patient_birth_on.isoformat() if facts.patient_birth_on else ""
        yield "Indication", facts.indication
    yield from _worked_out(facts, may_see_patient=may_see_patient)


def worked_out(facts: OrderFacts, *, may_see_patient: bool) -> list[Fact]:
    """Return what follows here from what an order says."""
    found = _worked_out(facts, may_see_patient=may_see_patient)
    return [Fact(label, value, "worked out here") for label, value in found if value]


def _worked_out(facts: OrderFacts, *, may_see_patient: bool) -> Iterator[tuple[str, str]]:
    yield "Subspecialty", facts.subspecialty
    yield "Needs credentials", ", ".join(sorted(facts.required_credentials))
    yield "Needs a reader of", facts.required_subspecialty
    yield "RVU", f"{facts.rvu:f}"
    yield "Units", f"{facts.units:f}"
    due_at = facts.report_due_at
    yield (
        "Report due",
        f"{timezone.localtime(due_at):%d %b %Y %H:%M}" if due_at else "no policy sets a time",
    )
    yield "Passed over", ", ".join(sorted(facts.passed_over))
    if may_see_patient:
        yield "Reads the patient's other studies", ", ".join(facts.together)
        yield "Read the priors", ", ".join(facts.priors)

"""Runs a try: reads the order, decides it with the rules in force and with a draft's.

All of it happens in one transaction in which the database refuses to write.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.urls import reverse

from apps.assignment.choices import ReasonChoices
from apps.assignment.desk import Case
from apps.assignment.desk.case import load_cases
from apps.assignment.models import Assignment, Unassigned
from apps.assignment.services.trying import Tried, TryDesk, nothing_stored, open_try_desk
from apps.core import clock
from apps.core.access import Permission
from apps.core.namesakes import told_apart
from apps.engine.facts import RuleFacts, Workload
from apps.engine.replay import workloads_of
from apps.engine.vocabulary import specialty_for
from apps.intake.processing.catalogue import current_catalogue
from apps.intake.processing.rehearsing import Rehearsed, RehearsedMessage, rehearse
from apps.intake.queries.rehearsed import facts_of_orders
from apps.orders.choices import OrderStatus
from apps.orders.models import Order
from apps.orders.search import order_ids
from apps.roster.models import Radiologist
from apps.rules.models import AssignmentRule
from apps.rules.queries.drafts import rule_facts_with
from apps.trials.trying.asked import Asked, Source, When, Who
from apps.trials.trying.shown import (
    Fact,
    Names,
    Result,
    Side,
    facts_of,
    side_of,
    worked_out,
)

LIVE = "Rules in force"
OTHER_SITE = "This is for a site that you do not look after."
KNOWN = (
    "A study is known under this number already. The message would change that one; here it is "
    "tried as a new one."
)
AS_THEN = (
    "Tried with the rules and the roster of now, at the moment and with the loads of then; of "
    "readers whom that decision did not look at no load was stored."
)
UNSEEN = (
    "Tried on what the message says of its patient: what is stored of them, and who reads or read "
    "their other studies, is left out, since you may not see patients there."
)
NOT_FOUND = "No study that you may see is known under that number."


def run(asked: Asked, who: Who) -> list[Result]:
    """Return what would become of each order that is tried."""
    with nothing_stored():
        return list(_Run(asked, who).results())


class _Run:
    def __init__(self, asked: Asked, who: Who) -> None:
        self.asked, self.who = asked, who
        self.at = asked.at or clock.now()
        self.stored: dict[str, Any] = {}
        self.really: Assignment | Unassigned | None = None
        self._rows = Radiologist.objects.only("pk", "title", "given_name", "family_name")

    def results(self) -> Iterator[Result]:
        if self.asked.source is Source.MESSAGE:
            yield from self._of_message()
        elif self.asked.source is Source.ORDER:
            yield self._of_order()
        else:
            yield self._of_facts()

    # -- where the order comes from ---------------------------------------------------------

    def _of_message(self) -> Iterator[Result]:
        self._open(None)
        catalogue = current_catalogue(self.live.versions)
        found = rehearse(
            self.asked.message, desk=self.live, catalogue=catalogue, patients=self.who.patients
        )
        for message in found:
            if message.problem:
                title = message.sender or "The message"
                yield Result(title, problem=message.problem, place=message.place)
                continue
            facts = facts_of_orders(message, catalogue)
            for one, said in zip(message.orders, facts, strict=True):
                read = [Fact(fact.label, fact.value, fact.source) for fact in said]
                yield self._rehearsed(one, read, message)

    def _rehearsed(
        self, one: Rehearsed, read: Sequence[Fact], message: RehearsedMessage
    ) -> Result:
        order = one.case.order
        title = order.accession or "An order without a number"
        if order.site_id is not None and not self.who.scope.covers(order.site_id):
            return Result(title, problem=OTHER_SITE)
        notes = [*self._known(order), *(f"Flagged: {flag}." for flag in message.flags)]
        if one.parked is not None:
            reason = ReasonChoices(one.parked.value).label.lower()
            problem = f"It would be parked until that is known here: {reason}."
            return Result(title, read, problem=problem, notes=notes)
        if one.note:
            return Result(title, read, problem=f"{one.note[:1].upper()}{one.note[1:]}.")
        if not self.who.may_see_patient(order.site_id):
            notes.append(UNSEEN)
        # What it holds of a patient is the message's own, or of one whom they may see.
        found = self._decided(title, one.case, is_own=True)
        facts = [*read, *worked_out(self.facts, may_see_patient=True)]
        return replace(found, facts=facts, notes=notes)

    def _known(self, order: Order) -> list[str]:
        """Say that an order of the number is there already, which intake would change instead.

        Of one that they may not see it is not even said that it is there.
        """
        ids = order_ids(order.accession) if order.accession else []
        seen = self.who.access.scope(Permission.STUDY_VIEW)
        return [KNOWN] if seen.limit(Order.objects.filter(pk__in=ids)).exists() else []

    def _of_order(self) -> Result:
        case = self._case()
        if case is None:
            return Result("Study", problem=NOT_FOUND)
        order = case.order
        if order.site_id is not None and not self.who.scope.covers(order.site_id):
            return Result(order.accession, problem=OTHER_SITE)
        self._find_stored(order)
        loads = self._loads_then()
        self._open(loads)
        self.live.take_in(case)
        found = self._decided(order.accession, case)
        may_see = self.who.may_see_patient(order.site_id)
        notes = self._about_then(is_there=loads is not None)
        facts = facts_of(self.facts, may_see_patient=may_see)
        words, href = self._really_words()
        return replace(found, facts=facts, notes=notes, really=words, really_href=href)

    def _case(self) -> Case | None:
        order_id = self.asked.order_id
        scope = self.who.access.scope(Permission.STUDY_VIEW)
        if order_id is None or not scope.limit(Order.objects.filter(pk=order_id)).exists():
            return None
        return load_cases([order_id], lock=False)[order_id]

    def _find_stored(self, order: Order) -> None:
        """Find what was decided for it last."""
        given = Assignment.objects.filter(order=order).select_related("radiologist")
        self.really = (
            Unassigned.objects.filter(order=order).first()
            or given.order_by("-is_current", "-pk").first()
        )
        self.stored = self.really.trace if self.really else {}

    def _loads_then(self) -> dict[str, Workload] | None:
        """Return the loads stored with the decision, and go back to its moment, where wanted."""
        if self.asked.when is not When.THEN or "loads" not in self.stored:
            return None
        self.at = datetime.fromisoformat(self.stored["at"])
        return workloads_of(self.stored)

    def _about_then(self, *, is_there: bool) -> list[str]:
        if is_there:
            return [AS_THEN]
        if self.asked.when is When.THEN:
            return ["Nothing was decided for it, so it is tried with the loads of now."]
        return []

    def _really_words(self) -> tuple[str, str]:
        row = self.really
        if isinstance(row, Assignment):
            where = f" on {row.shift_code}" if row.shift_code else ", off shift"
            words = f"{row.radiologist.full_name}{where}, {row.get_strategy_display()}"
            return words, reverse("why", args=[row.pk])
        if row is None:
            return "", ""
        return row.get_reason_display(), reverse("why-unassigned", args=[row.pk])

    def _of_facts(self) -> Result:
        self._open(None)
        case = self._made()
        found = self._decided("The study on the form", case, is_own=True)
        return replace(found, facts=facts_of(self.facts, may_see_patient=True))

    def _made(self) -> Case:
        """Return an order of what a person typed, filled in as intake would."""
        values = dict(self.asked.facts)
        procedure = values.get("procedure")
        order = Order(
            id=-1,
            accession="TRY",
            received_at=self.at,
            updated_at=self.at,
            status=OrderStatus.RECEIVED,
            **values,
        )
        if procedure is not None:
            order.procedure_code, order.rvu = procedure.code, procedure.rvu
            order.procedure_text = order.procedure_text or procedure.description
            order.modality = order.modality or procedure.modality
            order.body_part = order.body_part or procedure.body_part
        named = procedure.subspecialty if procedure else ""
        order.subspecialty = named or specialty_for(order.modality, order.body_part)
        case = Case(order=order, patient=order.patient, procedure=procedure, is_new=True)
        self.live.set_units(case)
        self.live.set_due_times(case, anew=True)
        return case

    # -- deciding ---------------------------------------------------------------------------

    def _open(self, loads: dict[str, Workload] | None) -> None:
        """Open a desk for each set of rules: what one gives must not fill the other's readers."""
        self.live = open_try_desk(at=self.at, loads=loads)
        self.drafted: TryDesk | None = None
        self.rules: tuple[RuleFacts, ...] = ()
        if self.asked.draft is not None:
            self.drafted = open_try_desk(at=self.at, loads=loads)
            self.rules = rule_facts_with(self.asked.draft.pk, self.live.view.config.rules)
        self.names = Names(told_apart({person.pk: person.full_name for person in self._rows}))
        self.known = frozenset(AssignmentRule.objects.values_list("pk", flat=True))

    def _decided(self, title: str, case: Case, *, is_own: bool = False) -> Result:
        live = self.live.ask(case)
        self.facts = live.facts
        may_see = is_own or self.who.may_see_patient(case.order.site_id)
        sides = [self._side(LIVE, live, may_see=may_see)]
        if self.drafted is not None and self.asked.draft is not None:
            if not is_own:
                self.drafted.take_in(case)
            other = self.drafted.ask(case, self.rules, facts=live.facts)
            name = f"Draft “{self.asked.draft.name}”"
            sides.append(self._side(name, other, may_see=may_see, beside=live))
        return Result(title, sides=sides)

    def _side(
        self, name: str, tried: Tried, *, may_see: bool, beside: Tried | None = None
    ) -> Side:
        return side_of(
            name,
            tried,
            self.names,
            may_see_patient=may_see,
            known_rules=self.known,
            beside=beside.decision if beside else None,
        )

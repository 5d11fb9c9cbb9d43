"""What the rules' pages ask about: past decisions, the latest orders, who is on shift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count

from apps.assignment.desk.case import Case
from apps.assignment.models import Assignment
from apps.assignment.snapshot.cache import ConfigView, current_view
from apps.assignment.snapshot.versions import read_versions
from apps.engine.conditions import Subject, compile_conditions
from apps.engine.facts import OrderFacts
from apps.engine.fitness import fitness
from apps.engine.result import Snapshot
from apps.engine.words import refusal_words
from apps.orders.models import Order
from apps.rules.insight import Crew, Trial

_LATEST = 500
# What ``Case.facts`` looks at; the rest of half a thousand orders would cost as much again.
_READ = (
    *("issuer", "accession", "site_id", "modality", "body_part", "subspecialty", "urgency"),
    *("received_at", "procedure_code", "procedure_text", "rvu", "report_due_at", "exam_at"),
    *("sender", "ordering_provider", "patient_class", "patient_location", "indication"),
    *("patient__sex", "patient__birth_on"),
    *("procedure__required_credentials", "procedure__required_subspecialty"),
)
_IDLE: Mapping[str, Any] = {}


class RuleInsight:
    """The answers, each from the database as it is now."""

    def decided_since(self, since: datetime) -> Mapping[int, int]:
        """Return how many assignments each rule decided since then, by the rule's id."""
        rows = Assignment.objects.filter(rule_id__isnull=False, assigned_at__gte=since)
        counted = rows.order_by().values_list("rule_id").annotate(count=Count("*"))
        return {rule_id: count for rule_id, count in counted if rule_id is not None}

    def crew(self, shift_code: str, *, at: datetime) -> Crew:
        """Return who is on the shift."""
        running = _view().compiled.coverage_at(at).running.get(shift_code)
        return Crew(is_running=running is not None, people=len(running.people) if running else 0)

    def trial(
        self, conditions: Mapping[str, Any], *, at: datetime, radiologist_id: str = ""
    ) -> Trial:
        """Return what the conditions would have done with the latest orders.

        Raises:
            ValueError: the conditions cannot be evaluated.
        """
        view = _view()
        holds = compile_conditions(conditions, view.compiled.regions)
        facts = list(_latest(view))
        matched = [order for order in facts if holds(_subject(order, view))]
        refusals = _refusals(matched, view, radiologist_id, at) if radiologist_id else {}
        return Trial(looked_at=len(facts), matched=len(matched), refusals=refusals)


def _view() -> ConfigView:
    return current_view(read_versions())


def _latest(view: ConfigView) -> Iterator[OrderFacts]:
    rows = Order.objects.select_related("patient", "procedure").only(*_READ)
    for order in rows.order_by("-received_at")[:_LATEST]:
        case = Case(order=order, patient=order.patient, procedure=order.procedure)
        yield case.facts(view.site_codes.get(order.site_id, "") if order.site_id else "")


def _subject(order: OrderFacts, view: ConfigView) -> Subject:
    """Return the order as the rules saw it when it arrived."""
    site = view.compiled.sites.get(order.site)
    return Subject(order, order.received_at, site, view.config.holidays)


def _refusals(
    orders: list[OrderFacts], view: ConfigView, radiologist_id: str, at: datetime
) -> Mapping[str, int]:
    """Count why the reader may not read the orders; a full one may, later."""
    snapshot = Snapshot(view.compiled, _IDLE)
    found = (
        fitness(order, at, snapshot, radiologist_id, shift=None, count_capacity=False)
        for order in orders
    )
    return Counter(refusal_words(one.code, one.params) for one in found if one is not None)

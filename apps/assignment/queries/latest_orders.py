"""The latest orders as rules see them, kept by the process between two looks at them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from apps.assignment.desk.case import Case
from apps.assignment.snapshot.cache import ConfigView
from apps.engine.conditions import Subject
from apps.orders.models import Order
from apps.rules.insight import LATEST, Example

_KEPT_SECONDS = 60
"""An order that changes afterwards is seen as it is now after so long."""

# What ``Case.facts`` looks at; the rest of a thousand orders would cost as much again.
_READ = (
    *("issuer", "accession", "site_id", "modality", "body_part", "subspecialty", "urgency"),
    *("received_at", "ordered_at", "scheduled_at", "visit_number", "units", "own_fields"),
    *("procedure_code", "procedure_text", "rvu", "report_due_at", "exam_at"),
    *("sender", "ordering_provider", "patient_class", "patient_location", "indication"),
    *("patient__sex", "patient__birth_on"),
    *("procedure__required_credentials", "procedure__required_subspecialty"),
)


@dataclass(frozen=True, slots=True)
class _Kept:
    newest: int
    versions: Mapping[str, int]
    read_at: float
    subjects: tuple[Subject, ...]

    def is_fresh(self, newest: int, versions: Mapping[str, int]) -> bool:
        is_recent = time.monotonic() - self.read_at < _KEPT_SECONDS
        return is_recent and (self.newest, self.versions) == (newest, versions)


_kept: _Kept | None = None


def latest_subjects(view: ConfigView) -> tuple[Subject, ...]:
    """Return the latest orders, newest first, each as the rules saw it when it arrived."""
    global _kept  # noqa: PLW0603 -- one copy per process is the point of a cache
    newest = Order.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if _kept is None or not _kept.is_fresh(newest, view.versions):
        _kept = _Kept(newest, view.versions, time.monotonic(), tuple(_read(view)))
    return _kept.subjects


def forget() -> None:
    """Drop what is kept; the next look reads the orders anew."""
    global _kept  # noqa: PLW0603 -- see latest_subjects
    _kept = None


def example_of(subject: Subject) -> Example:
    """Return what may be shown of an order to who writes rules."""
    order = subject.order
    words = (order.modality, order.body_part, order.procedure_text or order.procedure)
    return Example(
        order_id=order.order_id,
        accession=order.accession,
        site=order.site,
        work=" ".join(word for word in words if word),
        received_at=order.received_at,
    )


def _read(view: ConfigView) -> Iterator[Subject]:
    rows = Order.objects.select_related("patient", "procedure").only(*_READ)
    for order in rows.order_by("-received_at")[:LATEST]:
        case = Case(order=order, patient=order.patient, procedure=order.procedure)
        code = view.site_codes.get(order.site_id, "") if order.site_id else ""
        site = view.compiled.sites.get(code)
        yield Subject(case.facts(code), order.received_at, site, view.config.holidays)

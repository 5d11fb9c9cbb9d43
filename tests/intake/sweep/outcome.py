"""What came of one file of messages, in one line a message; for people to review."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from apps.assignment.models import Unassigned
from apps.hl7v2.answers import parse_ack
from apps.intake.listener.reception import split_answers
from apps.intake.models import InboundMessage
from apps.orders.models import Order, Patient
from tests.intake.processing.door import post
from tests.support.department import settle

REVIEWED = Path(__file__).parent / "outcomes.tsv"


class Outcome(NamedTuple):
    """One message of a file.

    ``answer`` are the MSA-1 in the order they are sent. ``orders`` holds accession, code,
    modality, body part, urgency and status (with the reason) of every order it touched;
    ``patients`` how many were made and merged away by the whole file.
    """

    file: str
    number: str
    answer: str
    state: str
    orders: str
    patients: str
    flags: str
    error: str


def outcomes(file: str, raw: bytes) -> list[Outcome]:
    """Return what comes of a file's messages, sent to an empty department."""
    before = Patient.objects.count()
    rows = post(raw)
    settle()
    merged = Patient.objects.filter(merged_into__isnull=False).count()
    made = Patient.objects.count() - before
    patients = " ".join(f"{n} {word}" for n, word in ((made, "made"), (merged, "merged")) if n)
    return [_outcome(file, number, row, patients) for number, row in enumerate(rows, start=1)]


def _outcome(file: str, number: int, row: InboundMessage, patients: str) -> Outcome:
    row.refresh_from_db()
    acks = split_answers(bytes(row.ack)) if row.ack else []
    return Outcome(
        file,
        str(number),
        " ".join(parse_ack(ack).code for ack in acks) or "none",
        row.state,
        "; ".join(_orders(row.order_ids)),
        patients,
        " ".join(row.flags),
        row.error,
    )


def _orders(ids: Iterable[int]) -> Iterable[str]:
    reasons = dict(Unassigned.objects.filter(order__in=ids).values_list("order_id", "reason"))
    for order in Order.objects.filter(pk__in=ids).order_by("pk"):
        what = f"{order.modality or '-'}/{order.body_part or '-'}/{order.urgency}"
        why = f" ({reasons[order.pk]})" if order.pk in reasons else ""
        yield f"{order.accession} [{order.procedure_code}] {what} {order.status}{why}"


def reviewed() -> dict[str, list[Outcome]]:
    """Return the outcomes that a person has looked at, by file."""
    found: dict[str, list[Outcome]] = {}
    with REVIEWED.open(encoding="utf-8", newline="") as lines:
        for row in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            outcome = Outcome(*row)
            found.setdefault(outcome.file, []).append(outcome)
    return found


def line(outcome: Outcome) -> str:
    """Return the outcome as it stands in the reviewed file."""
    return "\t".join(part.replace("\t", " ").replace("\n", " ") for part in outcome)

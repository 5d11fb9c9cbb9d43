"""What an edited copy of a message would do: read as it would be, and nothing is changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.assignment.choices import ReasonChoices
from apps.assignment.models import Assignment
from apps.assignment.snapshot.versions import read_versions
from apps.catalog.models import Site
from apps.core import bulk
from apps.core.access import Scope
from apps.hl7v2.diff import Difference, differences
from apps.hl7v2.errors import FieldError
from apps.hl7v2.redraft import Redraft
from apps.intake.choices import InboundState
from apps.intake.listener.profiles import COLUMNS, Profile, Profiles
from apps.intake.listener.receipts import Receipt
from apps.intake.listener.reception import Arrival, Reception
from apps.intake.models import InboundMessage, MessageKey, SenderProfile
from apps.intake.processing.catalogue import current_catalogue
from apps.intake.processing.changes import OrderChange, Reading
from apps.intake.processing.reading import read_message
from apps.intake.processing.session import Books
from apps.orders.models import Order

MOST_SHOWN = 200
"""How many differences, and how many studies, a page lists."""

_UNCHANGED = {
    InboundState.PROCESSED: "Nothing is different: the message took effect already, and would "
    "change nothing a second time.",
    InboundState.IGNORED: "Nothing is different: the message was not used, and would not be.",
    InboundState.WAITING: "Nothing is different, and the message itself still waits.",
    InboundState.QUARANTINED: "Nothing is different: run the message itself again.",
}


@dataclass(frozen=True, slots=True)
class Understood:
    """One order group as it would be understood.

    ``known`` are the studies that it would touch; none of them means a new one, or nothing.
    ``missing`` says what would keep it from being decided.
    """

    change: OrderChange
    site: str
    missing: str
    known: Sequence[Order]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would come of a copy; ``problem`` says why it cannot be run, empty when it can.

    ``twin`` is the message of the very same bytes, None while there is none.
    """

    receipt: Receipt | None
    reading: Reading
    groups: Sequence[Understood]
    problem: str = ""
    twin: int | None = None

    @property
    def can_run(self) -> bool:
        """Return whether it may be run."""
        return not self.problem and self.receipt is not None


def differences_of(message: InboundMessage, raw: bytes) -> list[Difference]:
    """Return what a copy says differently, in the order of the copy."""
    return differences(Redraft(bytes(message.raw)).text, Redraft(raw).text)


def readers_of(orders: Iterable[Order]) -> dict[int, Assignment]:
    """Return the current assignment of each study that has one."""
    rows = Assignment.objects.filter(order__in=[order.pk for order in orders], is_current=True)
    return {row.order_id: row for row in rows.select_related("radiologist").defer("trace")}


def seen_of(raw: bytes, outcome: Outcome) -> str:
    """Return a digest of a copy and of the studies it would touch, as they are now.

    A person runs what they were shown: another text, or a study that went on meanwhile, gives
    another digest.
    """
    known = {order.pk: order for group in outcome.groups for order in group.known}
    readers = readers_of(known.values())
    digest = hashlib.sha256(raw)
    for key, order in sorted(known.items()):
        reader = readers[key].pk if key in readers else None
        digest.update(f"\n{key} {order.status} {reader}".encode())
    return digest.hexdigest()


def outcome_of(message: InboundMessage, raw: bytes, *, scope: Scope, at: datetime) -> Outcome:
    """Return what would come of a copy, received now.

    Args:
        message: the original.
        raw: the copy.
        scope: where the person may run messages: a copy may speak of no other site's studies.
        at: the copy's moment of arrival.
    """
    nothing = Reading()
    if raw == bytes(message.raw) and message.state in _UNCHANGED:
        words = _UNCHANGED[InboundState(message.state)]
        return Outcome(None, nothing, (), problem=words)
    receipt = _receipt(raw, at)
    if receipt is None:
        return Outcome(None, nothing, (), problem="It is not one message: leave a single MSH.")
    if receipt.state == InboundState.REFUSED:
        words = f"It would be refused with {receipt.ack_code or 'no answer'}: {receipt.error}."
        return Outcome(receipt, nothing, (), problem=words)
    reading = _read(raw)
    groups = _understood(reading)
    foreign = _is_foreign(reading, groups, scope)
    words = (
        "It would touch studies or patients outside of the sites at which you may run messages."
    )
    return Outcome(
        receipt,
        reading,
        # What lies outside is not told either: that it exists would be told.
        () if foreign else groups,
        problem=words if foreign else reading.problem,
        twin=_twin(receipt),
    )


def _receipt(raw: bytes, at: datetime) -> Receipt | None:
    """Return the row that the listener would make, None for a batch."""
    profiles = Profiles.of(Profile(**row) for row in SenderProfile.objects.values(*COLUMNS))
    reception = Reception(profiles)
    arrival = Arrival(reception.next_seq(int(at.timestamp() * 1_000_000)), at, "")
    receipts = reception.receive(raw, arrival).receipts
    return receipts[0] if len(receipts) == 1 else None


def _read(raw: bytes) -> Reading:
    try:
        return read_message(raw, catalogue=current_catalogue(read_versions()))
    except FieldError as error:
        return Reading(problem=str(error))


def _understood(reading: Reading) -> list[Understood]:
    """Return the groups with the studies that their numbers name, whoever may see those."""
    books = Books.empty()
    bulk.run_errands(books.errands([reading]))
    found = books.identities.order_ids
    orders = Order.objects.select_related("site").in_bulk(found) if found else {}
    sites = _sites(reading)
    return [
        Understood(
            change,
            sites.get(change.values.get("site_id"), ""),
            ReasonChoices(change.parked.value).label if change.parked else "",
            [orders[key] for key in _matched(books, change) if key in orders],
        )
        for change in reading.changes
    ]


def _sites(reading: Reading) -> dict[object, str]:
    named = (change.values.get("site_id") for change in reading.changes)
    ids = {site_id for site_id in named if site_id is not None}
    rows = Site.objects.filter(pk__in=ids) if ids else ()
    return {site.pk: site.name for site in rows}


def _matched(books: Books, change: OrderChange) -> list[int]:
    matches = books.identities.matches(change.issuer, change.sought)
    return list(dict.fromkeys(order_id for _identity, order_id in matches))


def _is_foreign(reading: Reading, groups: Sequence[Understood], scope: Scope) -> bool:
    """Return whether the copy speaks of anything outside of the scope.

    Patients belong to every site, and an order whose site nobody knows to none.
    """
    if scope.everywhere:
        return False
    if reading.patients or reading.merges:
        return True
    return not all(_is_within(group, scope) for group in groups)


def _is_within(group: Understood, scope: Scope) -> bool:
    sites = {order.site_id for order in group.known}
    named = group.change.values.get("site_id")
    if named is not None or not sites:
        sites.add(named)
    return all(scope.covers(site) for site in sites)


def _twin(receipt: Receipt) -> int | None:
    rows = MessageKey.objects.filter(key=receipt.key).values_list("message_id", flat=True)
    return rows.first() if receipt.key is not None else None

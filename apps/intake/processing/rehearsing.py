"""Reads a pasted message as the door and the decider would; nothing is stored.

The same functions read it and fill the orders as when a message takes effect. Only what would
draw a number from the database, an order's or a patient's key, is left out. Every order counts as
new: that it is known already, and would be changed, is for the caller to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from apps.assignment.desk import Case, Desk
from apps.core.access import Scope
from apps.engine.codes import Reason
from apps.hl7v2.batches import read_batch
from apps.hl7v2.errors import FieldError
from apps.hl7v2.peek import glance
from apps.intake.listener.profiles import COLUMNS, Profile
from apps.intake.listener.through import seen_through
from apps.intake.listener.verdicts import judge
from apps.intake.processing.catalogue import Catalogue
from apps.intake.processing.changes import Action, OrderChange
from apps.intake.processing.filling import fill
from apps.intake.processing.reading import ORDER_TYPES, open_message, read_message
from apps.intake.processing.recognising import Sender
from apps.intake.processing.session import Session
from apps.orders.choices import OrderStatus
from apps.orders.models import Order, Patient
from apps.orders.patients import PatientUpdate

MOST_BYTES = 256 * 1024
MOST_MESSAGES = 20
MOST_ORDERS = 50
_FRAME = "\x0b\x1c\r\n\t "
_DECIDES = frozenset({Action.NEW, Action.CHANGE, Action.RELEASE})


@dataclass(frozen=True)
class Rehearsed:
    """One order group: the order as it would be, and what keeps it from being decided.

    ``parked`` says what is missing; ``note`` why nothing is to be decided.
    """

    case: Case
    change: OrderChange
    parked: Reason | None
    note: str


@dataclass(frozen=True)
class RehearsedMessage:
    """One message: its sender, its orders, and why it is refused or put aside.

    ``place`` is the field at fault, such as ``MSH-9``, empty where none is.
    """

    raw: bytes
    sender: str = ""
    orders: Sequence[Rehearsed] = ()
    problem: str = ""
    place: str = ""
    flags: Sequence[str] = ()


class _Rehearsal(Session):
    """A session whose orders and patients have no numbers."""

    def __init__(self, *, desk: Desk, catalogue: Catalogue, patients: Scope) -> None:
        super().__init__(desk=desk, catalogue=catalogue)
        self._patients = patients
        self._made = 0

    def make(self, change: OrderChange, *, received_at: datetime) -> Case:
        """Return a new order, numbered below zero."""
        self._made -= 1
        order = Order(
            id=self._made,
            issuer=change.issuer,
            accession=change.accession,
            accession_rank=change.accession_rank,
            received_at=received_at,
            updated_at=self.at,
            status=OrderStatus.RECEIVED,
        )
        return Case(order=order, is_new=True)

    def set_patient(self, case: Case, told: PatientUpdate) -> None:
        """Give the order to the patient of that number, or to one who is not stored.

        Of whom the caller may not see, the message alone speaks: neither what is stored of them
        nor the readers of their other studies decides, or the answer would tell.
        """
        known = self._known(told, case.order.site_id)
        case.patient = known or Patient(
            authority=told.authority,
            mrn=told.mrn,
            family_name=told.family_name,
            given_name=told.given_name,
            birth_on=told.birth_on,
            sex=told.sex,
        )
        case.order.patient_id = known.pk if known else None
        if known is not None:
            self.desk.company.learn([known.pk])

    def _known(self, told: PatientUpdate, site_id: int | None) -> Patient | None:
        """Return the stored patient, where they may be seen; anybody can type any number."""
        if not self._patients.covers(site_id):
            return None
        rows = Patient.objects.filter(authority=told.authority, mrn=told.mrn)
        if not self._patients.everywhere:
            theirs = Order.objects.filter(patient=OuterRef("pk"))
            rows = rows.filter(Exists(self._patients.limit(theirs)))
        return rows.first()


def messages_in(text: str) -> list[bytes]:
    """Return the messages of a pasted text; of a batch each, else the text as one."""
    raw = "\r".join(text.strip(_FRAME).splitlines()).encode("utf-8", "replace")
    if not glance(raw).is_batch:
        return [raw]
    found, _envelope = read_batch(raw)
    return found or [raw]


def rehearse(
    text: str, *, desk: Desk, catalogue: Catalogue, patients: Scope
) -> list[RehearsedMessage]:
    """Read a pasted text.

    Args:
        text: one message, or a batch of them.
        desk: opened for trying; the orders are filled on it.
        catalogue: of the version that the desk was opened at.
        patients: where stored patients may be seen; of others only the text is used.
    """
    session = _Rehearsal(desk=desk, catalogue=catalogue, patients=patients)
    return [_rehearse(raw, session) for raw in messages_in(text)[:MOST_MESSAGES]]


def _rehearse(raw: bytes, session: _Rehearsal) -> RehearsedMessage:
    try:
        message, sender = open_message(raw, catalogue=session.catalogue)
        refusal = _refusal(raw, sender)
        reading = read_message(raw, catalogue=session.catalogue)
    except FieldError as error:
        return _refused(raw, error)
    name = f"{sender.application} {sender.facility}".strip()
    if refusal is not None:
        return _refused(raw, refusal, name)
    if reading.problem or reading.refusal is not None:
        found = reading.problem or str(reading.refusal)
        return RehearsedMessage(raw, name, problem=found)
    is_order = message.get("MSH-9.1").upper() in ORDER_TYPES
    orders = [_order(one, session) for one in reading.changes[:MOST_ORDERS]] if is_order else []
    note = "" if orders else reading.note or "it asks for no order to be read"
    return RehearsedMessage(raw, name, orders, note, flags=_flags(reading.flags))


def _refusal(raw: bytes, sender: Sender) -> FieldError | None:
    """Return why the door would refuse it."""
    profile = Profile(**{column: getattr(sender.profile, column) for column in COLUMNS})
    return judge(seen_through(profile, raw, glance(raw)), profile).error


def _refused(raw: bytes, error: FieldError, sender: str = "") -> RehearsedMessage:
    place = f"{error.segment}-{error.field}" if error.segment else ""
    return RehearsedMessage(raw, sender, problem=error.reason, place=place)


def _order(change: OrderChange, session: _Rehearsal) -> Rehearsed:
    case = session.make(change, received_at=session.at)
    fill(session, case, change)
    note = "" if change.action in _DECIDES else _note(change)
    return Rehearsed(case, change, change.parked, note)


def _note(change: OrderChange) -> str:
    if change.action is Action.HOLD:
        return "its sender holds it, so nobody is asked"
    return f"it asks to {change.action.value}, so nothing is decided"


def _flags(flags: Iterable[str]) -> list[str]:
    return [flag.replace("_", " ") for flag in flags]

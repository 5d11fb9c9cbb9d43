"""A small department in the database, and messages sent to it without the wire."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import timedelta

from apps.assignment.models import Assignment, Unassigned
from apps.assignment.services import replay, retry
from apps.assignment.snapshot import basis, cache, ledger, other_work
from apps.core import clock
from apps.hl7v2.peek import glance
from apps.intake.keys import digest_of, issuer_for, order_keys
from apps.intake.models import InboundMessage
from apps.intake.processing import catalogue, parked
from apps.intake.processing.batch import process_waiting
from apps.intake.tasks import decide_once
from apps.orders.models import Order
from apps.outbound.queries import destinations
from tests import factories

_sequence = itertools.count(1)

VENDOR = (
    r"MSH|^~\&|PACS|Robina|ASSIGNMENT_ENGINE|ENTERPRISE|20260204120530||ORM^O01|||2.5.1",
    "PID|1||MRN123^^^Robina||Doe^John||19800115|M",
    "OBR|1|STUDY_ID_123|ACCESSION_456|MRI MSK^MRI MUSCULOSKELETAL|||20260204120000|||^^^MSK|",
    "OBX|1|TX|Indication^Clinical Indication||Patient with knee pain",
    "ZRD|1|Robina^Site Code|MRI^Modality|STAT^Urgency",
)


def forget_caches() -> None:
    """Forget what processes remember: another test's rows are gone."""
    for module in (
        cache,
        ledger,
        other_work,
        basis,
        replay,
        retry,
        parked,
        catalogue,
        destinations,
    ):
        module.forget()


class Department:
    """Robina with one round-the-clock MRI shift, all limits high unless a test says otherwise."""

    def __init__(self) -> None:
        forget_caches()
        self.cluster = factories.ClusterFactory(code="GC")
        self.site = factories.SiteFactory(code="ROBINA", name="Robina", cluster=self.cluster)
        self.shift = self.add_shift("MRI_MSK", modality="MR")
        self.destination = factories.DestinationFactory(name="RIS")

    def add_shift(self, code: str, *, modality: str = "", **values: object) -> object:
        shift = factories.ShiftFactory(code=code, **values)
        factories.ShiftWorkTypeFactory(shift=shift, modality=modality)
        return shift

    def add_reader(self, name: str, *, shift: object = None, **values: object) -> object:
        limits = {"max_concurrent_studies": 100, "max_studies_per_hour": 1000}
        reader = factories.RadiologistFactory(id=name, **(limits | values))
        factories.RosterAssignmentFactory(shift=shift or self.shift, radiologist=reader)
        return reader


def receive(*segments: str, encoding: str = "utf-8", separator: str = "\r") -> InboundMessage:
    """Store a message as the listener does; nothing takes effect yet."""
    raw = separator.join((*segments, "")).encode(encoding)
    seen = glance(raw)
    issuer = issuer_for(
        profile_issuer="", facility=seen.sending_facility, application=seen.sending_application
    )
    now = clock.now()
    return InboundMessage.objects.create(
        arrival_seq=int(now.timestamp() * 1_000_000) + next(_sequence),
        received_at=now - timedelta(milliseconds=1),
        sender=f"{seen.sending_application}^{seen.sending_facility}",
        control_id=seen.control_id.decode("latin-1"),
        digest=digest_of(raw),
        message_type=f"{seen.message_code}^{seen.trigger}",
        order_control=seen.order_control,
        order_keys=list(order_keys(issuer, seen.identities)),
        is_urgent=seen.is_stat,
        raw=raw,
    )


def send(*segments: str) -> InboundMessage:
    """Store a message and let it take effect."""
    message = receive(*segments)
    settle()
    message.refresh_from_db()
    return message


def settle() -> None:
    """Let everything that waits take effect, retries too."""
    while decide_once():
        pass


def take_effect() -> None:
    """Let waiting messages take effect, without retries."""
    while process_waiting():
        pass


def order(
    *,
    control: str = "NW",
    placer: str = "P1",
    filler: str = "",
    accession: str = "",
    site: str = "Robina",
    modality: str = "MR",
    code: str = "MRI KNEE^MRI KNEE",
    priority: str = "R",
    mrn: str = "MRN1",
    uid: str = "",
    status: str = "",
    control_id: str = "",
    facility: str = "Robina",
) -> tuple[str, ...]:
    """Return an ORM^O01 2.5.1 with one group."""
    number = control_id or f"C{next(_sequence)}"
    segments = [
        rf"MSH|^~\&|HIS|{facility}|RAD|RAD|20261122100000||ORM^O01|{number}|P|2.5.1",
        f"PID|1||{mrn}^^^{facility}||Doe^Jane||19800115|F" if mrn else "PID|1",
        f"PV1|1|O|WARD^1^2^{site}",
        *group(
            control=control,
            placer=placer,
            filler=filler,
            accession=accession,
            code=code,
            priority=priority,
            modality=modality,
            status=status,
        ),
    ]
    return (*segments, f"ZDS|{uid}") if uid else tuple(segments)


def group(
    *,
    control: str = "NW",
    placer: str = "",
    filler: str = "",
    accession: str = "",
    code: str = "MRI KNEE^MRI KNEE",
    priority: str = "R",
    modality: str = "MR",
    status: str = "",
) -> tuple[str, ...]:
    """Return ORC and OBR."""
    obr = [""] * 28
    obr[0:5] = ["OBR", "1", placer, filler, code]
    obr[18], obr[24], obr[27] = accession, modality, f"^^^^^{priority}"
    return (
        f"ORC|{control}|{placer}|{filler}||{status}||^^^^^{priority}",
        "|".join(obr).rstrip("|"),
    )


def result(*, status: str, placer: str = "P1", accession: str = "") -> tuple[str, ...]:
    """Return an ORU^R01 that reports an order."""
    obr = [""] * 26
    obr[0:5] = ["OBR", "1", placer, "", "MRI KNEE^MRI KNEE"]
    obr[18], obr[25] = accession, status
    return (
        rf"MSH|^~\&|RIS|Robina|RAD|RAD|20261122110000||ORU^R01|R{next(_sequence)}|P|2.5.1",
        "PID|1||MRN1^^^Robina||Doe^Jane||19800115|F",
        "|".join(obr),
        "OBX|1|TX|REPORT||normal",
    )


def readers() -> dict[str, str]:
    """Return accession to the current reader's id."""
    rows = Assignment.objects.filter(is_current=True).select_related("order")
    return {row.order.accession: row.radiologist_id for row in rows}


def reasons() -> dict[str, str]:
    """Return accession to the reason of every order in the unassigned queue."""
    rows = Unassigned.objects.select_related("order")
    return {row.order.accession: row.reason for row in rows}


def statuses(accessions: Iterable[str] = ()) -> dict[str, str]:
    """Return accession to status, of all orders unless some are named."""
    rows = Order.objects.values_list("accession", "status")
    wanted = set(accessions)
    return {name: status for name, status in rows if not wanted or name in wanted}

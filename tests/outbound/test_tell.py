"""Queueing what a decision tells: for whom, in which bytes, in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.hl7v2.message import Message
from apps.hl7v2.zra import Zra, parse_zra
from apps.outbound.choices import OutboundKind
from apps.outbound.models import Destination, OutboundMessage
from apps.outbound.services.notices import Notice, Reader
from apps.outbound.services.render import new_control_id
from apps.outbound.services.tell import queue_notices
from tests.factories import DestinationFactory, OrderFactory, SiteFactory

pytestmark = pytest.mark.db

DECIDED = datetime(2026, 2, 4, 2, 5, 31, tzinfo=UTC)
HEADER = (
    b"MSH|^~\\&|PACS|Robina|ASSIGNMENT_ENGINE|ENTERPRISE|20260204120530||ORM^O01|||2.5.1\r"
    b"PID|1||MRN123^^^Robina||Doe^John||19800115|M\r"
)
GROUP = (
    b"OBR|1|STUDY_ID_123|ACCESSION_456|MRI MSK^MRI MUSCULOSKELETAL|||20260204120000|||^^^MSK|\r"
    b"OBX|1|TX|Indication^Clinical Indication||Patient with knee pain\r"
    b"ZRD|1|Robina^Site Code|MRI^Modality|STAT^Urgency\r"
)
SMITH = Reader("DR_SMITH_ID", "Smith", "John")


def notice(**values: object) -> Notice:
    made = Notice(
        order_id=0,
        assignment_id=None,
        kind=OutboundKind.ASSIGNED,
        header=HEADER,
        group=GROUP,
        application="PACS",
        facility="Robina",
        site_id=None,
        at=DECIDED,
        reader=SMITH,
        shift_code="MRI_MSK_ROBINA",
        shift_name="MRI MSK Robina",
        strategy="LOAD_BALANCED",
    )
    if "order_id" not in values:
        values["order_id"] = OrderFactory.create().pk
    return replace(made, **values)  # type: ignore[arg-type] # the test names fields of Notice


def only_message() -> OutboundMessage:
    return OutboundMessage.objects.get()


def test_the_vendor_message_comes_back_enriched() -> None:
    DestinationFactory.create(time_zone="Australia/Brisbane")
    told = notice(assignment_id=7)

    assert queue_notices([told]) == 1

    message = only_message()
    assert bytes(message.payload) == (
        b"MSH|^~\\&|ASSIGNMENT_ENGINE|ENTERPRISE|PACS|Robina|20260204120531||ORU^R01|"
        + message.control_id.encode()
        + b"|P|2.5.1\r"
        + HEADER.split(b"\r", 1)[1]
        + GROUP
        + b"ZRA|1|DR_SMITH_ID^Smith^John^DR|MRI_MSK_ROBINA^MRI MSK Robina|"
        b"LOAD_BALANCED^Assignment Strategy|20260204120531\r"
    )
    assert (message.kind, message.state, message.attempts) == ("assigned", "queued", 0)
    assert (message.order_id, message.assignment_id) == (told.order_id, 7)
    assert (message.created_at, message.next_attempt_at) == (DECIDED, DECIDED)


@pytest.mark.parametrize(
    ("zone", "with_offset", "written"),
    [
        ("UTC", False, "20260204020531"),
        ("UTC", True, "20260204020531+0000"),
        ("Australia/Brisbane", True, "20260204120531+1000"),
        ("America/New_York", False, "20260203210531"),
    ],
)
def test_times_are_in_the_destinations_zone(zone: str, written: str, *, with_offset: bool) -> None:
    DestinationFactory.create(time_zone=zone, with_offset=with_offset)
    queue_notices([notice()])

    message = Message(bytes(only_message().payload))
    assert (message.get("MSH-7"), message.get("ZRA-5")) == (written, written)


def test_who_lost_the_study_is_cleared_with_the_reason() -> None:
    DestinationFactory.create()
    queue_notices([notice(kind=OutboundKind.UNASSIGNED, reader=None, reason="at_capacity")])

    payload = bytes(only_message().payload)
    assert b'\rZRA|1|""||at_capacity^' in payload


def test_a_name_full_of_delimiters_stays_one_value() -> None:
    DestinationFactory.create()
    evil = "O'Neil|^&~\\\rORC|CA|1\x0b\x1c\r"
    queue_notices([notice(reader=Reader("DR|X", evil, "A\nB"), shift_name="MRI^MSK|\r")])

    payload = bytes(only_message().payload)
    names = [segment[:3] for segment in payload.split(b"\r")]
    assert names == [b"MSH", b"PID", b"OBR", b"OBX", b"ZRD", b"ZRA", b""]
    assert b"\x0b" not in payload
    assert b"\x1c" not in payload
    assert parse_zra(payload) == Zra(
        radiologist_id="DR|X",
        family=evil,
        given="A\nB",
        title="DR",
        shift_code="MRI_MSK_ROBINA",
        shift_name="MRI^MSK|\r",
        code="LOAD_BALANCED",
        decided="20260204020531",
    )


def test_a_destination_can_name_its_own_receiver() -> None:
    DestinationFactory.create(receiving_application="RIS^1.2.3^ISO", receiving_facility="A&B")
    queue_notices([notice()])

    msh = bytes(only_message().payload).split(b"\r", 1)[0]
    assert msh.split(b"|")[4:6] == [b"RIS^1.2.3^ISO", b"A\\T\\B"]


def test_an_order_that_no_message_told_of_has_a_header_all_the_same() -> None:
    DestinationFactory.create()
    queue_notices([notice(header=b"", group=b"")])

    msh = bytes(only_message().payload).split(b"\r", 1)[0]
    assert msh.startswith(b"MSH|^~\\&|ASSIGNMENT_ENGINE|ENTERPRISE|PACS|Robina|")


@pytest.mark.parametrize(
    ("senders", "is_told"),
    [
        pytest.param([], True, id="none listed means all"),
        pytest.param(["Robina"], True, id="facility"),
        pytest.param(["PACS^Robina"], True, id="application and facility"),
        pytest.param(["RIS^Robina"], False, id="another application"),
        pytest.param(["Southport"], False, id="another facility"),
        pytest.param(["PACS"], False, id="an application alone is no sender"),
        pytest.param(["Southport", "Robina"], True, id="one of several"),
    ],
)
def test_only_the_listed_senders_orders_go_to_a_destination(
    senders: list[str], *, is_told: bool
) -> None:
    DestinationFactory.create(senders=senders)
    assert queue_notices([notice()]) == int(is_told)


def test_only_the_listed_sites_orders_go_to_a_destination() -> None:
    ours, other = SiteFactory.create_batch(2)
    destination = DestinationFactory.create()
    destination.sites.add(ours)

    assert queue_notices([notice(site_id=ours.pk)]) == 1
    assert queue_notices([notice(site_id=other.pk), notice(site_id=None)]) == 0


def test_editing_a_destinations_sites_takes_effect_at_once() -> None:
    site = SiteFactory.create()
    destination = DestinationFactory.create()
    assert queue_notices([notice()]) == 1
    destination.sites.add(site)
    assert queue_notices([notice()]) == 0
    destination.sites.clear()
    assert queue_notices([notice()]) == 1


def test_a_switched_off_destination_goes_on_queueing() -> None:
    DestinationFactory.create(is_enabled=False)
    assert queue_notices([notice()]) == 1


def test_ids_follow_the_order_of_the_decisions() -> None:
    one, two = DestinationFactory.create_batch(2)
    first, second = notice(), notice(kind=OutboundKind.REASSIGNED)
    queue_notices([first, second])

    found = OutboundMessage.objects.order_by("id").values_list("order_id", "destination_id")
    assert list(found) == [
        (first.order_id, one.pk),
        (first.order_id, two.pk),
        (second.order_id, one.pk),
        (second.order_id, two.pk),
    ]
    assert OutboundMessage.objects.values("control_id").distinct().count() == 4


def test_many_notices_cost_as_many_statements_as_one() -> None:
    Destination.objects.all().delete()
    DestinationFactory.create()
    queue_notices([notice()])
    many = [notice() for _ in range(20)]

    with CaptureQueriesContext(
        connection,
    ) as queries:
        queue_notices(many)

    assert len(queries) <= 1


def test_nothing_to_tell_asks_nothing() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert queue_notices([]) == 0
    assert len(queries) == 0


def test_control_ids_fit_msh_10_sort_by_time_and_differ() -> None:
    later = DECIDED.replace(year=2027)
    ids = {new_control_id(DECIDED) for _ in range(1000)}

    assert len(ids) == 1000
    assert {len(name) for name in ids} == {20}
    assert max(ids) < new_control_id(later)

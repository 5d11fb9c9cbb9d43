"""What each destination is told, as its profile asks, and the page that shows it beforehand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.audit.models import AuditEvent
from apps.catalog.models import Site
from apps.orders.models import Order, OrderSegments
from apps.outbound.choices import CharacterSet, OutboundKind
from apps.outbound.models import Destination, OutboundMessage
from apps.outbound.services.notices import Reader
from apps.outbound.services.tell import queue_notices
from apps.outbound.validators import validate_authority, validate_separators
from tests.factories import DestinationFactory, OrderFactory, SiteFactory
from tests.outbound.test_tell import GROUP, HEADER, SMITH, notice
from tests.outbound.tls_peer import AUTHORITY, CERTIFICATES
from tests.support.pages import sent_form, words_of
from tests.support.people import signed_in

pytestmark = pytest.mark.db

HTMX = {"HX-Request": "true"}
JONES = Reader("DR_JONES_ID", "Jones", "Mary")
EPRI = "EPRI^Expected Principal Result Interpreter^HL70912"


def told(destination: Destination, **values: object) -> list[str]:
    """Return the segments of the one message that the notice makes."""
    queue_notices([notice(**values)])
    message = OutboundMessage.objects.get(destination=destination)
    return bytes(message.payload).decode().removesuffix("\r").split("\r")


# -- what is told ----------------------------------------------------------------------------

UNASSIGNED = {"kind": OutboundKind.UNASSIGNED, "reader": None, "reason": "at_capacity"}
CANCELLED = {"kind": OutboundKind.CANCELLED, "reader": None, "reason": "cancelled"}


@pytest.mark.parametrize(
    ("values", "orc", "obr_32", "prt"),
    [
        pytest.param(
            {"before": None},
            "ORC|SC|STUDY_ID_123|ACCESSION_456||SC",
            "DR_SMITH_ID&Smith&John&&&DR",
            f"AD||{EPRI}|DR_SMITH_ID^Smith^John^^^DR||||||20260204020531",
            id="assigned",
        ),
        pytest.param(
            {"before": JONES, "kind": OutboundKind.REASSIGNED},
            "ORC|SC|STUDY_ID_123|ACCESSION_456||SC",
            "DR_SMITH_ID&Smith&John&&&DR",
            f"UP||{EPRI}|DR_SMITH_ID^Smith^John^^^DR||||||20260204020531",
            id="reassigned",
        ),
        pytest.param(
            {"before": SMITH, **UNASSIGNED},
            "ORC|SC|STUDY_ID_123|ACCESSION_456||SC",
            '""',
            f"DE||{EPRI}|DR_SMITH_ID^Smith^John^^^DR|||||||20260204020531",
            id="unassigned",
        ),
        pytest.param(
            {"before": SMITH, **CANCELLED},
            "ORC|SC|STUDY_ID_123|ACCESSION_456||CA",
            '""',
            f"DE||{EPRI}|DR_SMITH_ID^Smith^John^^^DR|||||||20260204020531",
            id="cancelled",
        ),
        pytest.param(
            {"before": None, **CANCELLED},
            "ORC|SC|STUDY_ID_123|ACCESSION_456||CA",
            '""',
            None,
            id="cancelled without a reader",
        ),
        pytest.param(
            {"before": SMITH, **UNASSIGNED, "reason": "held"},
            "ORC|SC|STUDY_ID_123|ACCESSION_456||HD",
            '""',
            f"DE||{EPRI}|DR_SMITH_ID^Smith^John^^^DR|||||||20260204020531",
            id="held",
        ),
    ],
)
def test_every_kind_of_decision_in_the_standards_places(
    values: dict[str, object], orc: str, obr_32: str, prt: str | None
) -> None:
    destination = DestinationFactory.create(
        message_type="ORM^O01", version="2.7", with_obr_32=True, with_prt=True, with_zra=False,
        sending_application="RA",
    )  # fmt: skip
    order_id = OrderFactory.create().pk
    segments = told(destination, order_id=order_id, **values)
    obr = GROUP.decode().split("\r")[0]
    assert segments[0].startswith(r"MSH|^~\&|RA|ENTERPRISE|PACS|Robina|20260204020531||ORM^O01|")
    assert segments[0].endswith("|P|2.7")
    assert segments[2:4] == [orc, obr + "|" * (32 - obr.count("|")) + obr_32]
    made = [part for part in segments if part.startswith("PRT")]
    assert made == ([f"PRT|{order_id}-EPRI^RA|{prt}"] if prt else [])
    assert [part[:3] for part in segments[-2:]] == ["OBX", "ZRD"]


def test_who_waits_for_a_first_reader_is_told_to_those_alone_that_ask() -> None:
    asking = DestinationFactory.create(tells_waiting=True)
    DestinationFactory.create()
    waiting = notice(
        kind=OutboundKind.WAITING, reader=None, reason="unknown_modality", only_if_asked=True
    )
    assert queue_notices([waiting]) == 1
    (message,) = OutboundMessage.objects.all()
    assert (message.destination_id, message.kind) == (asking.pk, "waiting")
    assert b'\rZRA|1|""||unknown_modality^' in bytes(message.payload)
    assert queue_notices([replace(waiting, only_if_asked=False)]) == 2


def test_another_character_set_and_separators_rewrite_the_order() -> None:
    destination = DestinationFactory.create(
        separators="#!@%*", character_set=CharacterSet.UTF_8, with_structure=True
    )
    segments = told(destination, reader=Reader("D#1", "Müller", "J"))
    assert segments[0].startswith("MSH#!@%*#ASSIGNMENT_ENGINE#ENTERPRISE#PACS#Robina#")
    assert "#ORU!R01!ORU_R01#" in segments[0]
    assert segments[0].endswith("#P#2.5.1######UNICODE UTF-8")
    assert segments[1] == "PID#1##MRN123!!!Robina##Doe!John##19800115#M"
    assert segments[-1].startswith("ZRA#1#D%F%1!Müller!J!DR#")


def test_a_destination_that_would_not_say_who_reads_is_refused() -> None:
    with pytest.raises(IntegrityError, match="destination_is_told_who_reads"):
        DestinationFactory.create(with_zra=False)


@pytest.mark.parametrize("name", CharacterSet.values)
def test_every_character_set_that_is_offered_can_be_written(name: str) -> None:
    destination = DestinationFactory.create(character_set=name)
    queue_notices([notice(reader=Reader("D", "Smith", "J"))])
    payload = bytes(OutboundMessage.objects.get(destination=destination).payload)
    assert b"^Smith^J^DR|" in payload


# -- what a person may set up ----------------------------------------------------------------


@pytest.mark.parametrize("value", [r"|^~\&", "#!@%*", r"|^~\&#", "$()[]"])
def test_separators_that_can_be_read_back_are_taken(value: str) -> None:
    validate_separators(value)


@pytest.mark.parametrize(
    "value",
    ["|", "|^~", r"|^~\\", r"||~\&", r"a^~\&", r"|^~\1", r"|^~\ ", '|^~"&', r"|^~\é", "|^~\r&",
     "|^~\x00&", r"|^~\&##", r"|^~\&|"],
)  # fmt: skip
def test_separators_that_cannot_delimit_are_refused(value: str) -> None:
    with pytest.raises(ValidationError):
        validate_separators(value)


def test_an_authority_is_certificates_and_nothing_else() -> None:
    validate_authority(AUTHORITY)
    validate_authority(AUTHORITY + AUTHORITY)
    key = (CERTIFICATES / "server.key").read_text()
    for value in ("nonsense", key, AUTHORITY + key, AUTHORITY[:200], "ü"):
        with pytest.raises(ValidationError):
            validate_authority(value)


# -- the pages -------------------------------------------------------------------------------


@pytest.fixture
def administrator() -> Client:
    return signed_in(Role.ADMINISTRATOR)


def order_of(site: Site | None = None, sender: str = "PACS^Robina", **values: object) -> Order:
    order: Order = OrderFactory.create(site=site or SiteFactory.create(), sender=sender, **values)
    OrderSegments.objects.create(order=order, header=HEADER, group=GROUP)
    return order


def test_the_form_shows_what_its_edit_would_send(administrator: Client) -> None:
    one = DestinationFactory.create()
    path = f"/destinations/{one.pk}/"
    sent = sent_form(
        administrator, f"{path}edit/", with_obr_32="on", message_type="ORM^O01", separators="#!@%*"
    )
    part = administrator.post(f"{path}written/", sent, headers=HTMX).content.decode()
    assert "<html" not in part
    assert "ORC#SC#STUDY_ID_123#ACCESSION_456##SC" in part
    assert "DR_SMITH_ID*Smith*John***DR" in part
    assert "As the form has it; nothing is saved." in words_of(
        administrator, f"{path}written/", sent
    )
    one.refresh_from_db()
    assert (one.with_obr_32, one.message_type, one.separators) == (False, "ORU^R01", "")


def test_a_form_that_is_wrong_says_what_has_to_be_mended(administrator: Client) -> None:
    one = DestinationFactory.create()
    path = f"/destinations/{one.pk}/"
    sent = sent_form(administrator, f"{path}edit/", separators="abc", with_zra=None)
    said = words_of(administrator, f"{path}written/", sent)
    assert "The form has to be mended first." in said
    assert "Say who reads in at least one place" in said or "MSH-1 and MSH-2 in one" in said


def test_a_destination_that_is_being_made_is_shown_too(administrator: Client) -> None:
    sent = sent_form(administrator, "/destinations/new/", with_prt="on", version="2.8")
    said = words_of(administrator, "/destinations/new/written/", sent)
    assert "PRT|1-EPRI^ASSIGNMENT_ENGINE|AD||EPRI^" in said
    assert "PRT|1-EPRI^ASSIGNMENT_ENGINE|UP||EPRI^" in said
    assert "PRT|1-EPRI^ASSIGNMENT_ENGINE|DE||EPRI^" in said


def test_a_real_order_is_shown_masked_and_opened_once_in_the_trail(administrator: Client) -> None:
    one, order = DestinationFactory.create(with_obr_32=True), order_of()
    path = f"/destinations/{one.pk}/written/"
    masked = administrator.get(f"{path}?order={order.pk}")
    said = masked.content.decode()
    assert "ACCESSION_456" in said
    assert "DR_SMITH_ID&amp;Smith" in said
    assert not [word for word in ("Doe", "MRN123", "19800115", "knee pain") if word in said]
    assert "no-store" in masked["Cache-Control"]
    opened = administrator.post(f"{path}{order.pk}/open/")
    assert "Doe^John" in opened.content.decode()
    assert "no-store" in opened["Cache-Control"]
    rows = AuditEvent.objects.filter(action="open", entity="orders_ordersegments")
    assert list(rows.values_list("entity_id", flat=True)) == [str(order.pk)]
    assert administrator.get(f"{path}{order.pk}/open/").status_code == 405


def test_only_orders_that_it_would_be_told_of_are_offered(administrator: Client) -> None:
    here, there = SiteFactory.create(), SiteFactory.create()
    one = DestinationFactory.create(senders=["Robina"])
    one.sites.add(here)
    mine = order_of(here)
    order_of(there)
    order_of(here, sender="X^Other")
    OrderFactory.create(site=here, sender="PACS^Robina")  # nothing was kept of its message
    form = administrator.get(f"/destinations/{one.pk}/written/").context["sample"]
    assert [value for value, _label in form.fields["order"].choices] == ["", mine.pk]


def test_orders_of_other_sites_stay_out_of_reach() -> None:
    here, there = SiteFactory.create(), SiteFactory.create()
    local = signed_in(Role.ADMINISTRATOR, site=here)
    everywhere = DestinationFactory.create()
    foreign = order_of(there)
    path = f"/destinations/{everywhere.pk}/written/"
    page = local.get(f"{path}?order={foreign.pk}")
    assert page.context["order"] is None
    assert local.post(f"{path}{foreign.pk}/open/").status_code == 404
    elsewhere = DestinationFactory.create()
    elsewhere.sites.add(there)
    assert local.get(f"/destinations/{elsewhere.pk}/written/").status_code == 404
    assert AuditEvent.objects.filter(action="open").count() == 0


def test_an_auditor_looks_and_opens_nothing() -> None:
    auditor = signed_in(Role.AUDITOR)
    one, order = DestinationFactory.create(), order_of()
    path = f"/destinations/{one.pk}/written/"
    said = auditor.get(f"{path}?order={order.pk}").content.decode()
    assert "Show patient data" not in said
    assert auditor.post(f"{path}{order.pk}/open/").status_code == 403


def test_bytes_that_hold_no_header_are_said_to(administrator: Client) -> None:
    order: Order = OrderFactory.create()
    OrderSegments.objects.create(order=order, header=b"PID|1\r", group=b"OBR|1\r")
    one = DestinationFactory.create()
    said = words_of(administrator, f"/destinations/{one.pk}/written/?order={order.pk}")
    assert "the message does not begin with MSH" in said


def test_twenty_orders_cost_what_one_does(administrator: Client) -> None:
    one, site = DestinationFactory.create(), SiteFactory.create()
    order_of(site)
    path = f"/destinations/{one.pk}/written/"
    administrator.get(path)
    with CaptureQueriesContext(connection) as few:
        administrator.get(path)
    for _ in range(30):
        order_of(site)
    with CaptureQueriesContext(connection) as many:
        page = administrator.get(path)
    assert (len(many), len(page.context["sample"].fields["order"].choices)) == (len(few), 21)
    assert len(few) <= 15


def test_an_edit_of_how_it_is_written_can_be_taken_back(administrator: Client) -> None:
    one = DestinationFactory.create()
    path = f"/destinations/{one.pk}/"
    sent = sent_form(administrator, f"{path}edit/", with_prt="on", uses_tls="on", sites=None,
                     tls_authority=AUTHORITY)  # fmt: skip
    said = words_of(administrator, f"{path}edit/", sent | {"preview": "1"})
    assert "Counts for messages made from now on" in said
    assert "closed and made anew" in said
    assert administrator.post(f"{path}edit/", sent).status_code == 302
    one.refresh_from_db()
    assert (one.with_prt, one.uses_tls, one.tls_authority) == (True, True, AUTHORITY.strip())
    assert "ZRA, PRT (EPRI)" in words_of(administrator, path)
    event = AuditEvent.objects.filter(entity="outbound_destination", action="update").latest("pk")
    administrator.post(f"/undo/{event.request_id}/")
    one.refresh_from_db()
    assert (one.with_prt, one.uses_tls) == (False, False)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"message_type": "ORM^O01", "version": "2.8"}, "HL7 2.8 has no ORM^O01 any more"),
        ({"message_type": "OMI^O23", "version": "2.3"}, "HL7 2.3 has no OMI^O23 yet"),
        ({"with_zra": None, "with_prt": "on"}, "stand in ZRA alone"),
        ({"uses_tls": "on", "shows_certificate": "on"}, "HL7_CLIENT_CERT is not set"),
        ({"tells_waiting": "on"}, "told of orders that wait for their first reader"),
    ],
)
def test_what_follows_is_said_before_it_is_saved(
    administrator: Client, values: dict[str, str | None], words: str
) -> None:
    one = DestinationFactory.create()
    path = f"/destinations/{one.pk}/edit/"
    sent = sent_form(administrator, path, preview="1", sites=None, **values)
    assert words in words_of(administrator, path, sent)

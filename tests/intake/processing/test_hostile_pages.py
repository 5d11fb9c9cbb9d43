"""What attacks leave behind: rows whose pages are harmless, orders, and messages that go out."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import hl7
import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.hl7v2.message import Message
from apps.hl7v2.zra import parse_zra
from apps.intake.models import InboundMessage
from apps.outbound.models import OutboundMessage
from apps.roster.models import Radiologist
from tests.factories import DestinationFactory
from tests.intake.processing.checks import broken_promises
from tests.intake.processing.door import post
from tests.support.department import Department, order, readers, send, settle
from tests.support.people import signed_in
from tests.wire.fuzz import oracle
from tests.wire.fuzz.attacks import ATTACKS

pytestmark = pytest.mark.db

_MOST_BYTES = 2_000_000
_MOST_PAGES = 2
SHOWN = {
    name: blocks
    for name, attack in ATTACKS.items()
    if (blocks := oracle.blocks(attack.wire())[:_MOST_PAGES]) and len(blocks[0]) <= _MOST_BYTES
    # What is ten thousand messages is shown like one.
    and "ten thousand headers" not in name and "batch of ten" not in name
}  # fmt: skip
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


class _Page(HTMLParser):
    """Collects what could do something."""

    def __init__(self) -> None:
        super().__init__()
        self.active: list[str] = []
        self._is_in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._is_in_script = tag == "script"
        if tag in ("iframe", "object", "embed") or (tag == "script" and "src" not in values):
            self.active.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name == "style" or "javascript:" in (value or "").lower():
                self.active.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        self._is_in_script = self._is_in_script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._is_in_script and data.strip():
            self.active.append(data[:80])


def active_parts(page: str) -> list[str]:
    """Return what of a page could do something: script, handlers, styles, frames."""
    parser = _Page()
    parser.feed(page)
    return parser.active


LISTS = ("/messages/", "/messages/?state=quarantined", "/unassigned/", "/assignments/")


@pytest.mark.parametrize("name", SHOWN)
def test_pages_of_what_an_attack_left_are_whole_and_harmless(
    department: Department, administrator: Client, name: str
) -> None:
    department.add_reader("DR_A")
    manager = signed_in(Role.MANAGER)
    rows = [row for content in SHOWN[name] for row in post(content)][:_MOST_PAGES]
    settle()

    for row in rows:
        path = f"/messages/in/{row.pk}/"
        answers = [administrator.get(path), administrator.post(f"{path}open/")]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert [active_parts(answer.content.decode()) for answer in answers] == [[], []]
    for path in LISTS:
        answer = manager.get(path)
        assert (answer.status_code, active_parts(answer.content.decode())) == (200, [])
    assert broken_promises() == []
    assert InboundMessage.objects.exclude(attempts=0).count() == 0
    assert not InboundMessage.objects.filter(state="waiting").exists()


@pytest.mark.parametrize(
    "name", ["text: right to left", "text: terminal controls", "a control id that is a line"]
)
def test_pages_show_no_character_that_cannot_be_seen(
    department: Department, administrator: Client, name: str
) -> None:
    department.add_reader("DR_A")
    (row,) = post(SHOWN[name][0])
    settle()

    for path in (f"/messages/in/{row.pk}/", *LISTS):
        assert _UNSEEN.findall(administrator.get(path).content.decode()) == []


EVIL = ("X|Y^Z", "Q|R^S~T&U\\V", "A\rORC|CA|P1\x0b\x1c\r\nB")
DIALECTS = ["|^~\\&", "|^~\\", "#@*!$", "|^~"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "places", [{}, {"with_obr_32": True, "with_prt": True}], ids=["ZRA", "ZRA, OBR-32 and PRT"]
)
def test_name_of_a_reader_never_makes_a_field_or_a_segment(
    department: Department, dialect: str, places: dict[str, bool]
) -> None:
    DestinationFactory.create(name="evil", **places)
    department.add_reader("DR_PLAIN", family_name="Plain", given_name="Jo")
    send(*in_dialect(order(placer="P1"), dialect))
    assert readers() == {"P1": "DR_PLAIN"}
    plain = shapes_sent()
    OutboundMessage.objects.all().delete()
    Radiologist.objects.update(is_active=False)
    department.add_reader(EVIL[0], family_name=EVIL[1], given_name=EVIL[2])

    send(*in_dialect(order(placer="P2"), dialect))

    assert readers()["P2"] == EVIL[0]
    assert shapes_sent() == plain
    for message in OutboundMessage.objects.all():
        payload = bytes(message.payload)
        assert (b"\x0b" in payload, b"\x1c" in payload) == (False, False)
        zra = parse_zra(payload)
        assert zra is not None
        if len(dialect) > 3:  # without an escape character blanks stand for delimiters
            assert (zra.radiologist_id, zra.family) == EVIL[:2]


def shapes_sent() -> list[list[tuple[str, int]]]:
    """Return, for each message sent, its segments with their numbers of fields, read twice."""
    shapes = []
    for message in OutboundMessage.objects.order_by("destination__name", "id"):
        payload = bytes(message.payload)
        ours = [(part.name, len(part.fields) - 1) for part in Message(payload).segments]
        theirs = [(str(part[0]), len(part) - 1) for part in hl7.parse(payload.decode())]
        assert ours == theirs
        shapes.append(ours)
    assert shapes
    return shapes


def in_dialect(segments: tuple[str, ...], dialect: str) -> tuple[str, ...]:
    """Return the segments written with other delimiters; those it lacks are left out."""
    table = str.maketrans({old: dialect[n : n + 1] for n, old in enumerate("|^~\\&")})
    return tuple(segment.translate(table) for segment in segments)

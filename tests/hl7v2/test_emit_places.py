"""The standard's own places for who reads, in every shape a destination may ask for."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import hl7
import pytest
from hl7apy.core import Element
from hl7apy.parser import parse_segment
from hypothesis import given
from hypothesis import strategies as st

from apps.hl7v2.emit import OutHeader, StandardPlaces, compose, enrich
from apps.hl7v2.message import Message
from apps.hl7v2.mllp import Frame, Framer, frame
from apps.hl7v2.obr32 import Interpreter
from apps.hl7v2.prt import Action, Participation
from apps.hl7v2.separators import Separators
from apps.hl7v2.status import OrderState
from apps.hl7v2.stored import keep_segments
from apps.hl7v2.zra import Zra, parse_zra
from tests.hl7v2.samples import NOW, VENDOR, groups, order

VERSIONS = ("2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8")
TYPES = (("ORU", "R01"), ("ORM", "O01"), ("OMI", "O23"))
ODD = Separators("#", "!", "@", "%", "*")
SMITH = Interpreter("DR_SMITH_ID", "Smith", "John")
ZRA = Zra(
    "DR_SMITH_ID", "Smith", "John", "DR", "MSK", "MRI MSK", "LOAD_BALANCED", "20260204120531"
)
ADDED = Participation("42-EPRI", "RADASSIGN", Action.ADD, SMITH, begins="20260204120531")
HEADER = OutHeader("M-1", NOW)
EPRI = "EPRI^Expected Principal Result Interpreter^HL70912"
SMITH_XCN = "DR_SMITH_ID^Smith^John^^^DR"


def kept(raw: bytes) -> bytes:
    return keep_segments(groups(raw)[0])


def lines_of(out: bytes) -> list[str]:
    return out.decode().removesuffix("\r").split("\r")


def header_for(kind: tuple[str, str], **values: object) -> OutHeader:
    return replace(HEADER, message_code=kind[0], trigger=kind[1], **values)  # type: ignore[arg-type]


# -- byte for byte ---------------------------------------------------------------------------


def test_every_place_at_once_leaves_all_other_bytes_alone() -> None:
    raw = order(
        "ORC|NW|P1^RIS|F1|G|||^^^2026",
        r"OBR|1|P1^RIS|F1|CT^Sch\T\del",
        "NTE|1||x",
        "OBX|1|TX|a||b",
    )
    places = StandardPlaces(SMITH, (ADDED,))
    out = enrich(kept(raw), ZRA, header_for(("ORM", "O01"), structure="ORM_O01"), places)
    assert lines_of(out) == [
        r"MSH|^~\&|ASSIGNMENT_ENGINE|ENTERPRISE|RIS|SITE|20260204120531||ORM^O01^ORM_O01|M-1|P|2.5.1",
        "PID|1||MR-1^^^SITE||Doe^Jane||19800115|F",
        "ORC|SC|P1^RIS|F1|G|SC||^^^2026",
        r"OBR|1|P1^RIS|F1|CT^Sch\T\del" + "|" * 28 + "DR_SMITH_ID&Smith&John&&&DR",
        "NTE|1||x",
        f"PRT|42-EPRI^RADASSIGN|AD||{EPRI}|{SMITH_XCN}||||||20260204120531",
        "OBX|1|TX|a||b",
        "ZRA|1|DR_SMITH_ID^Smith^John^DR|MSK^MRI MSK|LOAD_BALANCED^Assignment Strategy|20260204120531",
    ]


def test_nobody_reads_clears_obr_32_and_deletes_who_was_expected() -> None:
    raw = order("OBR|1|P1|F1|CT" + "|" * 28 + "OLD&Reader|next")
    gone = Participation("42-EPRI", "X", Action.DELETE, SMITH, ends="20260204120531")
    out = enrich(kept(raw), Zra(code="x"), HEADER, StandardPlaces(Interpreter(), (gone,)))
    assert lines_of(out)[2:4] == [
        "OBR|1|P1|F1|CT" + "|" * 28 + '""|next',
        f"PRT|42-EPRI^X|DE||{EPRI}|{SMITH_XCN}|||||||20260204120531",
    ]


def test_an_echoed_expected_interpreter_gives_way_and_other_participants_stay() -> None:
    raw = order("OBR|1|1", "PRT|9|AD||EPRI^x|OLD", "PRT|8|AD||SB^Specimen|X")
    names = [
        line[:8]
        for line in lines_of(enrich(kept(raw), ZRA, HEADER, StandardPlaces(None, (ADDED,))))
    ]
    assert names[2:5] == ["OBR|1|1", "PRT|8|AD", "PRT|42-E"]
    untouched = enrich(kept(raw), ZRA, HEADER)
    assert b"\rPRT|9|AD||EPRI^x|OLD\rPRT|8|AD||SB^Specimen|X\r" in untouched


@pytest.mark.parametrize("state", list(OrderState))
def test_an_order_message_makes_the_orc_that_the_vendor_leaves_out(state: OrderState) -> None:
    out = enrich(kept(VENDOR), None, header_for(("ORM", "O01")), StandardPlaces(state=state))
    assert [line[:3] for line in lines_of(out)] == ["MSH", "PID", "ORC", "OBR", "OBX", "ZRD"]
    assert lines_of(out)[2] == f"ORC|SC|STUDY_ID_123|ACCESSION_456||{state}"


def test_an_imaging_order_has_its_ipc_behind_what_the_standard_knows() -> None:
    out = enrich(kept(VENDOR), None, header_for(("OMI", "O23")))
    assert [line[:3] for line in lines_of(out)] == [
        "MSH",
        "PID",
        "ORC",
        "OBR",
        "OBX",
        "IPC",
        "ZRD",
    ]
    assert lines_of(out)[5] == "IPC|ACCESSION_456|ACCESSION_456||ACCESSION_456"
    full = order("ORC|NW|P|F", "OBR|1|P|F|" + "|" * 14 + "ACC|RP|SPS", "ZDS|1.2.3^DICOM")
    assert lines_of(enrich(kept(full), None, header_for(("OMI", "O23"))))[4:] == [
        "IPC|ACC|RP|1.2.3^DICOM|SPS",
        "ZDS|1.2.3^DICOM",
    ]
    own = order("ORC|NW|P|F", "OBR|1|P|F", "IPC|A|B|1.2|C")
    assert lines_of(enrich(kept(own), None, header_for(("OMI", "O23"))))[4:] == ["IPC|A|B|1.2|C"]


def test_an_order_without_segments_still_says_what_it_must() -> None:
    bare = b"MSH|^~\\&|A|B\r"
    out = enrich(bare, ZRA, header_for(("OMI", "O23")), StandardPlaces(SMITH, (ADDED,)))
    assert [line[:3] for line in lines_of(out)] == ["MSH", "ORC", "PRT", "IPC", "ZRA"]
    assert lines_of(out)[1] == "ORC|SC||||SC"
    first = enrich(bare, ZRA, HEADER, StandardPlaces(None, (ADDED,)))
    assert [line[:3] for line in lines_of(first)] == ["MSH", "PRT", "ZRA"]


def test_the_header_names_whom_the_profile_names() -> None:
    names = {
        "sending_application": "RA^1.2^ISO",
        "sending_facility": "A&B",
        "receiving_application": "PACS|X",
        "receiving_facility": "Ü",
    }
    out = enrich(kept(order("OBR|1|1")), None, replace(HEADER, **names))  # type: ignore[arg-type]
    assert out.startswith(rb"MSH|^~\&|RA^1.2^ISO|A\T\B|PACS\F\X|U|2026")


def test_a_separator_that_offsets_are_written_with_stays_a_separator() -> None:
    header = replace(HEADER, with_offset=True, separators=Separators("|", "^", "+", "\\", "&"))
    out = enrich(kept(order("OBR|1|1")), ZRA, header)
    assert Message(out).get("MSH-7") == "20260204120531+0000"
    assert Message(out).get("MSH-9.2") == "R01"


def test_two_byte_fields_before_obr_32_pass_as_they_came() -> None:
    msh = "MSH|^~\\&|RIS|SITE|||2026||ORM^O01|1|P|2.5||||||~ISO IR87"
    body = b"OBR|1|1|2|CT^" + "頭部|充".encode("iso2022_jp").removesuffix(b"\x1b(B")
    raw = order(msh=msh) + body + b"\r"
    out = enrich(kept(raw), None, HEADER, StandardPlaces(SMITH))
    obr = out.split(b"\r")[2]
    assert obr.startswith(body + b"\x1b(B|||||")
    assert Message(out).get("OBR-4.2") == Message(raw).get("OBR-4.2")
    assert Message(out).get("OBR-32.1.2") == "Smith"


def test_what_japanese_lacks_never_becomes_a_delimiter() -> None:
    header = replace(HEADER, character_set="~ISO IR87")
    who = Interpreter("D", "¥‾¥", "ü山", "")
    out = enrich(kept(VENDOR), None, header, StandardPlaces(who))
    assert b"\x1b(J" not in out
    assert Message(out).get("OBR-32.1.2") == "￥￣￥"
    assert Message(out).get("OBR-32.1.3") == "u山"
    more = enrich(kept(VENDOR), None, replace(header, character_set="~ISO IR87~ISO IR159"),
                  StandardPlaces(who))  # fmt: skip
    assert Message(more).get("OBR-32.1.3") == "ü山"


def test_without_sub_components_the_id_stands_alone() -> None:
    raw = order("OBR|1|1", msh="MSH|^~|RIS|SITE|||2026||ORM^O01|1|P|2.3")
    out = enrich(kept(raw), None, HEADER, StandardPlaces(SMITH, (ADDED,)))
    assert Message(out).get("OBR-32") == "DR_SMITH_ID"
    assert Message(out).get("PRT-5.2") == "Smith"


def test_composed_lines_say_what_was_set() -> None:
    header = header_for(("ORM", "O01"), character_set="UNICODE UTF-8", receiving_facility="X")
    made = compose(kept(VENDOR), ZRA, header, StandardPlaces(SMITH, (ADDED,)))
    assert [(line.name, line.touched) for line in made.lines] == [
        ("MSH", frozenset({3, 4, 6, 7, 9, 10, 12, 18})),
        ("PID", frozenset()),
        ("ORC", None),
        ("OBR", frozenset({32})),
        ("PRT", None),
        ("OBX", frozenset()),
        ("ZRD", frozenset()),
        ("ZRA", None),
    ]


# -- every combination, read by two other parsers --------------------------------------------

WHO = Interpreter("DR_MÜLLER", "Mü|ll^er", "Jo&h~n", "Dr\\")
RICH = order(
    "ORC|NW|P1^NS&1.2&ISO|F1|G|||^^^20260310^^S",
    r"OBR|1|P1^NS&1.2&ISO|F1|CT^Sch\T\del ä|||20260310080000||||||left \F\ knee",
    r"OBX|1|TX|Ind^Clinical||pain \S\ 3\R\4",
    "ZRD|1|Robina^Site Code|MRI^Modality|STAT^Urgency",
    msh=r"MSH|^~\&|RIS|SITE|ENGINE|ENTERPRISE|20260310080000||ORM^O01|ID-1|P|2.4||||||8859/1",
    encoding="latin-1",
)
JAPANESE = order(
    "ORC|NW|P1^NS|F1|G",
    "OBR|1|P1^NS|F1|CT^頭部単純|||20260310080000",
    "OBX|1|TX|Ind||膝の痛み",
    msh="MSH|^~\\&|RIS|SITE|||20260310080000||ORM^O01|ID-1|P|2.5||||||~ISO IR87",
    encoding="iso2022_jp",
)
SETS = {
    "as it came": None,
    "utf-8": "UNICODE UTF-8",
    "latin-1": "8859/1",
    "ascii": "ASCII",
    "japanese": "~ISO IR87",
}
COPIED = (
    "PID-5.1",
    "OBR-2.1",
    "OBR-3",
    "OBR-4.1",
    "OBR-4.2",
    "OBR-7",
    "OBR-13",
    "OBX-5",
    "OBX-3.2",
)
CASES = [
    pytest.param(
        kind, version, separators, name, raw, id="-".join((kind[0], version, shape, name, which))
    )
    for kind, version, (shape, separators), name, (which, raw) in itertools.product(
        TYPES, VERSIONS, (("usual", None), ("odd", ODD)), SETS, (("rich", RICH), ("ja", JAPANESE))
    )
    # What the set cannot hold is tested elsewhere.
    if which == "rich" or name in ("as it came", "utf-8", "japanese")
]


@pytest.mark.parametrize(("kind", "version", "separators", "charset", "raw"), CASES)
def test_two_other_parsers_read_equal_values(
    kind: tuple[str, str], version: str, separators: Separators | None, charset: str, raw: bytes
) -> None:
    header = header_for(kind, version=version, separators=separators, character_set=SETS[charset])
    places = StandardPlaces(WHO, (replace(ADDED, person=WHO),))
    zra = replace(ZRA, radiologist_id=WHO.id, family=WHO.family, given=WHO.given)
    out = enrich(kept(raw), zra, header, places)
    composed = compose(kept(raw), zra, header, places)
    text = out.decode(composed.codec)
    before, after = Message(kept(raw)), Message(out)

    def plain(value: str) -> str:
        return value.encode(composed.codec, "replace").decode(composed.codec)

    lossy = charset in ("ascii", "japanese") and raw is RICH
    if not lossy:
        assert [after.get(path) for path in COPIED] == [before.get(path) for path in COPIED]
    found = hl7_values(text)
    apy = apy_values(text, composed.separators)
    ours = our_values(after)
    assert found == ours
    assert apy == ours
    who = [WHO.id, WHO.family, WHO.given, WHO.title]
    expected = (
        who if plain("Ü") == "Ü" else [one.replace("Ü", "U").replace("ü", "u") for one in who]
    )
    assert [after.get(f"OBR-32.1.{number}") for number in (1, 2, 3, 6)] == expected
    assert [after.get(f"PRT-5.{number}") for number in (1, 2, 3, 6)] == expected
    assert [after.get(f"ZRA-2.{number}") for number in (1, 2, 3)] == expected[:3]
    assert (after.get("MSH-9.1"), after.get("MSH-9.2"), after.get("MSH-12")) == (*kind, version)


Values = list[tuple[str, list[str]]]
"""Segments; each with what its fields, repetitions, components and sub-components hold, in order."""


def our_values(message: Message) -> Values:
    return [
        (
            segment.name,
            leaves(
                [
                    segment.text(number)
                    for number in range(_first(segment.name), len(segment.fields))
                ],
                message.separators,
                message.dialect.value,
            ),
        )
        for segment in message.segments
    ]


def _first(name: str) -> int:
    return 3 if name == "MSH" else 1


def leaves(fields: list[str], separators: Separators, value: Callable[[str], str]) -> list[str]:
    for separator in (separators.repetition, separators.component, separators.subcomponent):
        fields = [part for field in fields for part in field.split(separator)]
    return [value(field) for field in fields if field]


def hl7_values(text: str) -> Values:
    """Read with a parser that knows nothing of ours, structure and escapes."""
    parsed = hl7.parse(text)
    return [(str(segment[0][0]), _held(segment, parsed.unescape)) for segment in parsed]


def _held(segment: hl7.Segment, value: Callable[[str], str]) -> list[str]:
    begins = 3 if str(segment[0][0]) == "MSH" else 1
    return [value(leaf) for field in segment[begins:] for leaf in _leaves_of(field) if leaf]


def _leaves_of(part: Iterable[Any]) -> Iterator[str]:
    if isinstance(part, str):
        yield part
        return
    for inner in part:
        yield from _leaves_of(inner)


def apy_values(text: str, separators: Separators) -> Values:
    """Read with another that knows the standard's segments and data types."""
    version = hl7.parse(text)[0][12][0]
    known = {"2.7.1": "2.7"}.get(version, version)
    unescape = hl7.parse(text).unescape
    signs = {
        "FIELD": separators.field,
        "COMPONENT": separators.component,
        "SUBCOMPONENT": separators.subcomponent,
        "REPETITION": separators.repetition,
        "ESCAPE": separators.escape,
        "SEGMENT": "\r",
        "GROUP": "\r",
    }
    found: Values = []
    for line in text.removesuffix("\r").split("\r"):
        # Before they were invented these segments are known to nobody but their reader.
        at = max(known, {"PRT": "2.7", "IPC": "2.5"}.get(line[:3], known))
        segment = parse_segment(line, version=at, encoding_chars=signs)
        fields = [f for f in segment.children if f.name not in ("MSH_1", "MSH_2")]
        raw = [leaf for field in fields for leaf in _ends_of(field, signs)]
        found.append((str(segment.name), [unescape(leaf) for leaf in raw if leaf]))
    return found


def _ends_of(element: Element, signs: dict[str, str]) -> Iterator[str]:
    children = list(getattr(element, "children", ()))
    if not children:
        yield element.to_er7(signs)
    for child in children:
        yield from _ends_of(child, signs)


# -- delimiter injection ---------------------------------------------------------------------

NASTY = [
    "X|Y^Z", "A&B", "A~B", "A\\B", "X\rORC|CA|", "X\nORC|CA|", "\x0b", "\x1c\rMSH|", "\x00",
    "\U0001f600", "\u202eDrow", "\u200fא", "\ud800", '""', "\\X0D\\", "\\F\\", "¥‾",
]  # fmt: skip
HOSTILE = st.one_of(
    st.sampled_from(NASTY),
    st.text(alphabet=st.sampled_from('|^~\\&#!@%*\r\n\x0b\x1c\x00aORCß山¥"'), max_size=12),
)


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
@pytest.mark.parametrize("separators", [None, ODD], ids=["usual", "odd"])
@pytest.mark.parametrize("charset", ["8859/1", "UNICODE UTF-8", "~ISO IR87", "ASCII"])
def test_no_name_makes_a_field_or_a_segment(
    charset: str,
    separators: Separators | None,
    identity: str,
    family: str,
    given_name: str,
    title: str,
) -> None:
    who = Interpreter("D" + identity, family, given_name, title)
    zra = Zra(who.id, family, given_name, title, "S", family, given_name, "2026")
    places = StandardPlaces(who, (Participation(title, family, Action.ADD, who, "2026"),))
    header = header_for(("ORM", "O01"), separators=separators, character_set=charset,
                        sending_application="A" + family)  # fmt: skip
    out = enrich(kept(VENDOR), zra, header, places)
    message = Message(out)
    assert [(part.name, len(part.fields)) for part in message.segments] == [
        ("MSH", 19), ("PID", 9), ("ORC", 6), ("OBR", 33), ("PRT", 12), ("OBX", 6), ("ZRD", 5),
        ("ZRA", 6),
    ]  # fmt: skip
    assert Framer().feed(frame(out)) == [Frame(out)]
    assert len(out.split(b"\r")) == 9
    if charset == "UNICODE UTF-8":
        kept_family = family.replace("\x00", "").replace("\ud800", "?")
        assert message.get("OBR-32.1.2") == kept_family
        assert message.get("PRT-5.2") == kept_family
        found = parse_zra(out)
        assert found is not None
        assert found.family == kept_family

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from apps.hl7v2.facts import (
    Candidate,
    EntityId,
    Flag,
    RawFacts,
    first_known,
    is_status_event,
    read_group,
)
from apps.hl7v2.groups import split_groups
from apps.hl7v2.mapping import compile_mapping
from apps.hl7v2.message import Message
from apps.hl7v2.people import PatientFacts, PatientId, Provider
from apps.hl7v2.places import DEFAULT_FACTS, PROCEDURE, FactMap, PlaceProblem, check_facts
from apps.hl7v2.rawfacts import ProcedureCode
from apps.hl7v2.urgency import UrgencyReading
from apps.hl7v2.vocabulary import resolve_modality
from tests.hl7v2.samples import VENDOR, groups, order, segment

BRISBANE = ZoneInfo("Australia/Brisbane")


def read(
    raw: bytes, facts: FactMap | None = None, words: dict[str, dict[str, object]] | None = None
) -> RawFacts:
    message = Message(raw)
    [group] = split_groups(message)
    return read_group(message, group, zone=BRISBANE, mapping=compile_mapping(facts, words))


def test_vendor_message_gives_every_fact_of_the_table() -> None:
    facts = read(VENDOR)
    assert facts == RawFacts(
        candidates={
            "control_code": (),
            "order_status": (),
            "result_status": (),
            "site": (Candidate("ZRD-2.1", "Robina"), Candidate("MSH-4.1", "Robina")),
            "accession": (
                Candidate("OBR-3.1", "ACCESSION_456"),
                Candidate("OBR-2.1", "STUDY_ID_123"),
            ),
            "study_uid": (),
            "procedure_code": (Candidate("OBR-4.1", "MRI MSK"),),
            "procedure_text": (Candidate("OBR-4.2", "MRI MUSCULOSKELETAL"),),
            "procedure_system": (),
            "modality": (
                Candidate("ZRD-3.1", "MRI"),
                Candidate(PROCEDURE, ""),
                Candidate("OBR-4.1[word 1]", "MRI"),
            ),
            "body_part": (
                Candidate(PROCEDURE, ""),
                Candidate("OBR-10.4.1", "MSK"),
                Candidate("OBR-4.1[word 2]", "MSK"),
            ),
            "urgency": (Candidate("ZRD-4.1", "STAT"),),
            "exam_at": (Candidate("OBR-7.1", "20260204120000"),),
            "scheduled_at": (),
            "ordered_at": (),
            "sent_at": (Candidate("MSH-7.1", "20260204120530"),),
            "patient_class": (),
            "visit_number": (),
        },
        control_code="NW",
        order_status="",
        result_status="",
        placer=EntityId("STUDY_ID_123"),
        filler=EntityId("ACCESSION_456"),
        accessions=(
            Candidate("OBR-3.1", "ACCESSION_456"),
            Candidate("OBR-2.1", "STUDY_ID_123"),
        ),
        study_uid="",
        procedure_code="MRI MSK",
        procedure_text="MRI MUSCULOSKELETAL",
        procedure_system="",
        urgency=UrgencyReading("STAT"),
        indication="Patient with knee pain",
        exam_at=datetime(2026, 2, 4, 2, 0, tzinfo=UTC),
        scheduled_at=None,
        ordered_at=None,
        sent_at=datetime(2026, 2, 4, 2, 5, 30, tzinfo=UTC),
        ordering_provider=Provider(),
        provider_contact="",
        patient=PatientFacts(
            ids=(PatientId("MRN123", "Robina"),),
            family="Doe",
            given="John",
            birth_on=date(1980, 1, 15),
            sex="M",
        ),
        patient_class="",
        patient_location="",
        visit_number="",
        is_status_event=False,
        flags=(),
        procedures=(ProcedureCode("MRI MSK"),),
    )
    assert facts.accession == "ACCESSION_456"


def test_places_are_tried_in_the_tables_order() -> None:
    facts = read(
        order(
            "ORC|NW|P-1^OE^1.2|F-1",
            segment("OBR", {2: "P-9", 3: "F-9", 4: "CT HEAD^CT HEAD", 18: "A-18", 24: "CT"}),
            "IPC|A-1^X||1.2.3||MR",
            "ZRD|1|Site|US|R|NECK",
            "ZDS|9.9.9",
        )
    )
    assert facts.placer == EntityId("P-1", "OE", "1.2")
    assert facts.filler == EntityId("F-9")
    assert facts.study_uid == "1.2.3"
    assert [value for _, value in facts.accessions] == ["A-1", "A-18", "F-9", "F-1", "P-9", "P-1"]
    modalities = ["US", "", "CT", "MR", "CT", "A-18"]
    assert [value for _, value in facts.candidates["modality"]] == modalities
    assert [value for _, value in facts.candidates["body_part"]] == ["NECK", "", "HEAD"]


def test_sender_mapping_replaces_only_the_facts_it_names() -> None:
    raw = order(
        "ORC|NW|P-1",
        "OBR|1|P-1|A-1|X^Y",
        "OBX|1|CE|MODALITE^x||MR^IRM^DCM",
        "OBX|2|CE|REGION||774007^head^SCT",
    )
    facts = read(
        raw,
        {
            "modality": ["OBX-5.1[code MODALITE]"],
            "body_part": ["OBX-5.2[code OTHER REGION]"],
            "accession": ["ORC-2.1", "OBR-3.1"],
        },
    )
    assert facts.candidates["modality"] == (Candidate("OBX-5.1[code MODALITE]", "MR"),)
    assert facts.candidates["body_part"] == (Candidate("OBX-5.2[code OTHER REGION]", "head"),)
    assert facts.accession == "P-1"
    assert facts.procedure_code == "X"
    assert read(raw, {"modality": ["OBX-5.1[code NONE]"]}).candidates["modality"] == ()


def test_first_known_skips_what_the_catalogue_does_not_know() -> None:
    candidates = (
        Candidate("ZRD-3.1", "RADIOLOGY"),
        Candidate(PROCEDURE, ""),
        Candidate("OBR-24.1", "MRI"),
    )
    assert first_known(candidates, resolve_modality) == ("OBR-24.1", "MR")
    assert first_known(candidates, resolve_modality, "CT") == (PROCEDURE, "CT")
    assert first_known(candidates[:1], resolve_modality) is None


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        ([], UrgencyReading(None)),
        (["OBR|1||||"], UrgencyReading(None)),
        (["TQ1|1||||||||S^Stat"], UrgencyReading("STAT")),
        (["OBR|1||||st"], UrgencyReading("STAT")),
        (["OBR|1||||A"], UrgencyReading("URGENT")),
        (["OBR|1||||P"], UrgencyReading("URGENT")),
        (["OBR|1||||T"], UrgencyReading("URGENT")),
        (["OBR|1||||U"], UrgencyReading("URGENT")),
        (["OBR|1||||D"], UrgencyReading("ROUTINE")),
        (["OBR|1||||R"], UrgencyReading("ROUTINE")),
        (["OBR|1||||STATISTICS"], UrgencyReading("ROUTINE", "STATISTICS")),
        (["TQ1|1||||||||High", "OBR|1||||S"], UrgencyReading("STAT", "High")),
        (["ZRD|1|||URGENT", "OBR|1||||S"], UrgencyReading("URGENT")),
        (['ZRD|1|||""', "OBR|1||||S"], UrgencyReading("STAT")),
    ],
)
def test_urgency_is_the_first_known_word_and_never_silently_stat(
    segments: list[str], expected: UrgencyReading
) -> None:
    facts = read(order("ORC|NW|P-1", *segments))
    assert facts.urgency == expected
    assert ("unknown_urgency" in [flag.code for flag in facts.flags]) is bool(expected.unknown)


def test_senders_own_urgency_words_go_first() -> None:
    raw = order("ORC|NW|P-1", "OBR|1||||H")
    assert read(raw, words={"urgency": {"h": "STAT"}}).urgency == UrgencyReading("STAT")
    assert read(raw, words={"urgency": {"X": "STAT"}}).urgency == UrgencyReading("ROUTINE", "H")


def test_indication_is_the_text_of_its_obx_one_a_line() -> None:
    facts = read(
        order(
            "ORC|NW|P-1",
            segment("OBR", {1: "1", 13: "not this"}),
            r"OBX|1|TX|A||knee pain\.br\since May~left ^ side",
            "OBX|2|NM|B||37.5",
            "OBX|3|CE|C||M25.5^Pain in joint^I10",
            "OBX|4|CWE|D||CODE",
            'OBX|5|ST|E||""',
            "OBX|6|FT|F||",
        )
    )
    assert facts.indication == (
        "knee pain\nsince May\nleft ^ side\nPain in joint\nCODE"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("obr", "expected"),
    [
        ({13: "relevant info", 31: "R51^Headache"}, "relevant info"),
        ({31: "R51^Headache~R52"}, "Headache\nR52"),
        ({1: "1"}, ""),
    ],
)
def test_indication_falls_back_to_obr(obr: dict[int, str], expected: str) -> None:
    assert read(order("ORC|NW|P-1", segment("OBR", obr))).indication == expected


def test_indication_may_be_mapped_to_one_component() -> None:
    raw = order("ORC|NW|P-1", segment("OBR", {31: "R51^Headache"}))
    assert read(raw, {"indication": ["OBR-31.1"]}).indication == "R51"


def test_indication_ends_at_four_kilobytes_on_a_whole_character() -> None:
    lines = [f"OBX|{n}|TX|A||{'ü' * 999}" for n in range(10)]
    indication = read(order("ORC|NW|P-1", "OBR|1", *lines)).indication
    assert len(indication.encode()) == 4096 - (4096 - 4) % 2
    assert set(indication) == {"ü", "\n"}


@pytest.mark.parametrize(
    ("control", "expected", "flags"),
    [
        ("NW", "NW", ()),
        ("xo", "XO", ()),
        ("", "NW", ()),
        ('""', "NW", ()),
        ("??", "NW", (Flag("unknown_control_code", "ORC-1"),)),
    ],
)
def test_control_code_that_is_missing_or_unknown_is_nw(
    control: str, expected: str, flags: tuple[Flag, ...]
) -> None:
    facts = read(order(f"ORC|{control}|P-1||| ip", segment("OBR", {25: "p"})))
    assert (facts.control_code, facts.order_status, facts.result_status) == (expected, "IP", "P")
    assert facts.flags == flags


def test_malformed_times_are_missing_and_flagged() -> None:
    facts = read(
        order(
            segment("ORC", {1: "NW", 2: "P-1", 9: "20261399"}),
            segment("OBR", {7: "soon", 36: "202603100930+0000"}),
        ).replace(b"19800115", b"0000")
    )
    assert (facts.exam_at, facts.ordered_at) == (None, None)
    assert facts.scheduled_at == datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
    assert facts.patient.birth_on is None
    assert facts.flags == (
        Flag("bad_time", "PID-7"),
        Flag("bad_time", "OBR-7.1"),
        Flag("bad_time", "ORC-9.1"),
    )


def test_flags_of_the_message_are_handed_on() -> None:
    raw = VENDOR.replace(b"Doe", b"D\xf6e\x00")
    assert read(raw).flags == (Flag("charset", "MSH-18"), Flag("nul", ""))


def test_people_and_visit_are_read() -> None:
    facts = read(
        order(
            "PV1|1|E|ED^^7^SITE&1.2" + "|" * 16 + "V-1^^^SITE",
            segment("ORC", {1: "NW", 2: "P-1", 12: "7^Okafor^Ngozi", 14: "07 5555"}),
            segment("OBR", {16: "8^Other", 17: "99"}),
        )
    )
    assert facts.ordering_provider == Provider("7", "Okafor", "Ngozi")
    assert facts.provider_contact == "07 5555"
    assert (facts.patient_class, facts.patient_location, facts.visit_number) == (
        "E", "ED 7 SITE", "V-1",
    )  # fmt: skip


def test_null_provider_falls_back_to_the_next_place() -> None:
    facts = read(
        order(segment("ORC", {1: "NW", 2: "P-1", 12: '""'}), segment("OBR", {16: "8^Other"}))
    )
    assert facts.ordering_provider == Provider("8", "Other")


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        (["ORC|SC|P-1", "OBR|1"], True),
        (["ORC|sn|P-1", "OBR|1"], True),
        (["OBR|1|P-1", "OBX|1|ST|STATUS||REVIEWED"], True),
        (["OBR|1|P-1", "OBX|1|ST|reviewed^x||Y"], True),
        (["OBR|1|P-1", "OBX|1|ST|STATUS||prior was REVIEWED by"], False),
        (["OBR|1|P-1", "NTE|1||REVIEWED"], False),
        (["ORC|NW|P-1", "OBR|1"], False),
    ],
)
def test_status_events_are_told_from_orders(segments: list[str], expected: bool) -> None:
    raw = order(*segments)
    [group] = groups(raw)
    assert is_status_event(group) is expected
    assert read(raw).is_status_event is expected


def test_order_without_any_number_has_no_accession() -> None:
    facts = read(order("ORC|NW", "OBR|1"))
    assert (facts.accession, facts.placer) == ("", EntityId())


def test_default_mapping_is_sound() -> None:
    assert check_facts(DEFAULT_FACTS) == []


@pytest.mark.parametrize(
    ("fact", "place", "reason"),
    [
        ("modality", "OBR", "'OBR' is not a place such as OBR-4.2 or PID-3(2).1"),
        ("modality", "OBR-4[", "'OBR-4[' is not a place such as OBR-4.1[word 2]"),
        ("modality", "OBR-4.1[word x]", "'OBR-4.1[word x]': [word N] needs one number from 1"),
        ("modality", "OBR-4.1[word 0]", "'OBR-4.1[word 0]': [word N] needs one number from 1"),
        ("modality", "OBR-4.1[word 1 2]", "'OBR-4.1[word 1 2]': [word N] needs one number from 1"),
        ("modality", "OBR-4[type TX]", "'OBR-4[type TX]': [type ...] is for OBX only"),
        ("body_part", "NTE-4[code X]", "'NTE-4[code X]': [code ...] is for OBX only"),
    ],
)
def test_mapping_problems_name_fact_place_and_cause(fact: str, place: str, reason: str) -> None:
    assert check_facts({fact: [PROCEDURE, place]}) == [PlaceProblem(fact, place, reason)]


def test_unknown_fact_is_a_problem() -> None:
    assert check_facts({"colour": ["OBR-4"]}) == [
        PlaceProblem("colour", "", "'colour' is not a fact that is read")
    ]


def test_pattern_takes_its_group_and_a_fixed_value_stands_last() -> None:
    raw = order(segment("OBR", {2: "P1", 4: "RAD-CT-17^CT of the head, urgent"}))
    mapping = {
        "modality": ["OBR-4.1[match ^RAD-([A-Z]{2})-]"],
        "body_part": ["OBR-4.2[match of the (\\w+)]"],
        "urgency": ["OBR-4.2[match urgent|stat]", "=ROUTINE"],
        "site": ["ZZZ-1", "=Robina"],
    }

    facts = read(raw, mapping)

    assert facts.candidates["modality"] == (Candidate("OBR-4.1[match ^RAD-([A-Z]{2})-]", "CT"),)
    assert facts.candidates["body_part"][0].value == "head"
    assert facts.urgency == UrgencyReading("URGENT")
    assert facts.candidates["site"] == (Candidate("=Robina", "Robina"),)


def test_numbers_and_patient_are_found_where_the_mapping_says() -> None:
    raw = order(
        segment("OBR", {2: "P1^NS", 4: "X"}),
        "ZAO|1||A-77^ns|12345^^^HOSP^MR|Doe^Jane",
    )
    mapping = {
        "accession": ["ZAO-3.1"],
        "filler": ["ZAO-3"],
        "placer": ["OBR-2.1"],
        "patient_id": ["ZAO-4"],
        "patient_name": ["ZAO-5"],
    }

    facts = read(raw, mapping)

    assert facts.accession == "A-77"
    assert (facts.filler.value, facts.filler.namespace) == ("A-77", "ns")
    assert (facts.placer.value, facts.placer.namespace) == ("P1", "")
    assert facts.patient.mrn == PatientId("12345", "HOSP", "MR")
    assert (facts.patient.family, facts.patient.given) == ("Doe", "Jane")


@pytest.mark.parametrize(
    ("fact", "place", "reason"),
    [
        ("modality", "=", "'=': a fixed value is written =CT"),
        ("site", "OBR-4.1[match (]", "'OBR-4.1[match (]': a '(' without its ')', at character 2"),
        ("site", "OBR-4.1[match (a+)+]", "an endless repeat inside an endless repeat"),
        ("patient_id", "PID-3[word 1]", "'PID-3[word 1]': patient_id is read from a whole field"),
        ("patient_id", "PID-3.9", "'PID-3.9': patient_id is read from a whole field"),
        ("patient_name", "PID-5(2).1", "patient_name is read from a whole field"),
        ("site", "@procedure", "@procedure is for body_part and modality only"),
    ],
)
def test_places_that_cannot_be_read_are_refused_with_their_cause(
    fact: str, place: str, reason: str
) -> None:
    [problem] = check_facts({fact: [place]})

    assert (problem.fact, problem.place) == (fact, place)
    assert reason in problem.reason


@pytest.mark.parametrize(
    ("obr_18", "accessions"),
    [
        ("MR^20061213-0007", [("OBR-18.2", "20061213-0007"), ("OBR-2.1", "P-1")]),
        ("CR^Computed Radiography", [("OBR-2.1", "P-1")]),
        ("ultrasound", [("OBR-2.1", "P-1")]),
        ("CT-77", [("OBR-18.1", "CT-77"), ("OBR-2.1", "P-1")]),
    ],
)
def test_modality_beside_or_in_place_of_the_accession_is_none(
    obr_18: str, accessions: list[tuple[str, str]]
) -> None:
    facts = read(order(segment("OBR", {2: "P-1", 18: obr_18})))

    assert list(facts.accessions) == [Candidate(*found) for found in accessions]

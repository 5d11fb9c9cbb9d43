from __future__ import annotations

from datetime import date

import pytest

from apps.hl7v2.message import Message, Repetition
from apps.hl7v2.people import (
    Merge,
    PatientFacts,
    PatientId,
    Provider,
    read_contact,
    read_merges,
    read_patient,
    read_provider,
)

MSH = "MSH|^~\\&|ADT|SITE|||2026||ADT^A40|1|P|2.4\r"


def patient(pid: str) -> PatientFacts:
    return read_patient(Message(f"{MSH}{pid}\r".encode()).first("PID"))


def repetition(text: str) -> Repetition:
    [found] = Message(f"{MSH}ORC|{text}\r".encode()).segments[1].repetitions(1)
    return found


def test_every_identifier_is_kept_with_its_authority() -> None:
    facts = patient(
        'PID|1|OLD|1^^^A&1.2&ISO^PI~2^^^&1.3&ISO^MR~""~1^^^A&1.2&ISO^PI~3^^^""||'
        "van Doe&van&Doe^Jane^Q^^Dr||19800115|f"
    )
    assert facts == PatientFacts(
        ids=(PatientId("1", "A", "PI"), PatientId("2", "1.3", "MR"), PatientId("3")),
        family="van Doe",
        given="Jane",
        middle="Q",
        birth_on=date(1980, 1, 15),
        sex="F",
    )
    assert (facts.mrn, facts.name) == (PatientId("2", "1.3", "MR"), "van Doe, Jane Q")


@pytest.mark.parametrize(
    ("pid", "mrn"),
    [
        ("PID|1||1^^^A^SS~2^^^A", PatientId("2", "A")),
        ("PID|1||1^^^A^SS~2^^^A^XX", PatientId("1", "A", "SS")),
        ("PID|1|7^^^A", PatientId("7", "A")),
        ("PID|1", None),
    ],
)
def test_medical_record_number_is_the_likeliest_identifier(
    pid: str, mrn: PatientId | None
) -> None:
    assert patient(pid).mrn == mrn


@pytest.mark.parametrize(
    ("birth", "birth_on", "is_bad"),
    [
        ("19800115", date(1980, 1, 15), False),
        ("198001151030+1000", date(1980, 1, 15), False),
        ("1980", None, False),
        ("198001", None, False),
        ("", None, False),
        ('""', None, False),
        ("19801399", None, True),
        ("15/01/1980", None, True),
        ("0000", None, True),
    ],
)
def test_birth_date_needs_a_day(birth: str, birth_on: date | None, is_bad: bool) -> None:
    facts = patient(f"PID|1||1||||{birth}")
    assert (facts.birth_on, facts.is_birth_date_bad) == (birth_on, is_bad)


def test_nulls_are_no_names_and_no_pid_is_no_patient() -> None:
    assert patient('PID|1||1||""^""||""|""') == PatientFacts(ids=(PatientId("1"),))
    assert read_patient(None) == PatientFacts()
    assert PatientFacts().mrn is None


@pytest.mark.parametrize(
    ("text", "provider", "name"),
    [
        (
            "7^Okafor&van^Ngozi^^^Dr^^^NPI&1.2",
            Provider("7", "Okafor", "Ngozi", "NPI"),
            "Okafor, Ngozi",
        ),
        ("7", Provider("7"), ""),
        ("^Okafor", Provider("", "Okafor"), "Okafor"),
    ],
)
def test_provider_is_read(text: str, provider: Provider, name: str) -> None:
    assert read_provider(repetition(text)) == provider
    assert provider.name == name
    assert read_provider(None) == Provider()


@pytest.mark.parametrize(
    ("text", "contact"),
    [
        ("(07)5555-0101", "(07)5555-0101"),
        ("^^^x@example.org", "x@example.org"),
        ("^WPN^PH^^61^7^55550101", "61-7-55550101"),
        ("^^^^^^^^^^^+61755550101", "+61755550101"),
    ],
)
def test_contact_is_read_however_it_is_written(text: str, contact: str) -> None:
    assert read_contact(repetition(text)) == contact
    assert read_contact(None) == ""


def test_merges_are_pairs_in_order_and_a_lone_mrg_is_none() -> None:
    message = Message(
        (MSH + "MRG|9\rPID|1||1^^^A\rMRG|2^^^A~3^^^A\rPV1|1\rPID|2||4^^^A\rMRG||||5\r").encode()
    )
    assert read_merges(message) == [
        Merge(
            PatientFacts(ids=(PatientId("1", "A"),)), (PatientId("2", "A"), PatientId("3", "A"))
        ),
        Merge(PatientFacts(ids=(PatientId("4", "A"),)), (PatientId("5"),)),
    ]

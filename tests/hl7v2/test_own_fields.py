"""Fields that a sender's mapping adds: where they may be read from, and what they come to."""

from __future__ import annotations

from datetime import UTC

import pytest

from apps.hl7v2.facts import read_group
from apps.hl7v2.groups import split_groups
from apps.hl7v2.mapping import compile_mapping, default_mapping
from apps.hl7v2.message import Message
from apps.hl7v2.places import DEFAULT_FACTS, MAX_OWN, PlaceProblem, check_facts, is_own

LINES = (
    r"MSH|^~\&|RIS|North|RAD|RAD|20261122100000||ORM^O01|1|P|2.5.1",
    "PID|1||M1^^^North||Doe^Jane||||W^White",
    "PV1|1|O|OPD^^^North|||||||ONC",
    "ORC|NW|P1",
    'OBR|1|P1||Q9^MRI knee|||20261122100000|||""',
    "OBX|1|CE|CONTRAST||Gd 7.5 ml",
    "ZRD|1|North|MR|R||Bay 3^left",
)
ORDER = Message("".join(f"{line}\r" for line in LINES).encode())


def own(**places: list[str]) -> dict[str, str]:
    mapping = compile_mapping({f"own.{name}": listed for name, listed in places.items()})
    [group] = split_groups(ORDER)
    return read_group(ORDER, group, zone=UTC, mapping=mapping).own


def test_each_is_read_from_the_first_filled_place_as_any_fact_is() -> None:
    assert own(
        room=["ZRD-6.1"],
        side=["OBR-44.9", "ZRD-6.2"],
        contrast=["OBX-5[code CONTRAST]"],
        dose=["OBX-5[match ([0-9.]+) ml]"],
        service=["PV1-10"],
        kind=["=outside"],
        nothing=["OBR-31"],
        null=["OBR-10"],
    ) == {
        "contrast": "Gd 7.5 ml",
        "dose": "7.5",
        "kind": "outside",
        "room": "Bay 3",
        "service": "ONC",
        "side": "left",
    }


def test_what_has_no_place_is_not_there_and_the_other_facts_stay_as_they_were() -> None:
    mapping = compile_mapping({"own.room": []})

    assert mapping == default_mapping()
    assert compile_mapping({"own.room": ["ZRD-6"]}).places.keys() - set(DEFAULT_FACTS) == {
        "own.room"
    }


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        ("own.room", True),
        ("own.a1_b", True),
        ("own." + "x" * 32, True),
        ("own." + "x" * 33, False),
        ("own.", False),
        ("own.Room", False),
        ("own.1st", False),
        ("own.a b", False),
        ("own.a\n", False),
        ("own.a.b", False),
        ("room", False),
        ("modality", False),
    ],
)
def test_a_name_is_small_letters_digits_and_underscores(fact: str, expected: bool) -> None:
    assert is_own(fact) is expected
    problems = check_facts({fact: ["ZRD-6"]})
    known = expected or fact in DEFAULT_FACTS
    assert problems == (
        [] if known else [PlaceProblem(fact, "", f"{fact!r} is not a fact that is read")]
    )


@pytest.mark.parametrize(
    "place",
    ["PID-3", "PID-5.1", "PID-5.1[word 1]", "PID-7[match ^(19)]", "PID-11.5", "NK1-2", "IN1-16"],
)
def test_what_names_the_patient_is_no_field_of_its_own(place: str) -> None:
    assert check_facts({"own.x": [place]}) == [
        PlaceProblem("own.x", place, f"{place!r}: what names the patient is no field of its own")
    ]


@pytest.mark.parametrize("place", ["PID-8", "PID-10.1", "PID-15", "PV1-3.1", "OBX-5[type TX]"])
def test_what_does_not_name_them_may_be_read(place: str) -> None:
    assert check_facts({"own.x": [place]}) == []


def test_the_procedure_table_says_nothing_of_them() -> None:
    [problem] = check_facts({"own.x": ["@procedure"]})

    assert problem.reason == "@procedure is for body_part and modality only"


def test_their_number_is_bounded() -> None:
    many = {f"own.f{number}": ["ZRD-6"] for number in range(MAX_OWN + 1)}

    assert [problem.reason for problem in check_facts(many)] == ["at most 20 fields of its own"]
    many.pop("own.f0")
    assert check_facts(many) == []

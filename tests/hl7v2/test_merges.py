"""Which numbers of a merge message belong together, and the answers to a late refusal."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.hl7v2.errors import ErrorCode, FieldError
from apps.hl7v2.late import (
    build_answers_after_refusal,
    codes_after_refusal,
    wants_application_answer,
)
from apps.hl7v2.merges import circular_merge, read_number_pairs, self_merge
from apps.hl7v2.message import Message
from apps.hl7v2.peek import glance

AT = datetime(2026, 2, 4, 12, 0, tzinfo=UTC)
MSH = r"MSH|^~\&|HIS|Robina|RAD|RAD|20260204||ADT^A40|7|P|2.5.1"


def a40(*segments: str) -> Message:
    return Message("\r".join((MSH, *segments, "")).encode())


def pairs(*segments: str) -> list[tuple[str, str, str, str, int]]:
    """Return authority and number of each survivor and prior, and the place."""
    found = read_number_pairs(a40(*segments), issuer="Robina")
    return [
        (
            *(pair.survivor.authority, pair.survivor.value),
            *(pair.prior.authority, pair.prior.value, pair.place),
        )
        for pair in found.pairs
    ]


@pytest.mark.parametrize(
    ("kept", "dead", "expected"),
    [
        ("2", "1", ("Robina", "2", "Robina", "1")),
        ("2^^^H", "1^^^H", ("H", "2", "H", "1")),
        ("2^^^H", "1", ("H", "2", "H", "1")),
        ("2", "1^^^Robina", ("Robina", "2", "Robina", "1")),
        ("2^^^H&1.2&ISO", "1^^^&1.2&ISO", ("H", "2", "H", "1")),
        ("2^^^&1.2&ISO", "1^^^H&1.2&ISO", ("H", "2", "H", "1")),
        ("2^^^&1.2&ISO", "1^^^&1.2&ISO", ("1.2", "2", "1.2", "1")),
        ("2^^^H&1.2&ISO", "1^^^G&1.2&ISO", ("H", "2", "G", "1")),
        ("9^^^H^PI~2^^^H^MR", "1^^^H^MR", ("H", "2", "H", "1")),
        ("2^^^H^mr", "1^^^H^MR", ("H", "2", "H", "1")),
        ("2^^^H^MR", "1^^^H", ("H", "2", "H", "1")),
    ],
)
def test_numbers_of_one_authority_and_type_are_a_pair(
    kept: str, dead: str, expected: tuple[str, ...]
) -> None:
    assert pairs(f"PID|1||{kept}", f"MRG|{dead}") == [(*expected, 1)]


@pytest.mark.parametrize(
    ("kept", "dead"), [("2^^^H", "1^^^G"), ("2^^^H^MR", "1^^^H^VN"), ("2", "1^^^H")]
)
def test_numbers_of_no_common_kind_are_strangers_at_their_place(kept: str, dead: str) -> None:
    found = read_number_pairs(
        a40("PID|1||8", "MRG|7", f"PID|2||{kept}", f"MRG|{dead}"), issuer="Robina"
    )
    assert found.strangers == (2,)
    assert not found.has_left_over


def test_accounts_and_visits_are_no_patients_beside_record_numbers() -> None:
    assert pairs("PID|1||2^^^H^MR~5^^^H^VN", "MRG|1^^^H^MR~4^^^H^VN") == [("H", "2", "H", "1", 1)]


def test_a_number_of_another_kind_is_merged_where_it_is_the_only_one() -> None:
    assert pairs("PID|1||2^^^NHI^NI", "MRG|1^^^NHI^NI") == [("NHI", "2", "NHI", "1", 1)]


def test_a_number_without_its_like_beside_one_that_has_it_is_left_over() -> None:
    found = read_number_pairs(a40("PID|1||2^^^H", "MRG|1^^^H~9^^^G"), issuer="Robina")
    assert (len(found.pairs), found.strangers, found.has_left_over) == (1, (), True)


@pytest.mark.parametrize(
    "segments", [("PID|1||2",), ("MRG|1",), ("PID|1||2", "MRG|"), ("PID|1", "MRG|1")]
)
def test_without_two_numbers_there_is_no_pair(segments: tuple[str, ...]) -> None:
    assert pairs(*segments) == []


def test_a_merge_into_itself_names_its_place_among_all_mrg() -> None:
    with pytest.raises(FieldError) as wrong:
        pairs("MRG|9", "PID|1||2", "MRG|1", "PID|2||3", "MRG|3")
    assert wrong.value == self_merge(3)
    assert str(wrong.value) == "MRG-1: merge 3: a patient cannot be merged into itself"
    assert wrong.value != circular_merge(3)
    assert wrong.value != self_merge(2)


@pytest.mark.parametrize(
    ("modes", "codes", "is_held"),
    [
        ("", ("AE",), True),
        ("|||AL|AL", ("CA", "AE"), True),
        ("|||AL|NE", ("CA",), False),
        ("|||AL|", ("CA",), False),
        ("|||NE|ER", ("AE",), True),
        ("|||NE|SU", (), True),
        ("|||ER|NE", (), False),
    ],
)
def test_after_a_late_refusal_storage_stays_accepted(
    modes: str, codes: tuple[str, ...], is_held: bool
) -> None:
    seen = glance(f"{MSH}{modes}\rPID|1||2\rMRG|1\r".encode())
    error = FieldError("MRG", 1, "no", ErrorCode.DUPLICATE_KEY, sequence=2)

    assert codes_after_refusal(seen) == codes
    assert wants_application_answer(seen) is is_held
    answers = build_answers_after_refusal(
        seen, control_id="17", at=AT, text="Message received", error=error
    )
    said = [answer.decode().split("\r") for answer in answers]
    assert [segments[1].split("|")[1:3] for segments in said] == [[code, "7"] for code in codes]
    assert [segments[0].split("|")[9] for segments in said] == ["17", "17A"][: len(codes)]
    refusals = [segments for segments in said if "AE" in segments[1]]
    assert all("ERR||MRG^2^1|205" in "|".join(segments) for segments in refusals)
    assert all("ERR" not in "".join(segments) for segments in said if segments not in refusals)

from __future__ import annotations

import pytest

from apps.hl7v2.masking import ShownField, shown_segments

SEGMENTS = (
    r"MSH|^~\&|PACS|Robina|ASSIGNMENT_ENGINE|ENTERPRISE|20260204120530||ORM^O01|||2.5.1",
    "PID|1||MRN123^^^Robina||Doe^John||19800115|M|||1 Street^^Town||0755551234",
    "OBR|1|STUDY_ID_123|ACCESSION_456|MRI MSK^MRI MUSCULOSKELETAL|||20260204120000",
    "OBX|1|TX|Indication^Clinical Indication||Patient John Doe with knee pain",
    "ZRD|1|Robina^Site Code|MRI^Modality|STAT^Urgency",
    "ZXX|Doe^John",
)
VENDOR = "\n".join(SEGMENTS)
PERSONAL = ("MRN123", "Doe", "John", "19800115", "Street", "0755551234", "knee pain")


def text_of(text: str, *, is_open: bool = False) -> str:
    return "\n".join(one.line for one in shown_segments(text, is_open=is_open))


def test_nothing_of_the_patient_is_shown_and_the_order_is() -> None:
    shown = text_of(VENDOR)

    assert [word for word in PERSONAL if word in shown] == []
    kept = ("ACCESSION_456", "MRI MSK^MRI MUSCULOSKELETAL", "STAT^Urgency", "ORM^O01", "Robina")
    assert [word for word in kept if word not in shown] == []


def test_shape_and_length_stay() -> None:
    shown = text_of(VENDOR)

    assert [line.count("|") for line in shown.split("\n")] == [
        line.count("|") for line in VENDOR.split("\n")
    ]
    assert len(shown) == len(VENDOR)


def test_opened_shows_every_byte() -> None:
    assert text_of(VENDOR, is_open=True) == VENDOR


def test_fields_are_named_by_their_place() -> None:
    segment = shown_segments("MSH|^~\\&|A\nPID|1||M1^^^X\n")[1]

    assert segment.fields == (
        ShownField("PID-1", "1", is_hidden=False),
        ShownField("PID-3", "••^^^•", is_hidden=True),
    )


@pytest.mark.parametrize(
    "text",
    [
        "MSH#@~\\&#HIS#ROBINA#A#B#20260101##ORM@O01#1#P#2.3\nPID#1##77@@@H##Doe@John",
        "Doe^John without any header",
        "MSH|^~\\&|A|B\nOBX|1|TX|X||first line\nof John Doe's text",
        "MSH",
        "PID|1||MRN9||Doe^John",
    ],
    ids=["other separators", "noise", "broken value", "cut header", "no header"],
)
def test_odd_messages_hide_people_too(text: str) -> None:
    shown = text_of(text)

    assert [word for word in ("Doe", "John", "77", "MRN9") if word in shown] == []

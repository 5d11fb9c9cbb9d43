"""Writes the simulated RIS's messages, each shape as a real sender writes it.

VENDOR knows no ORC and puts what matters into ZRD; ORM_24 fills ORC and OBR, with priority in
OBR-27.6; ORM_231_ZDS is IHE's RAD-4 with the study instance UID in ZDS; OMI_251 has TQ1 and IPC;
OMG_251 names its order by a placer number alone. Source: HL7 v2.5.1 4.4, 4.5; IHE RAD-4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from apps.hl7v2.escapes import escape
from apps.hl7v2.separators import DEFAULT_SEPARATORS
from apps.hl7v2.timestamps import format_ts
from apps.intake.tools.ris.studies import Shape, Study

_VERSIONS = {
    Shape.VENDOR: "2.5.1",
    Shape.ORM_24: "2.4",
    Shape.ORM_231_ZDS: "2.3.1",
    Shape.OMI_251: "2.5.1",
    Shape.OMG_251: "2.5.1",
}
_TYPES = {Shape.OMI_251: "OMI^O23^OMI_O23", Shape.OMG_251: "OMG^O19^OMG_O19"}
_PRIORITIES = {
    "STAT": ("S", "S^Stat^HL70485"),
    "URGENT": ("A", "A^ASAP^HL70485"),
    "ROUTINE": ("R", "R^Routine^HL70485"),
}
_VENDOR_WORDS = {"MR": "MRI", "DX": "XRAY", "CR": "XRAY"}


def order_message(studies: Sequence[Study], control: str, control_id: str, at: datetime) -> bytes:
    """Return an order message for studies of one patient in one shape.

    Args:
        studies: one, or several where the shape is ORM_24.
        control: ORC-1, such as NW, XO, CA, HD or RL; SC says that reading began.
        control_id: MSH-10.
        at: MSH-7 and ORC-9.
    """
    first = studies[0]
    segments = [*_header(first, _TYPES.get(first.shape, "ORM^O01"), control_id, at)]
    for place, study in enumerate(studies, start=1):
        segments += _GROUPS[study.shape](study, control, place, at)
    return _bytes(segments)


def result_message(study: Study, status: str, control_id: str, at: datetime) -> bytes:
    """Return an ORU^R01; ``status`` is OBR-25, P for preliminary or F for final."""
    obr = _obr(study, 1, {22: _time(at), 24: study.exam.modality, 25: status})
    words = "Preliminary report." if status == "P" else "Report."
    obx = _segment("OBX", {1: "1", 2: "TX", 3: "REPORT^Report", 5: words, 11: status})
    return _bytes([*_header(study, "ORU^R01", control_id, at), obr, obx])


def _bytes(segments: list[str]) -> bytes:
    return b"".join(segment.encode("ascii", "replace") + b"\r" for segment in segments)


def _header(study: Study, kind: str, control_id: str, at: datetime) -> list[str]:
    patient = study.patient
    name = f"{_text(patient.family)}^{_text(patient.given)}"
    who = {1: "1", 3: f"{patient.mrn}^^^{_text(study.facility)}", 5: name, 8: patient.sex}
    sent = _time(at)
    version = _VERSIONS[study.shape]
    # MSH-1 is the separator itself: the numbers here are one lower than the fields'.
    msh = {
        1: "^~\\&",
        2: study.shape.value,
        3: _text(study.facility),
        4: "ASSIGNMENT_ENGINE",
        5: "ENTERPRISE",
        6: sent,
        8: kind,
        9: control_id,
        10: "P",
        11: version,
    }
    segments = [
        _segment("MSH", msh),
        _segment("PID", who | {7: f"{patient.born:%Y%m%d}"}),
    ]
    if study.shape is not Shape.VENDOR:
        segments.append(_segment("PV1", {1: "1", 2: study.patient_class}))
    return segments


def _orc(study: Study, control: str, at: datetime) -> str:
    is_reading = control == "SC"
    fields = {1: control, 2: study.placer, 3: study.filler, 5: "IP" if is_reading else ""}
    return _segment("ORC", fields | {9: _time(at)})


def _obr(study: Study, place: int, more: Mapping[int, str]) -> str:
    code = f"{_text(study.exam.code)}^{_text(study.exam.text)}"
    numbers = {1: str(place), 2: study.placer, 3: study.filler, 4: code, 18: study.accession}
    return _segment("OBR", numbers | dict(more))


def _vendor(study: Study, control: str, place: int, at: datetime) -> list[str]:
    words = _VENDOR_WORDS.get(study.exam.modality, study.exam.modality)
    # A new order comes without ORC, as the vendor's do; anything else must say what it is.
    orc = [] if control == "NW" else [_orc(study, control, at)]
    return [
        *orc,
        _obr(study, place, {7: _time(at)}),
        _segment(
            "OBX",
            {1: "1", 2: "TX", 3: "Indication^Clinical Indication", 5: _text(study.reason)},
        ),
        _segment(
            "ZRD",
            {
                1: "1",
                2: f"{_text(study.facility)}^Site Code",
                3: f"{words}^Modality",
                4: f"{study.urgency}^Urgency",
            },
        ),
    ]


def _orm_24(study: Study, control: str, place: int, at: datetime) -> list[str]:
    letter, _ = _PRIORITIES[study.urgency]
    more = {7: _time(at), 24: study.exam.modality, 27: f"1^^^^^{letter}", 31: _text(study.reason)}
    return [_orc(study, control, at), _obr(study, place, more)]


def _orm_231(study: Study, control: str, place: int, at: datetime) -> list[str]:
    letter, _ = _PRIORITIES[study.urgency]
    more = {5: letter, 13: _text(study.reason), 24: study.exam.modality, 36: _time(at)}
    zds = _segment("ZDS", {1: f"{study.study_uid}^RIS^Application^DICOM"})
    return [_orc(study, control, at), _obr(study, place, more), zds]


def _omi(study: Study, control: str, place: int, at: datetime) -> list[str]:
    _, priority = _PRIORITIES[study.urgency]
    code = f"{_text(study.exam.code)}^{_text(study.exam.text)}"
    ipc = {1: study.accession, 2: f"{study.number}R", 3: study.study_uid, 4: f"{study.number}S"}
    return [
        _orc(study, control, at),
        _segment("TQ1", {1: "1", 7: _time(at), 9: priority}),
        _obr(study, place, {31: _text(study.reason)}),
        _segment("IPC", ipc | {5: study.exam.modality, 6: code}),
    ]


def _omg(study: Study, control: str, place: int, at: datetime) -> list[str]:
    _, priority = _PRIORITIES[study.urgency]
    return [
        _orc(study, control, at),
        _segment("TQ1", {1: "1", 7: _time(at), 9: priority}),
        _obr(study, place, {24: study.exam.modality, 31: _text(study.reason)}),
    ]


_GROUPS: Mapping[Shape, Callable[[Study, str, int, datetime], list[str]]] = {
    Shape.VENDOR: _vendor,
    Shape.ORM_24: _orm_24,
    Shape.ORM_231_ZDS: _orm_231,
    Shape.OMI_251: _omi,
    Shape.OMG_251: _omg,
}


def _segment(name: str, fields: Mapping[int, str]) -> str:
    last = max((number for number, value in fields.items() if value), default=0)
    return "|".join([name, *(fields.get(number, "") for number in range(1, last + 1))])


def _text(value: str) -> str:
    return escape(value, DEFAULT_SEPARATORS)


def _time(at: datetime) -> str:
    return format_ts(at, UTC, with_offset=True)

"""What a code most likely means, from its words: nearest procedure, a new one, or none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from apps.intake.queries.guess import LIKELY, Entry, Guess, Table
from apps.intake.queries.likeness import read_likeness

_ROWS = [
    (1, "CT HEAD", "CT HEAD WITHOUT CONTRAST", "CT", "HEAD"),
    (2, "CT HEAD C+", "CT HEAD WITH CONTRAST", "CT", "HEAD"),
    (3, "CTA HEAD NECK", "CT ANGIOGRAM HEAD AND NECK", "CT", "HEAD"),
    (4, "CT AP", "CT ABDOMEN AND PELVIS", "CT", "ABDOMEN"),
    (5, "CT CHEST", "CT CHEST", "CT", "CHEST"),
    (6, "CTPA", "CT PULMONARY ANGIOGRAM", "CT", "CHEST"),
    (7, "MRI BRAIN", "MRI BRAIN", "MR", "BRAIN"),
    (8, "XR CHEST", "X-RAY CHEST", "CR", "CHEST"),
    (9, "MG SCREENING", "MAMMOGRAM SCREENING", "MG", "BREAST"),
    (10, "MG DIAGNOSTIC", "MAMMOGRAM DIAGNOSTIC", "MG", "BREAST"),
    (11, "US ABDOMEN", "ULTRASOUND ABDOMEN", "US", "ABDOMEN"),
    (12, "MRI LSPINE", "MRI LUMBAR SPINE", "MR", "LSPINE"),
    (13, "XR KNEE L", "X-RAY KNEE LEFT", "DX", "KNEE"),
    (14, "XR KNEE R", "X-RAY KNEE RIGHT", "DX", "KNEE"),
    (15, "ODD", "WARD ROUND", "CT", "WARD"),
]
TABLE = Table(Entry(*row) for row in _ROWS)


def _guesses(text: str, *, code: str = "1", modality: str = "") -> Sequence[Guess]:
    return TABLE.guesses(read_likeness(text, code=code, modality=modality))


def _guess(text: str, *, code: str = "1", modality: str = "") -> Guess | None:
    return next(iter(_guesses(text, code=code, modality=modality)), None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("CT HEAD W/O CONTRAST", "CT HEAD"),
        ("CT HEAD WO", "CT HEAD"),
        ("CT Head without IV contrast", "CT HEAD"),
        ("CT BRAIN NON-CONTRAST", "CT HEAD"),
        ("CT HEAD C-", "CT HEAD"),
        ("CT HEAD OHNE KM", "CT HEAD"),
        ("CT HEAD", "CT HEAD"),
        ("CT HEAD W/ CONTRAST", "CT HEAD C+"),
        ("CT HEAD C+", "CT HEAD C+"),
        ("CT HEAD MIT KM", "CT HEAD C+"),
        ("CT HEAD WITH", "CT HEAD C+"),
        ("CTA HEAD AND NECK", "CTA HEAD NECK"),
        ("CT CHEST PE PROTOCOL", "CTPA"),
        ("CT THORAX", "CT CHEST"),
        ("CT ABD/PELVIS W CONTRAST", "CT AP"),
        ("CT ABDOMEN", "CT AP"),
        ("MR HEAD", "MRI BRAIN"),
        ("CHEST PA AND LAT", "XR CHEST"),
        ("Chest X-ray 2 views", "XR CHEST"),
        ("MAMMO SCREENING BILAT", "MG SCREENING"),
        ("DIAGNOSTIC MAMMOGRAM LT", "MG DIAGNOSTIC"),
        ("MRI LUMBAR SPINE W/WO", "MRI LSPINE"),
        ("XR KNEE LT 2V", "XR KNEE L"),
        ("KNEE RT 3 VIEWS", "XR KNEE R"),
    ],
)
def test_nearest_procedure_is_proposed(text: str, code: str) -> None:
    guess = _guess(text)
    assert guess is not None
    assert guess.entry is not None
    assert (guess.entry.code, guess.score >= LIKELY) == (code, True)


@pytest.mark.parametrize(
    ("text", "modality", "body_part", "subspecialty"),
    [
        ("CT HEAD W AND W/O CONTRAST", "CT", "HEAD", "neuroradiology"),
        ("CT LEG ANGIOGRAM", "CT", "LEG", "musculoskeletal"),
        ("US GUIDED BIOPSY LIVER", "US", "LIVER", "body imaging"),
        ("CT PELVIS (LIMITED)", "CT", "PELVIS", "body imaging"),
        ("SHOULDER MIN 2 VIEW, LT", "DX", "SHOULDER", "musculoskeletal"),
        ("MRI KNEE", "MR", "KNEE", "musculoskeletal"),
        ("US BREAST", "US", "BREAST", "breast imaging"),
        ("PET/CT WHOLE BODY", "PT", "WHOLEBODY", "general radiology"),
        ("BONE SCAN", "NM", "BONE", "musculoskeletal"),
    ],
)
def test_what_the_table_lacks_is_proposed_as_new(
    text: str, modality: str, body_part: str, subspecialty: str
) -> None:
    guess = _guess(text)
    assert guess is not None
    assert guess.entry is None
    assert (guess.modality, guess.body_part, guess.subspecialty) == (
        modality,
        body_part,
        subspecialty,
    )


@pytest.mark.parametrize(
    ("text", "code", "modality"),
    [
        ("Urinalysis, with Culture if Indicated", "11636", ""),
        ("Comprehensive Metabolic Panel", "80053", ""),
        ("CALCIUM IONIZED", "CAI", ""),
        ("Chlamydia PCR, CT/NG", "CTNG", ""),
        ("Microscopic Observation", "10637-7", "CT"),
        ("Physical Therapy Evaluation", "PT", "PT"),
        ("PT EVAL AND TREAT LUMBAR SPINE", "PT1", "PT"),
        ("Occupational evaluation hand", "OT1", "OT"),
        ("ECG", "E8600", ""),
        ("Something", "X1", "MR"),
        ("", "12345", ""),
        ("", "", ""),
    ],
)
def test_what_is_no_imaging_has_no_guess(text: str, code: str, modality: str) -> None:
    assert _guess(text, code=code, modality=modality) is None


def test_a_code_without_words_is_read_itself() -> None:
    guess = _guess("", code="CTHEAD")
    assert guess is not None
    assert guess.entry is not None
    assert guess.entry.code == "CT HEAD"


def test_the_reason_says_what_agrees_and_what_is_open() -> None:
    close = _guess("CT HEAD W/O CONTRAST")
    likely = _guess("CT ABDOMEN")
    new = _guess("CT SINUS WO CONTRAST")
    assert close is not None
    assert likely is not None
    assert new is not None
    assert (close.reason, close.is_close) == ("same CT, HEAD, without contrast", True)
    assert (likely.reason, likely.is_close) == ("same CT, ABDOMEN; only one names PELVIS", False)
    assert new.reason == "the table has no CT, SINUS, without contrast"


def test_other_choices_follow_best_first_the_new_one_last() -> None:
    found = _guesses("CT HEAD")
    assert [guess.entry.code if guess.entry else "new" for guess in found] == [
        "CT HEAD",
        "CT HEAD C+",
        "new",
    ]


def test_new_procedures_are_the_same_whatever_side_and_describing_words_say() -> None:
    keys = {
        guess.key
        for text in ("MRI ANKLE LT", "mri ankle right trauma", "MR Ankle")
        if (guess := _guess(text)) is not None
    }
    other = _guess("MRI ANKLE WITH CONTRAST")
    assert other is not None
    assert (len(keys), other.key in keys) == (1, False)


@pytest.mark.parametrize(
    "text", ["A" * 100_000, "W " * 50_000, "<script>", "\r\n|^~\\&", "C+" * 500]
)
def test_hostile_words_are_read_quickly(text: str) -> None:
    assert _guess(text, code=text) is None

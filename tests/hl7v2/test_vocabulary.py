from __future__ import annotations

import pytest

from apps.hl7v2.vocabulary import (
    BODY_PART_ALIASES,
    BODY_PARTS,
    MODALITIES,
    MODALITY_ALIASES,
    guess_from_words,
    resolve_body_part,
    resolve_modality,
)


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("MRI", "MR"), ("mr", "MR"), (" CT ", "CT"), ("CATSCAN", "CT"), ("XRAY", "DX"),
        ("X-RAY", "DX"), ("X RAY", "DX"), ("CXR", "DX"), ("DR", "DX"), ("RG", "DX"), ("CR", "CR"),
        ("USG", "US"), ("ECHO", "US"), ("PET", "PT"), ("PET/CT", "PT"), ("PT", "PT"), ("NUC", "NM"),
        ("MAM", "MG"), ("FL", "RF"), ("ANG", "XA"), ("RADIOLOGY", None), ("HM", None), ("", None),
    ],
)  # fmt: skip
def test_modality_words_become_dicom_codes(word: str, code: str | None) -> None:
    assert resolve_modality(word) == code


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ("MSK", "MSK"), ("knee", "KNEE"), ("Knees", "KNEE"), ("Abd", "ABDOMEN"), ("THORAX", "CHEST"),
        ("C-SPINE", "CSPINE"), ("Upper Extremity", "UPPER_EXTREMITY"), ("SI-JOINT", "SI_JOINT"),
        ("Cervical Spine", "CSPINE"), ("whole body", "WHOLEBODY"), ("BLOOD", None), ("", None),
    ],
)  # fmt: skip
def test_body_part_words_become_words_of_the_vocabulary(word: str, part: str | None) -> None:
    assert resolve_body_part(word) == part


def test_a_senders_own_words_go_first() -> None:
    assert resolve_modality("us", {"US": "XA"}) == "XA"
    assert resolve_modality("K9", {"K9": "US"}) == "US"
    assert resolve_body_part("tete", {"TETE": "HEAD"}) == "HEAD"
    assert resolve_body_part("knee", {"TETE": "HEAD"}) == "KNEE"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CT HEAD W/O CONTRAST", ("CT", "HEAD")),
        ("MRI MUSCULOSKELETAL", ("MR", "MSK")),
        ("MRI MSK KNEE LEFT", ("MR", "KNEE")),
        ("Chest X-ray 2 views", ("DX", "CHEST")),
        ("CHEST PA AND LAT", ("DX", "CHEST")),
        ("LATERAL EPICONDYLITIS THERAPY", (None, None)),
        ("RX REFILL", (None, None)),
        ("Diffusion-weighted imaging", ("MR", None)),
        ("RX TORACE", ("DX", "CHEST")),
        ("TC addome", ("CT", "ABDOMEN")),
        ("IRM du genou droit", ("MR", "KNEE")),
        ("Röntgen Hüfte links", ("DX", "HIP")),
        ("\u80f8\u90e8\u5358\u7d14\u64ae\u5f71", ("DX", "CHEST")),
        ("\u982d\u90e8CT", ("CT", "HEAD")),
        ("\uff2d\uff32\uff29 \u819d", ("MR", "KNEE")),
        ("PET/CT SKULL BASE TO THIGH", ("PT", "SKULL")),
        ("CT/PET WHOLE BODY", ("PT", "WHOLEBODY")),
        ("XR LUMBAR SPINE", ("DX", "LSPINE")),
        ("US ABDOMEN & PELVIS", ("US", "ABDOMEN")),
        ("MRI C-SPINE", ("MR", "CSPINE")),
        ("CT ANGIO HEAD", ("CT", "HEAD")),
        ("MRI LOWER EXTREMITY", ("MR", "LOWER_EXTREMITY")),
        ("XR SI JOINTS", ("DX", "SI_JOINT")),
        ("Complete Blood Count", (None, None)),
        ("PT Evaluation 500 MG", (None, None)),
        ("", (None, None)),
    ],
)
def test_words_of_a_procedure_text_are_understood(
    text: str, expected: tuple[str | None, str | None]
) -> None:
    assert guess_from_words(text) == expected


def test_every_alias_leads_to_a_word_of_its_vocabulary() -> None:
    assert set(MODALITY_ALIASES.values()) <= set(MODALITIES)
    assert not set(MODALITY_ALIASES) & set(MODALITIES)
    assert set(BODY_PART_ALIASES.values()) <= BODY_PARTS
    assert not set(BODY_PART_ALIASES) & BODY_PARTS

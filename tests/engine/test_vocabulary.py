"""The default specialty and region tables."""

from __future__ import annotations

import pytest

from apps.engine.vocabulary import REGIONS, specialty_for


@pytest.mark.parametrize(
    ("parts", "specialty"),
    [
        (("HEAD", "BRAIN", "SPINE", "NECK", "brain"), "neuroradiology"),
        (
            ("EXTREMITY", "JOINT", "BONE", "KNEE", "SHOULDER", "HIP", "MSK", "ANKLE"),
            "musculoskeletal",
        ),
        (("CHEST", "HEART", "LUNG", "CARDIAC"), "cardiothoracic"),
        (("ABDOMEN", "PELVIS", "LIVER"), "body imaging"),
        (("BREAST",), "breast imaging"),
        (("", "ELSEWHERE"), "general radiology"),
    ],
)
def test_the_specialty_of_a_body_part(parts: tuple[str, ...], specialty: str) -> None:
    assert {specialty_for("MR", part) for part in parts} == {specialty}


def test_a_mammogram_is_breast_imaging_whatever_its_body_part() -> None:
    assert specialty_for("MG", "CHEST") == specialty_for("mg", "") == "breast imaging"


def test_the_procedures_own_subspecialty_wins() -> None:
    assert specialty_for("MG", "BREAST", "paediatric") == "paediatric"


def test_regions_hold_the_parts_and_not_themselves() -> None:
    assert {"KNEE", "SHOULDER", "HIP", "EXTREMITY"} <= REGIONS["MSK"]
    assert [region for region, parts in REGIONS.items() if region in parts] == []

"""The anatomy and specialty words used where a site's own tables are silent.

Body parts are the words of DICOM Body Part Examined (0018,0015), see DICOM PS3.16 annex L,
with the everyday short forms that orders carry beside them. A *region* is a body part that
holds others: work for MSK takes a KNEE.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache


class Specialty(StrEnum):
    """The subspecialties of the default table. Source: spec 2."""

    NEURO = "neuroradiology"
    MSK = "musculoskeletal"
    CARDIOTHORACIC = "cardiothoracic"
    BODY = "body imaging"
    BREAST = "breast imaging"
    GENERAL = "general radiology"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_UPPER_LIMB = _words(
    "UPPER_EXTREMITY ARM CLAVICLE ELBOW FINGER FOREARM HAND HUMERUS RADIUS SCAPULA SHOULDER "
    "THUMB ULNA WRIST"
)
_LOWER_LIMB = _words(
    "LOWER_EXTREMITY ANKLE CALCANEUS FEMUR FIBULA FOOT HEEL HIP KNEE LEG PATELLA THIGH TIBIA TOE"
)
_EXTREMITY = _UPPER_LIMB | _LOWER_LIMB
_HEAD = _words(
    "BRAIN EAR EYE FACE IAC JAW MANDIBLE MAXILLA ORBIT PITUITARY SINUS SKULL TMJ ZYGOMA"
)
_NECK = _words("CAROTID LARYNX PHARYNX SOFT_TISSUE_NECK THYROID")
_SPINE = _words("COCCYX CSPINE LSPINE SACRUM SSPINE TSPINE WHOLESPINE")
_CHEST = _words("AORTA BRONCHUS CARDIAC CORONARY HEART LUNG MEDIASTINUM RIB RIBS STERNUM THORAX")
_ABDOMEN = _words(
    "ADRENAL APPENDIX BILIARY BOWEL COLON ESOPHAGUS GALLBLADDER GI KIDNEY KUB LIVER PANCREAS "
    "SPLEEN STOMACH URINARY"
)
_PELVIS = _words("BLADDER OVARY PROSTATE RECTUM TESTIS UTERUS")

REGIONS: Mapping[str, frozenset[str]] = {
    "MSK": frozenset({"EXTREMITY", "JOINT", "BONE", "MUSCLE", "SI_JOINT"}) | _EXTREMITY,
    "EXTREMITY": _EXTREMITY,
    "UPPER_EXTREMITY": _UPPER_LIMB - {"UPPER_EXTREMITY"},
    "LOWER_EXTREMITY": _LOWER_LIMB - {"LOWER_EXTREMITY"},
    "NEURO": frozenset({"HEAD", "NECK", "SPINE"}) | _HEAD | _NECK | _SPINE,
    "HEAD": _HEAD,
    "NECK": _NECK,
    "SPINE": _SPINE,
    "CHEST": _CHEST,
    "CARDIAC": frozenset({"HEART", "CORONARY"}),
    "BODY": frozenset({"ABDOMEN", "PELVIS"}) | _ABDOMEN | _PELVIS,
    "ABDOMEN": _ABDOMEN,
    "PELVIS": _PELVIS,
    "BREAST": frozenset({"AXILLA", "MAMMARY"}),
}
"""Which body parts a region holds, itself left out; used where a site sets none of its own."""

_SPECIALTY_BY_REGION = (
    ("BREAST", Specialty.BREAST),
    ("NEURO", Specialty.NEURO),
    ("MSK", Specialty.MSK),
    ("CHEST", Specialty.CARDIOTHORACIC),
    ("BODY", Specialty.BODY),
)
_SPECIALTY_BY_PART: Mapping[str, Specialty] = {
    part: specialty
    for region, specialty in reversed(_SPECIALTY_BY_REGION)
    for part in (region, *REGIONS[region])
}


@lru_cache(maxsize=4_000)
def specialty_for(modality: str, body_part: str, subspecialty: str = "") -> str:
    """Return the subspecialty that reads this kind of study.

    A subspecialty that the procedure table names wins; a mammogram (DICOM modality MG) is
    breast imaging whatever its body part; what the table does not know is general radiology.
    Source: spec 2, last paragraph.
    """
    if subspecialty:
        return subspecialty
    if modality.upper() == "MG":
        return Specialty.BREAST.value
    return _SPECIALTY_BY_PART.get(body_part.upper(), Specialty.GENERAL).value


def covers_part(wanted: str, part: str, regions: Mapping[str, frozenset[str]]) -> bool:
    """Say whether ``wanted`` is the body part itself or a region that holds it."""
    return bool(part) and (wanted == part or part in regions.get(wanted, ()))

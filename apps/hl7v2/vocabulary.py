"""The field's words for modalities and body parts, and reading them out of free text.

Modalities are the codes of DICOM PS3.16 CID 29; body parts the words of DICOM PS3.16 annex L
with the short forms that orders carry. A site's own words are added by its mapping, not here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from apps.hl7v2.languages import (
    ANATOMIC_REGIONS,
    CJK_MODALITIES,
    CJK_PARTS,
    FOREIGN_MODALITIES,
    FOREIGN_PARTS,
)

MODALITIES: Mapping[str, str] = {
    "AR": "Autorefraction",
    "BDUS": "Ultrasound bone densitometry",
    "BI": "Biomagnetic imaging",
    "BMD": "Bone mineral densitometry",
    "CR": "Computed radiography",
    "CT": "Computed tomography",
    "DG": "Diaphanography",
    "DX": "Digital radiography",
    "ECG": "Electrocardiography",
    "EPS": "Cardiac electrophysiology",
    "ES": "Endoscopy",
    "GM": "General microscopy",
    "HD": "Hemodynamic waveform",
    "IO": "Intra-oral radiography",
    "IVOCT": "Intravascular optical coherence tomography",
    "IVUS": "Intravascular ultrasound",
    "LS": "Laser surface scan",
    "MG": "Mammography",
    "MR": "Magnetic resonance",
    "NM": "Nuclear medicine",
    "OCT": "Optical coherence tomography",
    "OP": "Ophthalmic photography",
    "OT": "Other",
    "PT": "Positron emission tomography",
    "PX": "Panoramic X-ray",
    "RF": "Radiofluoroscopy",
    "RTIMAGE": "Radiotherapy image",
    "SM": "Slide microscopy",
    "TG": "Thermography",
    "US": "Ultrasound",
    "XA": "X-ray angiography",
    "XC": "External-camera photography",
}

MODALITY_ALIASES: Mapping[str, str] = {
    **dict.fromkeys(("MRI", "MRA", "MRS", "MRCP", "NMR", "FMRI", "IRM", "RM"), "MR"),
    **dict.fromkeys(("CAT", "CATSCAN", "CTA", "CBCT", "QCT", "TDM", "TC", "TAC"), "CT"),
    **dict.fromkeys(("XR", "XRAY", "XRY", "CXR", "AXR", "DR", "RG", "RX", "PLAINFILM"), "DX"),
    **dict.fromkeys(("USG", "ECHO", "ULTRASOUND", "SONO", "SONOGRAM", "DUS"), "US"),
    **dict.fromkeys(("PET", "PETCT", "PETMR", "PETMRI"), "PT"),
    **dict.fromkeys(("NUC", "NUCMED", "SPECT", "SPECTCT", "SCINTIGRAPHY", "SCINTIGRAM"), "NM"),
    **dict.fromkeys(("MAM", "MAMMO", "MMG", "MAMMOGRAM", "MAMMOGRAPHY", "TOMOSYNTHESIS"), "MG"),
    **dict.fromkeys(("FL", "FLUORO", "FLUOROSCOPY"), "RF"),
    **dict.fromkeys(("ANG", "ANGIO", "ANGIOGRAPHY", "DSA", "IR"), "XA"),
    **dict.fromkeys(("DEXA", "DXA", "BONEDENSITY", "DENSITOMETRY"), "BMD"),
    **dict.fromkeys(("OPG", "PANOREX"), "PX"),
    **dict.fromkeys(("DWI", "FLAIR", "MRCP", "MRV", "MRE"), "MR"),
    **FOREIGN_MODALITIES,
}

_TOO_SHORT_FOR_TEXT = frozenset({"IR", "RX", "RM", "TC", "CAT", "DR", "FL", "MOC"})
_TEXT_WORDS: Mapping[str, str] = {
    **{word: code for word, code in MODALITY_ALIASES.items() if word not in _TOO_SHORT_FOR_TEXT},
    **{word: word for word in ("CT", "MR", "US", "NM", "BMD")},
    **dict.fromkeys(("DIFFUSION", "TRACTOGRAPHY"), "MR"),
}
"""What counts in running text; PT, MG, CR or DX there are as often something else."""

_BESIDE_A_PART: Mapping[str, str] = {
    **dict.fromkeys(("RX", "PA", "AP", "LAT", "LATERAL", "OBLIQUE"), "DX"),
    **dict.fromkeys(("VIEW", "VIEWS", "VW", "VWS"), "DX"),
    "TC": "CT",
    "RM": "MR",
}
"""What names a modality only where a body part stands beside it: ``CHEST PA AND LAT``."""

DOUBTFUL_CODES = frozenset(
    [
        "AR",
        "BI",
        "CR",
        "DG",
        "DX",
        "ECG",
        "EPS",
        "ES",
        "GM",
        "HD",
        "IO",
        "IR",
        "LS",
        "MG",
        "OCT",
        "OP",
        "OT",
        "PT",
        "PX",
        "RF",
        "RM",
        "SM",
        "TC",
        "TG",
        "XC",
    ]
)
"""Modalities that as codes of their own are as often something else: PT is a prothrombin time or
physical therapy, CR creatinine, RF a rheumatoid factor, MG magnesium."""

_PARTS = (
    "ABDOMEN ADRENAL ANKLE AORTA APPENDIX ARM AXILLA BILIARY BLADDER BONE BOWEL BRAIN BREAST "
    "BRONCHUS CALCANEUS CARDIAC CAROTID CHEST CLAVICLE COCCYX COLON CORONARY CSPINE EAR ELBOW "
    "ESOPHAGUS EXTREMITY EYE FACE FEMUR FIBULA FINGER FOOT FOREARM GALLBLADDER GI HAND HEAD "
    "HEART HEEL HIP HUMERUS IAC JAW JOINT KIDNEY KNEE KUB LARYNX LEG LIVER LOWER_EXTREMITY "
    "LSPINE LUNG MANDIBLE MAXILLA MEDIASTINUM MSK MUSCLE NECK ORBIT OVARY PANCREAS PATELLA "
    "PELVIS PHARYNX PITUITARY PROSTATE RADIUS RECTUM RIBS SACRUM SCAPULA SHOULDER SI_JOINT "
    "SINUS SKULL SOFT_TISSUE_NECK SPINE SPLEEN SSPINE STERNUM STOMACH TESTIS THIGH THUMB "
    "THYROID TIBIA TMJ TOE TSPINE ULNA UPPER_EXTREMITY URINARY UTERUS WHOLEBODY WHOLESPINE "
    "WRIST ZYGOMA"
)
BODY_PARTS: frozenset[str] = frozenset(_PARTS.split())

_BROAD_PARTS = frozenset(
    {"MSK", "JOINT", "BONE", "MUSCLE", "EXTREMITY", "UPPER_EXTREMITY", "LOWER_EXTREMITY"}
)

BODY_PART_ALIASES: Mapping[str, str] = {
    **dict.fromkeys(("ABD", "ABDO", "ABDOM", "ABDOMINAL"), "ABDOMEN"),
    **dict.fromkeys(("THORAX", "THORACIC", "THX", "CXR"), "CHEST"),
    **dict.fromkeys(("CEREBRAL", "INTRACRANIAL"), "BRAIN"),
    **dict.fromkeys(("CRANIUM", "CRANIAL"), "HEAD"),
    **dict.fromkeys(("CERVICALSPINE", "C-SPINE", "CERVICAL"), "CSPINE"),
    **dict.fromkeys(("THORACICSPINE", "T-SPINE", "DORSALSPINE"), "TSPINE"),
    **dict.fromkeys(("LUMBARSPINE", "L-SPINE", "LUMBAR", "LUMBOSACRAL"), "LSPINE"),
    **dict.fromkeys(("SPINAL", "VERTEBRAL"), "SPINE"),
    **dict.fromkeys(("PELVIC", "PELV"), "PELVIS"),
    **dict.fromkeys(("RENAL", "KIDNEYS"), "KIDNEY"),
    **dict.fromkeys(("HEPATIC",), "LIVER"),
    **dict.fromkeys(("PULMONARY", "LUNGS"), "LUNG"),
    **dict.fromkeys(("BREASTS", "MAMMARY", "MAMMOGRAM", "MAMMOGRAPHY", "MAMMO"), "BREAST"),
    **dict.fromkeys(("MUSCULOSKELETAL",), "MSK"),
    **dict.fromkeys(("KNEES",), "KNEE"),
    **dict.fromkeys(("HIPS",), "HIP"),
    **dict.fromkeys(("FEET",), "FOOT"),
    **dict.fromkeys(("HANDS",), "HAND"),
    **dict.fromkeys(("SINUSES",), "SINUS"),
    **dict.fromkeys(("ORBITS",), "ORBIT"),
    **dict.fromkeys(("RIB",), "RIBS"),
    **dict.fromkeys(("FACIAL",), "FACE"),
    **dict.fromkeys(("EXTREMITIES", "LIMB"), "EXTREMITY"),
    **FOREIGN_PARTS,
}

_JOINED = (
    (re.compile(r"\bX[ -]?RAYS?\b"), "XRAY"),
    (re.compile(r"\b(?:CERVICAL|C)[ -]SPINE\b"), "CSPINE"),
    (re.compile(r"\b(?:THORACIC|DORSAL|T)[ -]SPINE\b"), "TSPINE"),
    (re.compile(r"\b(?:LUMBAR|LUMBOSACRAL|L)[ -]SPINE\b"), "LSPINE"),
    (re.compile(r"\bSI JOINTS?\b"), "SI_JOINT"),
    (re.compile(r"\bUPPER EXTREMIT(?:Y|IES)\b"), "UPPER_EXTREMITY"),
    (re.compile(r"\bLOWER EXTREMIT(?:Y|IES)\b"), "LOWER_EXTREMITY"),
    (re.compile(r"\bWHOLE[ -]BODY\b"), "WHOLEBODY"),
    (re.compile(r"\b(?:WHOLE|ENTIRE|FULL)[ -]SPINE\b"), "WHOLESPINE"),
    (re.compile(r"\bTHORACIC AORTA\b"), "AORTA"),
    (re.compile(r"\bNUCLEAR MEDICINE\b"), "NUCMED"),
    (re.compile(r"\bCAT SCAN\b"), "CATSCAN"),
)
_MAX_TEXT = 400


@lru_cache(maxsize=4096)
def _modality(spelled: str) -> str | None:
    compact = re.sub(r"[\s_/.-]+", "", plain(spelled))
    return compact if compact in MODALITIES else MODALITY_ALIASES.get(compact)


def resolve_modality(word: str, aliases: Mapping[str, str] | None = None) -> str | None:
    """Return the DICOM code that a word means, or None; ``aliases`` (upper case) go first."""
    spelled = word.strip().upper()
    if aliases and spelled in aliases:
        return aliases[spelled]
    return _modality(spelled[:_MAX_TEXT])


@lru_cache(maxsize=4096)
def _body_part(spelled: str) -> str | None:
    bare = plain(spelled)
    for form in (bare, re.sub(r"[\s-]+", "_", bare), re.sub(r"[\s_/.-]+", "", bare)):
        if form in BODY_PARTS:
            return form
        if form in BODY_PART_ALIASES:
            return BODY_PART_ALIASES[form]
    return ANATOMIC_REGIONS.get(bare) or _cjk(spelled, CJK_PARTS)


def resolve_body_part(word: str, aliases: Mapping[str, str] | None = None) -> str | None:
    """Return the body part that a word or a SNOMED CT code means, or None.

    ``aliases`` (upper case) go first.
    """
    spelled = word.strip().upper()
    if aliases and spelled in aliases:
        return aliases[spelled]
    return _body_part(spelled[:_MAX_TEXT])


@lru_cache(maxsize=4096)
def guess_from_words(text: str) -> tuple[str | None, str | None]:
    """Return the modality and the body part that a procedure's text names, None where none.

    The first word that means something counts, but PET before the CT that goes with it, and a
    joint before MSK or EXTREMITY: ``CT HEAD W/O CONTRAST`` is CT and HEAD. Views of a body part
    are a plain radiograph where nothing else is named.
    """
    spelled = unicodedata.normalize("NFKC", text[:_MAX_TEXT]).upper()
    words = _words(plain(spelled))
    modalities = [_TEXT_WORDS[word] for word in words if word in _TEXT_WORDS]
    modality = "PT" if "PT" in modalities else _first(modalities) or _cjk(spelled, CJK_MODALITIES)
    resolved = (_body_part(word) for word in words if len(word) > 2 or word == "GI")
    parts = sorted(filter(None, resolved), key=_BROAD_PARTS.__contains__)
    part = _first(parts) or _cjk(spelled, CJK_PARTS)
    if modality is None and part is not None:
        modality = _first(_BESIDE_A_PART[word] for word in words if word in _BESIDE_A_PART)
    return modality, part


def plain(text: str) -> str:
    """Return a text in capitals without its accents: ``genou`` and ``GENOU`` are one word."""
    if text.isascii():
        return text.upper()
    split = unicodedata.normalize("NFKD", text.upper())
    return "".join(char for char in split if not unicodedata.combining(char))


def _cjk(text: str, words: Iterable[tuple[str, str]]) -> str | None:
    if text.isascii():
        return None
    return next((meaning for word, meaning in words if word in text), None)


def _first(found: Iterable[str]) -> str | None:
    return next(iter(found), None)


def _words(upper: str) -> list[str]:
    for pattern, joined in _JOINED:
        upper = pattern.sub(joined, upper)
    return re.findall(r"[A-Z][A-Z0-9_]*", upper)

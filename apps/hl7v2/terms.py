"""The tables of words for modalities, body parts, and what is no imaging.

Modalities are the codes of DICOM PS3.16 CID 29; body parts the words of DICOM PS3.16 annex L
with the short forms that orders carry. A site's own words are added by its mapping, not here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from apps.hl7v2.languages import FOREIGN_MODALITIES, FOREIGN_PARTS

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
    **dict.fromkeys(("RUS", "OUS", "VUS", "CUS"), "US"),
    "NMS": "NM",
    "XRC": "RF",
    **dict.fromkeys(("USG", "ECHO", "ULTRASOUND", "SONO", "SONOGRAM", "DUS"), "US"),
    **dict.fromkeys(("PET", "PETCT", "PETMR", "PETMRI", "POSITRON", "POSITRONES"), "PT"),
    **dict.fromkeys(("NUC", "NUCMED", "SPECT", "SPECTCT", "SCINTIGRAPHY", "SCINTIGRAM"), "NM"),
    **dict.fromkeys(("MAM", "MAMMO", "MMG", "MAMMOGRAM", "MAMMOGRAPHY", "TOMOSYNTHESIS"), "MG"),
    **dict.fromkeys(("FL", "FLUORO", "FLUOROSCOPY"), "RF"),
    **dict.fromkeys(("ANG", "ANGIO", "ANGIOGRAPHY", "DSA", "IR"), "XA"),
    **dict.fromkeys(("DEXA", "DXA", "BONEDENSITY", "DENSITOMETRY"), "BMD"),
    **dict.fromkeys(("OPG", "PANOREX"), "PX"),
    **dict.fromkeys(("DWI", "FLAIR", "MRCP", "MRV", "MRE"), "MR"),
    **FOREIGN_MODALITIES,
}

TOO_SHORT_FOR_TEXT = frozenset(
    [
        "IR",
        "RX",
        "RM",
        "TC",
        "CAT",
        "DR",
        "FL",
        "MOC",
        "TAC",
        "TDM",
        "DSA",
        "NMR",
        "ANG",
        "RG",
        "SCANNER",
        "CUS",
        "OUS",
        "RUS",
        "VUS",
        "NMS",
        "XRC",
    ]
)
TEXT_WORDS: Mapping[str, str] = {
    **{word: code for word, code in MODALITY_ALIASES.items() if word not in TOO_SHORT_FOR_TEXT},
    **{word: word for word in ("CT", "MR", "US", "NM", "BMD")},
    **dict.fromkeys(("DIFFUSION", "TRACTOGRAPHY"), "MR"),
}
"""What counts in running text; PT, MG, CR or DX there are as often something else."""

BESIDE_A_PART: Mapping[str, str] = {
    **dict.fromkeys(("TC", "TAC", "TDM", "SCANNER"), "CT"),
    **dict.fromkeys(("RM", "NMR"), "MR"),
    "DSA": "XA",
    "RX": "DX",
}
"""What names a modality only where a body part stands beside it: a tacrolimus level is TAC too."""
PROJECTIONS = frozenset({"PA", "AP", "LAT", "LATERAL", "OBLIQUE"})
VIEWS = frozenset({"VIEW", "VIEWS", "VW", "VWS"})

NOT_IMAGING_SECTIONS = frozenset(
    [
        "AU",
        "BG",
        "BLB",
        "CG",
        "CH",
        "CP",
        "EC",
        "EN",
        "HM",
        "ICU",
        "IMM",
        "LAB",
        "MB",
        "MCB",
        "MYC",
        "NRS",
        "OSL",
        "PHR",
        "PHY",
        "PF",
        "RC",
        "RT",
        "SR",
        "SP",
        "TX",
        "VR",
    ]
)
"""OBR-24 of what is no imaging; words of such an order are not guessed from.
Source: HL7 table 0074."""
NOT_IMAGING = frozenset(
    [
        "ALLERGEN",
        "ALLERGY",
        "ANTIBODIES",
        "ANTIBODY",
        "ASSAY",
        "CONSULT",
        "CONSULTATION",
        "CULTURE",
        "CYTOLOGY",
        "DNA",
        "ENZYMES",
        "IGE",
        "IGG",
        "IGM",
        "LEVEL",
        "LEVELS",
        "PANEL",
        "PATHOLOGY",
        "PCR",
        "PROBE",
        "REHAB",
        "RNA",
        "SERUM",
        "TABLET",
        "TABLETS",
        "THERAPY_VISIT",
        "TITER",
        "TITRE",
        "URINE",
        "WOUND",
    ]
)
"""Words of laboratories, pharmacies and therapies: an order that holds one names no modality."""

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

PARTS = (
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
BODY_PARTS: frozenset[str] = frozenset(PARTS.split())

BROAD_PARTS = frozenset(
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

JOINED = (
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
    (re.compile(r"\b(?:PHYSICAL|OCCUPATIONAL|SPEECH) THERAPY\b"), "THERAPY_VISIT"),
    (re.compile(r"\bTEMPORAL BONES?\b"), "HEAD"),
    (re.compile(r"\bRADIAL HEAD\b"), "ELBOW"),
    (re.compile(r"\bFEMORAL HEADS?\b"), "HIP"),
)
MAX_TEXT = 400

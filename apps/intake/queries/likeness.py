"""What the words of a procedure say, so that two procedures can be compared.

Words that change what is done (contrast, angiography, a biopsy, the side) are told apart from
those that only describe it. Source of modalities and body parts: ``apps.hl7v2.vocabulary``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from apps.hl7v2.vocabulary import guess_from_words, resolve_body_part, resolve_modality

WITH, WITHOUT = "with contrast", "without contrast"


@dataclass(frozen=True, slots=True)
class Aims:
    """What two procedures must agree on where both say it; empty: nothing said."""

    contrast: frozenset[str] = frozenset()
    purpose: frozenset[str] = frozenset()
    side: frozenset[str] = frozenset()
    views: frozenset[str] = frozenset()

    @property
    def each(self) -> tuple[frozenset[str], ...]:
        """Return all of them, in their order."""
        return self.contrast, self.purpose, self.side, self.views


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a procedure's words say.

    ``part`` is the body part as the words name it, ``place`` and ``places`` are broader where
    people use two words for one place (BRAIN and HEAD). ``family`` is DX for every radiograph.
    ``kinds`` must be the same on both sides. ``words`` are the rest.
    """

    modality: str = ""
    part: str = ""
    family: str = ""
    place: str = ""
    places: frozenset[str] = frozenset()
    aims: Aims = Aims()
    kinds: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()

    @property
    def key(self) -> tuple[object, ...]:
        """Return the same for what one row of a procedure table can stand for.

        Describing words, sides and views make no other procedure.
        """
        return self.family, self.places, self.aims.contrast, self.aims.purpose, self.kinds


def modalities_of(families: Iterable[str]) -> set[str]:
    """Return the modalities that belong to these families."""
    wanted = set(families)
    return wanted | {code for code, family in _SAME_FAMILY.items() if family in wanted}


def parts_of(places: Iterable[str]) -> set[str]:
    """Return the body parts that lie at these places."""
    wanted = set(places)
    return wanted | {part for part, place in _SAME_PLACE.items() if place in wanted}


def _each(meaning: str, words: str) -> dict[str, str]:
    return dict.fromkeys(words.split(), meaning)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SAME_PLACE = {"BRAIN": "HEAD", "HEART": "CARDIAC", "LUNG": "CHEST", "RIB": "RIBS"}
_SAME_FAMILY = {"CR": "DX", "IO": "DX"}

_KINDS: Mapping[str, str] = {
    **_each("angiography", "CTA MRA CTPA ANGIO ANGIOGRAM ANGIOGRAPHY ANGIOGRAPHIE PE EMBOLISM"),
    **_each("venography", "CTV MRV VENOGRAM VENOGRAPHY"),
    **_each("perfusion", "PERFUSION"),
    **_each("biopsy", "BIOPSY BX FNA CORE"),
    **_each("guidance", "GUIDED GUIDANCE"),
    **_each("drainage", "DRAIN DRAINAGE ASPIRATION PARACENTESIS THORACENTESIS"),
    **_each("injection", "INJECTION INJ"),
    **_each("arthrography", "ARTHROGRAM ARTHROGRAPHY ARTHRO"),
    **_each("myelography", "MYELOGRAM MYELOGRAPHY"),
    **_each("urography", "UROGRAM UROGRAPHY CTU IVP IVU"),
    **_each("enterography", "ENTEROGRAPHY ENTEROCLYSIS"),
    **_each("colonography", "COLONOGRAPHY"),
    **_each("doppler", "DOPPLER DUPLEX"),
    **_each("elastography", "ELASTOGRAPHY FIBROSCAN"),
    **_each("transvaginal", "TRANSVAGINAL ENDOVAGINAL TVUS TV"),
    **_each("obstetric", "OB OBSTETRIC OBSTETRICAL FETAL FOETAL PREGNANCY ANATOMY"),
    **_each("calcium score", "CALCIUM SCORE SCORING"),
    **_each("tomosynthesis", "TOMOSYNTHESIS TOMO DBT"),
    **_each("spectroscopy", "MRS SPECTROSCOPY"),
    **_each("cholangiography", "MRCP CHOLANGIOGRAM CHOLANGIOPANCREATOGRAPHY"),
    **_each("stress", "STRESS"),
    **_each("density", "DEXA DXA DENSITY DENSITOMETRY"),
    **_each("high resolution", "HRCT"),
    **_each("low dose", "LDCT"),
    **_each("tractography", "DTI TRACTOGRAPHY"),
    **_each("functional", "FMRI FUNCTIONAL"),
}
_SIDES = {
    **_each("left", "LEFT LT LINKS GAUCHE IZQUIERDO IZQUIERDA SINISTRO SINISTRA"),
    **_each("right", "RIGHT RT RECHTS DROITE DERECHO DERECHA DESTRO DESTRA"),
    **_each("both sides", "BILATERAL BILAT BIL BOTH BEIDSEITS BDS BILATERALE"),
}
_PURPOSES = {
    **_each("screening", "SCREENING SCREEN SCR"),
    **_each("diagnostic", "DIAGNOSTIC DIAG"),
}

_WITHOUT = _each(WITHOUT, "WITHOUT WO OHNE SANS SIN SENZA NATIV NONCONTRAST UNENHANCED")
_BOTH_WAYS = re.compile(
    r"\bW(?:ITH)?\s*/?\s*(?:AND|&|/|\+)?\s*W(?:ITH)?\s*(?:/\s*)?O(?:UT)?\b"
    r"|\bMIT UND OHNE\b|\bAVEC ET SANS\b|C-/C\+|C-/\+|C\+/-|C\+/C-|\bWWO\b|\bWOW\b"
)
_NOT = re.compile(r"\bW\s*/\s*O\b|\bNON?[ -]?CON(?:TRAST|T)?\b|\bNO CONTRAST\b|\bC-(?!\w)|\bKM-")
_GIVEN = re.compile(
    r"\bW(?:ITH|/)?\s*(?:IV\s+)?(?:CONTRAST|CONT|CON|GAD\w*)\b|\bW(?:ITH|/)?\s*$|\bWITH IV\b"
    r"|\bMIT KM\b|\bKM\b|\bC\+|\bAVEC (?:INJECTION|PDC|CONTRASTE)\b|\bCON CONTRASTE\b"
    r"|\b(?:POST|ENHANCED|CONTRAST|GADOLINIUM|KONTRASTMITTEL|CE)\b"
)
_NO_CONTRAST_WORDS = re.compile(
    r"\b(?:CONTRAST\w*|CONT|IV|KM|GAD\w*|MIT|OHNE|WITH|WITHOUT|WO|W|C|CON|UND)\b"
)
_VIEWS = re.compile(r"\b(\d)\s*(?:OR MORE\s*)?\+?\s*(?:V|VW|VWS|VIEWS?|EBENEN|PROJECTIONS?)\b")
_PROJECTIONS = _words("AP PA LAT LATERAL VIEW VIEWS PORTABLE SUPINE ERECT OBLIQUE")
_STOP = _words(
    "AND OR OF THE FOR IN ON TO A AN UND DER DIE ET DE DU LA LE MIN PLUS INC INCL ONLY EXAM "
    "STUDY SCAN IMAGING XR RAD RAY RAYS ROUTINE STANDARD STD UNSPECIFIED PROTOCOL WHOLE BODY "
    "SPINE JOINT EXTREMITY EXTREMITIES UPPER LOWER"
)
_IMPLIED: Mapping[str, str] = {
    **_each("DX", "RADIOGRAPH RADIOGRAPHY RADIOGRAPHS SKYLINE BABYGRAM ROENTGEN RONTGEN"),
    **_each("NM", "SCINTIGRAPHY SCINTIGRAM HIDA MUGA DMSA SZINTIGRAPHIE"),
    **_each("RF", "BARIUM ESOPHAGRAM OESOPHAGRAM SWALLOW CYSTOGRAM VCUG HSG"),
    **_each("CT", "HRCT CTPA CTV CTU LDCT"),
    **_each("MR", "MRV DTI"),
    **_each("US", "DUPLEX DOPPLER"),
}
_NUCLEAR = re.compile(r"\bBONE SCAN\b|\bTHYROID (?:SCAN|UPTAKE)\b|\bV/?Q\b")
_GLUED = re.compile(r"^(CT|MRI?|US|XR|NM|MG|PET|RAD)([A-Z]{3,})$")
_NOT_IMAGING = _words(
    "PANEL PNL CULTURE SERUM PLASMA BLOOD URINE URINALYSIS CBC PCR NAAT ANTIGEN ANTIBODY "
    "ANTIBODIES LIPID METABOLIC HEMOGLOBIN HAEMOGLOBIN HEMOGRAM GLUCOSE POTASSIUM SODIUM "
    "CREATININE IONIZED SPECIMEN SEROLOGY MICROSCOPIC PATHOLOGY CYTOLOGY HISTOLOGY RNA DNA "
    "THERAPY REHAB REHABILITATION DIET DIETARY VACCINE IMMUNIZATION ECG EKG EEG EMG "
    "SPIROMETRY CONSULT CONSULTATION"
)
_TREATED = frozenset({"RADIOIODINE", "I131", "ABLATION", "EMBOLIZATION"})
_NEEDS_WORDS = frozenset({"PT", "OT"})
"""HL7 table 0074 has them for physical and occupational therapy, DICOM for other things."""


@lru_cache(maxsize=32_768)
def read_likeness(
    text: str, *, code: str = "", modality: str = "", body_part: str = ""
) -> Likeness | None:
    """Return what a procedure is like, None for what is no imaging by its words.

    Args:
        text: its description; where it says nothing, the code is read.
        code: the sender's, or the table's.
        modality: as an order or the table names it; empty: by the words.
        body_part: likewise.
    """
    text, code = text.upper()[:_MOST], code.upper()[:_MOST]
    spelled = f"{text} {code}"
    tokens = _tokens(spelled)
    if _NOT_IMAGING.intersection(tokens) and not _TREATED.intersection(tokens):
        return None
    named, part = _named(text, code, tokens)
    found = _modality(named, modality, part or body_part, tokens, spelled)
    if not found:
        return None
    main = body_part or part
    said = _tokens(text) or tokens
    places = frozenset(_place(place) for place in (main, *_parts(said)) if place)
    return Likeness(
        modality=found,
        part=main,
        family=_SAME_FAMILY.get(found, found),
        place=_place(main),
        places=places,
        aims=_aims(text, code, found),
        kinds=frozenset(_KINDS[token] for token in said if token in _KINDS),
        words=_rest(said),
    )


_MOST = 400
# The same few words come again and again.
_part_of = lru_cache(maxsize=8_192)(resolve_body_part)
_modality_of = lru_cache(maxsize=8_192)(resolve_modality)


def _tokens(spelled: str) -> Sequence[str]:
    return re.findall(r"[^\W\d_][\w]*", spelled)


def _named(text: str, code: str, tokens: Sequence[str]) -> tuple[str, str]:
    """Return modality and body part by the words; the text's go before the code's."""
    modality, part = guess_from_words(f"{text} {code}")
    if modality is None:
        modality = next((_IMPLIED[token] for token in tokens if token in _IMPLIED), None)
    if modality is None or part is None:
        for token in tokens:
            glued = _GLUED.match(token)
            meant = _part_of(glued[2]) if glued else None
            if glued and meant:
                return modality or _modality_of(glued[1]) or "DX", part or meant
    return modality or "", part or ""


def _modality(named: str, said: str, part: str, tokens: Sequence[str], spelled: str) -> str:
    """Return the modality; one that only a field names counts for a body part."""
    if said and (named or (part and said not in _NEEDS_WORDS)):
        return said if said not in _NEEDS_WORDS else named
    is_view = bool(_PROJECTIONS.intersection(tokens)) or _VIEWS.search(spelled) is not None
    if not named and _NUCLEAR.search(spelled):
        return "NM"
    return named or ("DX" if part and is_view else "")


def _parts(tokens: Sequence[str]) -> Iterable[str]:
    """Return the body parts that words name, two words before one: LUMBAR SPINE is LSPINE."""
    place = 0
    while place < len(tokens):
        pair = _part_of(" ".join(tokens[place : place + 2]))
        is_pair = pair is not None and place + 1 < len(tokens)
        single = _part_of(tokens[place]) if len(tokens[place]) > 2 else None
        found = pair if is_pair else single
        if found:
            yield found
        place += 2 if is_pair else 1


def _place(part: str) -> str:
    return _SAME_PLACE.get(part, part)


def _aims(text: str, code: str, modality: str) -> Aims:
    """Return what the text says, else the code."""
    has_contrast = modality in ("CT", "MR")
    return Aims(
        contrast=(_contrast(text) or _contrast(code)) if has_contrast else frozenset(),
        purpose=_meant(text, _PURPOSES) or _meant(code, _PURPOSES),
        side=_meant(text, _SIDES) or _meant(code, _SIDES),
        views=frozenset(f"{views} views" for views in _VIEWS.findall(text)[:1]),
    )


def _meant(spelled: str, meanings: Mapping[str, str]) -> frozenset[str]:
    return frozenset(meanings[token] for token in _tokens(spelled) if token in meanings)


def _contrast(spelled: str) -> frozenset[str]:
    if _BOTH_WAYS.search(spelled):
        return frozenset({WITH, WITHOUT})
    if _NOT.search(spelled) or _meant(spelled, _WITHOUT):
        return frozenset({WITHOUT})
    return frozenset({WITH}) if _GIVEN.search(spelled) else frozenset()


def _rest(tokens: Sequence[str]) -> frozenset[str]:
    """Return the words that say nothing else; body parts and modalities are compared apart."""
    return frozenset(
        token
        for token in tokens
        if token not in _STOP
        and token not in _KINDS
        and token not in _SIDES
        and token not in _PURPOSES
        and token not in _PROJECTIONS
        and not _NO_CONTRAST_WORDS.fullmatch(token)
        and len(token) > 1
        and _part_of(token) is None
        and _modality_of(token) is None
    )

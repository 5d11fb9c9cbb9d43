"""Words for modalities and body parts in other languages than English.

Orders name procedures in the language of the house. Written in capitals and without accents, as
texts are compared; Japanese words, which no blanks divide, are looked for anywhere in a text.
"""

from __future__ import annotations

from collections.abc import Mapping

FOREIGN_MODALITIES: Mapping[str, str] = {
    # French, Italian, Spanish, Portuguese, German, Dutch, Nordic.
    **dict.fromkeys(("TOMODENSITOMETRIE", "SCANNER", "TOMOGRAFIA", "COMPUTERTOMOGRAPHIE"), "CT"),
    **dict.fromkeys(("COMPUTERTOMOGRAFIE", "ANGIOTC", "ANGIOTAC", "ANGIOSCANNER", "UROTC"), "CT"),
    **dict.fromkeys(("RISONANZA", "RESONANCIA", "RESSONANCIA", "RMN", "MRT", "ANGIORM"), "MR"),
    **dict.fromkeys(("KERNSPIN", "KERNSPINTOMOGRAPHIE", "MAGNETRESONANZ", "REMNOGRAPHIE"), "MR"),
    **dict.fromkeys(("RADIOGRAPHIE", "RADIOGRAFIA", "RONTGEN", "ROENTGEN", "RADIOGRAFIE"), "DX"),
    **dict.fromkeys(("ECOGRAFIA", "ECHOGRAPHIE", "SONOGRAPHIE", "ECHOGRAFIE", "ULTRALYD"), "US"),
    **dict.fromkeys(
        ("ULTRASCHALL", "ULTRALJUD", "ULTRAGELUID", "ECODOPPLER", "ECOCOLORDOPPLER"), "US"
    ),
    **dict.fromkeys(("MAMMOGRAPHIE", "MAMMOGRAFIA", "MAMOGRAFIA", "MAMMOGRAFIE"), "MG"),
    **dict.fromkeys(("SZINTIGRAPHIE", "SCINTIGRAPHIE", "SCINTIGRAFIA", "GAMMAGRAFIA"), "NM"),
    **dict.fromkeys(("ANGIOGRAPHIE", "ANGIOGRAFIA", "ANGIOGRAFIE", "ARTERIOGRAFIA"), "XA"),
    **dict.fromkeys(("DURCHLEUCHTUNG", "RADIOSCOPIE", "SCOPIE", "FLUOROSCOPIA"), "RF"),
    **dict.fromkeys(("OSTEODENSITOMETRIE", "DENSITOMETRIA", "MOC"), "BMD"),
}

FOREIGN_PARTS: Mapping[str, str] = {
    **dict.fromkeys(("ADDOME", "ADDOMINALE", "BAUCH", "BUIK", "BUK", "ABDOMINAIS"), "ABDOMEN"),
    **dict.fromkeys(("TORACE", "TORAX", "BRUSTKORB", "THORACIQUE", "BORST", "POITRINE"), "CHEST"),
    **dict.fromkeys(("KOPF", "TETE", "TESTA", "CABEZA", "CABECA", "HOOFD", "HODE"), "HEAD"),
    **dict.fromkeys(("CRANE", "CRANIO", "CRANEO", "SCHADEL", "SCHAEDEL", "SCHEDEL"), "SKULL"),
    **dict.fromkeys(("CERVEAU", "ENCEFALO", "CEREBRO", "CERVELLO", "GEHIRN", "HJERNE"), "BRAIN"),
    **dict.fromkeys(("CEREBRALE", "ENCEPHALE", "ENCEPHALIQUE", "HERSENEN"), "BRAIN"),
    **dict.fromkeys(("HALS", "COLLO", "CUELLO", "PESCOCO", "CERVICALE"), "NECK"),
    **dict.fromkeys(("BECKEN", "BASSIN", "BACINO", "BEKKEN", "BEKKEN", "PELVI"), "PELVIS"),
    **dict.fromkeys(("WIRBELSAULE", "WIRBELSAEULE", "RACHIS", "COLONNA", "COLUMNA"), "SPINE"),
    **dict.fromkeys(("COLUNA", "RACHIDE", "WERVELKOLOM", "RYGG", "MIDOLLO"), "SPINE"),
    **dict.fromkeys(("HWS", "CWK"), "CSPINE"),
    **dict.fromkeys(("BWS", "TWK"), "TSPINE"),
    **dict.fromkeys(("LWS", "LWK", "LOMBAIRE", "LOMBARE", "LUMBARE", "LOMBOSACRALE"), "LSPINE"),
    **dict.fromkeys(("KNIE", "GENOU", "GINOCCHIO", "RODILLA", "JOELHO", "KNE", "GENOUX"), "KNEE"),
    **dict.fromkeys(("SCHULTER", "EPAULE", "SPALLA", "HOMBRO", "OMBRO", "SCHOUDER"), "SHOULDER"),
    **dict.fromkeys(("HUFTE", "HUEFTE", "HANCHE", "ANCA", "CADERA", "QUADRIL", "HEUP"), "HIP"),
    **dict.fromkeys(("HANDGELENK", "POIGNET", "POLSO", "MUNECA", "PULSO", "POLS"), "WRIST"),
    **dict.fromkeys(("MANO", "HANDEN"), "HAND"),
    **dict.fromkeys(("FUSS", "PIED", "PIEDE", "VOET", "FOTEN"), "FOOT"),
    **dict.fromkeys(("SPRUNGGELENK", "OSG", "CHEVILLE", "CAVIGLIA", "TOBILLO", "ENKEL"), "ANKLE"),
    **dict.fromkeys(("ELLENBOGEN", "ELLBOGEN", "COUDE", "GOMITO", "CODO", "COTOVELO"), "ELBOW"),
    **dict.fromkeys(("BRUST", "SEIN", "SEINS", "MAMMELLA", "MAMA", "MAMMELLE", "MAMAS"), "BREAST"),
    **dict.fromkeys(("LEBER", "FOIE", "FEGATO", "HIGADO", "FIGADO"), "LIVER"),
    **dict.fromkeys(("NIERE", "NIEREN", "REIN", "REINS", "RENE", "RENI", "RINON"), "KIDNEY"),
    **dict.fromkeys(("HERZ", "COEUR", "CUORE", "CORAZON", "CORACAO", "CARDIAQUE"), "HEART"),
    **dict.fromkeys(("LUNGE", "POUMON", "POUMONS", "POLMONE", "POLMONI", "PULMON"), "LUNG"),
    **dict.fromkeys(("SCHILDDRUSE", "SCHILDDRUESE", "THYROIDE", "TIROIDE", "TIREOIDE"), "THYROID"),
    **dict.fromkeys(("PROSTATA",), "PROSTATE"),
    **dict.fromkeys(("NASENNEBENHOHLEN", "NNH", "SENI", "SENOS"), "SINUS"),
    **dict.fromkeys(("FEMORE", "OBERSCHENKEL"), "FEMUR"),
    **dict.fromkeys(("UNTERSCHENKEL", "GAMBA", "JAMBE", "PIERNA"), "LEG"),
    **dict.fromkeys(("UNTERARM", "AVAMBRACCIO", "ANTEBRAZO"), "FOREARM"),
    **dict.fromkeys(("GANZKORPER", "GANZKOERPER"), "WHOLEBODY"),
}

CJK_MODALITIES: tuple[tuple[str, str], ...] = (
    ("\u78c1\u6c17\u5171\u9cf4", "MR"),  # magnetic resonance
    ("\u8d85\u97f3\u6ce2", "US"),  # ultrasound
    ("\u30a8\u30b3\u30fc\u691c\u67fb", "US"),  # echo examination; echovirus begins alike
    ("\u4e73\u623f\u64ae\u5f71", "MG"),  # breast exposure
    ("\u30de\u30f3\u30e2", "MG"),  # mammo
    ("\u8840\u7ba1\u9020\u5f71", "XA"),  # angiography
    ("\u900f\u8996", "RF"),  # fluoroscopy
    ("\u9020\u5f71\u691c\u67fb", "RF"),  # contrast examination
    ("\u6838\u533b\u5b66", "NM"),  # nuclear medicine
    ("\u30b7\u30f3\u30c1", "NM"),  # scinti-
    ("\u9aa8\u5bc6\u5ea6", "BMD"),  # bone density
    ("\u5358\u7d14\u64ae\u5f71", "DX"),  # plain exposure
    ("\u4e00\u822c\u64ae\u5f71", "DX"),  # general exposure
    ("\u30ec\u30f3\u30c8\u30b2\u30f3", "DX"),  # roentgen
    ("X\u7dda\u64ae\u5f71", "DX"),  # X-ray exposure
    ("X\u7dda", "DX"),  # X-ray
)

CJK_PARTS: tuple[tuple[str, str], ...] = (
    ("\u982d\u9838\u90e8", "HEAD"),  # head and neck
    ("\u982d\u90e8", "HEAD"),
    ("\u8133", "BRAIN"),
    ("\u9838\u690e", "CSPINE"),
    ("\u80f8\u690e", "TSPINE"),
    ("\u8170\u690e", "LSPINE"),
    ("\u810a\u690e", "SPINE"),
    ("\u9838\u90e8", "NECK"),
    ("\u80f8\u90e8", "CHEST"),
    ("\u80ba", "LUNG"),
    ("\u5fc3\u81d3", "HEART"),
    ("\u51a0\u52d5\u8108", "CORONARY"),
    ("\u4e73\u623f", "BREAST"),
    ("\u4e0a\u8179\u90e8", "ABDOMEN"),
    ("\u8179\u90e8", "ABDOMEN"),
    ("\u809d", "LIVER"),
    ("\u9aa8\u76e4", "PELVIS"),
    ("\u80a1\u95a2\u7bc0", "HIP"),
    ("\u80a9", "SHOULDER"),
    ("\u819d", "KNEE"),
    ("\u8db3\u95a2\u7bc0", "ANKLE"),
    ("\u624b\u95a2\u7bc0", "WRIST"),
    ("\u8098", "ELBOW"),
    ("\u7532\u72b6\u817a", "THYROID"),
    ("\u5168\u8eab", "WHOLEBODY"),
)

ANATOMIC_REGIONS: Mapping[str, str] = {
    "69536005": "HEAD",
    "774007": "HEAD",
    "12738006": "BRAIN",
    "45048000": "NECK",
    "51185008": "CHEST",
    "39607008": "LUNG",
    "80891009": "HEART",
    "76752008": "BREAST",
    "818981001": "ABDOMEN",
    "113345001": "ABDOMEN",
    "416949008": "ABDOMEN",
    "10200004": "LIVER",
    "64033007": "KIDNEY",
    "12921003": "PELVIS",
    "816092008": "PELVIS",
    "421060004": "SPINE",
    "122494005": "CSPINE",
    "122495006": "TSPINE",
    "122496007": "LSPINE",
    "16982005": "SHOULDER",
    "127949000": "ELBOW",
    "8205005": "WRIST",
    "85562004": "HAND",
    "29836001": "HIP",
    "72696002": "KNEE",
    "70258002": "ANKLE",
    "56459004": "FOOT",
    "53120007": "UPPER_EXTREMITY",
    "61685007": "LOWER_EXTREMITY",
    "38266002": "WHOLEBODY",
}
"""SNOMED CT codes of anatomic regions. Source: DICOM PS3.16 CID 4."""

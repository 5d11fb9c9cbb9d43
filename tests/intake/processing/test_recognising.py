"""Which modality and body part plausible orders of many vendors come to, and which come to none."""

from __future__ import annotations

import pytest

from apps.catalog.models import Site
from apps.intake.models import SenderProfile
from apps.intake.processing.catalogue import Catalogue, read_as
from apps.intake.processing.reading import read_message


def recognised(code: str, **fields: str) -> tuple[str, str]:
    """Return what an order with this OBR-4 comes to; ``o24`` is OBR-24."""
    site = Site(id=1, code="ROBINA", time_zone="UTC")
    profile = SenderProfile(name="all", default_site=site)
    catalogue = Catalogue({}, {}, {}, {}, {}, {("", ""): read_as(profile)})
    obr = ["OBR", "1", "P1", "", code, *[""] * 24]
    for name, value in fields.items():
        obr[int(name[1:])] = value
    segments = (
        r"MSH|^~\&|HIS|Robina|RAD|RAD|20261122100000||ORM^O01|1|P|2.5.1|||||AU|UNICODE UTF-8",
        "PID|1||M1^^^Robina||Doe^Jane",
        "ORC|NW|P1",
        "|".join(obr),
        "",
    )
    (change,) = read_message("\r".join(segments).encode(), catalogue=catalogue).changes
    return change.values.get("modality", ""), change.values.get("body_part", "")


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("TC^Total cholesterol", {"o24": "LAB"}),
        ("884247^NMR LipoProfile", {"o24": "LAB"}),
        ("TAC^Tacrolimus level", {"o24": "CH"}),
        ("CT^Chlamydia trachomatis", {"o24": "MB"}),
        ("88305^Skin, left lateral thigh, biopsy", {"o24": "SP"}),
        ("97110^Therapeutic exercise", {"o24": "PT"}),
        ("CT^Chlamydia trachomatis", {}),
        ("US^Urine sediment", {}),
        ("NM^Normetanephrine", {}),
        ("MR^Measles rubella titer", {}),
        ("XA^Heparin Xa", {}),
        ("CAT^Catecholamines", {}),
        ("CT12^Calcitonin", {}),
        ("ECHO^Echovirus PCR", {}),
        ("PT^PHYSICAL THERAPY LEFT KNEE", {}),
        ("PT^Prothrombin time", {}),
        ("MG^Magnesium level, liver panel", {}),
        ("RF^Renal function panel", {}),
        ("CR^Creatinine", {}),
        ("L1^TAC LEVEL", {}),
        ("L2^CT DNA PROBE URINE", {}),
        ("L3^CONSULT TO CT SURGERY", {}),
        ("L4^PET allergen panel", {}),
        ("L5^Wound culture, LATERAL foot", {}),
        ("L6^Cardiac enzymes AP", {}),
    ],
)
def test_what_is_no_imaging_names_no_modality(code: str, fields: dict[str, str]) -> None:
    assert recognised(code, **fields)[0] == ""


@pytest.mark.parametrize(
    ("code", "fields", "expected"),
    [
        ("70450^CT HEAD W/O", {"o21": "OP"}, ("CT", "HEAD")),
        ("70450^CT HEAD W/O", {"o19": "OT"}, ("CT", "HEAD")),
        ("X1^MRI KNEE", {"o20": "DR"}, ("MR", "KNEE")),
        ("X2^Angio-TC torace", {}, ("CT", "CHEST")),
        ("X3^ANGIO CT CORONARY", {}, ("CT", "CORONARY")),
        ("X4^ANGIO MRI BRAIN", {}, ("MR", "BRAIN")),
        ("X5^CEREBRAL ANGIOGRAPHY", {}, ("XA", "BRAIN")),
        ("X6^CT TEMPORAL BONES", {}, ("CT", "HEAD")),
        ("X7^XR RADIAL HEAD", {}, ("DX", "ELBOW")),
        ("X8^US MAIN RENAL ARTERY", {}, ("US", "KIDNEY")),
        ("CT^CT ABDOMEN", {}, ("CT", "ABDOMEN")),
        ("MR BRAIN^Schaedel nativ", {}, ("MR", "BRAIN")),
        ("MRI MSK^MRI MUSCULOSKELETAL", {}, ("MR", "MSK")),
        ("PT^PET CT WHOLE BODY", {}, ("PT", "WHOLEBODY")),
        ("71020^CHEST PA AND LAT", {}, ("DX", "CHEST")),
        ("73562^KNEE 3 VIEWS", {}, ("DX", "KNEE")),
        ("NB^Bone scan", {"o24": "NMS"}, ("NM", "BONE")),
        ("U1^Pelvis", {"o24": "OUS"}, ("US", "PELVIS")),
        ("B1^US GUIDED BIOPSY LIVER", {}, ("US", "LIVER")),
        ("R1^Knee", {"o24": "RX"}, ("DX", "KNEE")),
        ("CT", {}, ("CT", "")),
    ],
)
def test_imaging_is_recognised_whatever_stands_beside_it(
    code: str, fields: dict[str, str], expected: tuple[str, str]
) -> None:
    assert recognised(code, **fields) == expected

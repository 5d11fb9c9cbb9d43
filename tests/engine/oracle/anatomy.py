"""Which specialty reads what, and which part lies in which region."""

from __future__ import annotations

from apps.engine.facts import Config, OrderFacts
from apps.engine.vocabulary import REGIONS

SPECIALTIES = {
    "neuroradiology": {"HEAD", "BRAIN", "SPINE", "NECK"},
    "musculoskeletal": {"EXTREMITY", "JOINT", "BONE", "KNEE", "SHOULDER", "HIP", "MSK"},
    "cardiothoracic": {"CHEST", "HEART", "LUNG", "CARDIAC"},
    "body imaging": {"ABDOMEN", "PELVIS"},
}


def specialty(order: OrderFacts) -> str:
    """Return the order's own, else the table's. Source: spec 2, last paragraph."""
    if order.subspecialty:
        return order.subspecialty
    if order.modality == "MG" or order.body_part == "BREAST":
        return "breast imaging"
    found = [name for name, parts in SPECIALTIES.items() if order.body_part in parts]
    return found[0] if found else "general radiology"


def holds_part(config: Config, wanted: str, part: str) -> bool:
    """Say whether ``wanted`` is the part or a region that holds it; nothing holds nothing."""
    regions = config.regions or REGIONS
    return part != "" and (wanted == part or part in regions.get(wanted, frozenset()))

"""How many orders a second one core parses and maps: bytes in, what is asked for out.

That is everything the worker does with a message before it touches the database: decode, split,
group, read every fact through the sender's mapping, look up site and procedure, guess from words.
``plain_per_s`` is for senders that nobody has described, ``profiled_per_s`` for a sender whose
every fact has places of its own, with patterns, fixed values and words; both over the same
orders, in turns within one run. ``door_…`` is what the listener reads of a message, before it is
stored. Run with ``python -m benchmarks intake_read``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter_ns

import django

ROUNDS = 7
REPEATS = 40
FIXTURES = Path(__file__).parents[1] / "fixtures" / "hl7"
PLACES = {
    "site": ["ZRD-2.1", "PV1-3.4.1", "MSH-4.1"],
    "accession": ["IPC-1.1", "OBR-18.1", "ZAO-3.1", "OBR-3.1", "ORC-3.1", "ORC-2.1"],
    "placer": ["ORC-2", "OBR-2"],
    "filler": ["ORC-3", "OBR-3"],
    "modality": [
        *("ZRD-3.1", "OBR-24.1", "IPC-5.1", "OBX-5[code MODALITY]"),
        *("OBR-4.1[match ^([A-Z]{2,3})[ _-]]", "OBR-4.1[word 1]", "@procedure"),
    ],
    "body_part": [
        *("ZRD-5.1", "OBX-5[code REGION]", "OBR-15.4.1", "OBR-4.1[word 2]"),
        *(r"OBR-4.2[match \b(head|chest|knee|abdomen)\b]", "@procedure"),
    ],
    "urgency": ["ZRD-4.1", "TQ1-9.1", "ORC-7.6", "OBR-27.6", "OBR-5.1", "=ROUTINE"],
    "indication": ["OBX-5[type TX ST FT]", "OBR-31", "OBR-13"],
}
WORDS = {
    "urgency_words": {"EMERGENCY": "STAT", "SOON": "URGENT"},
    "modality_words": {"MRI3T": "MR", "CTA": "CT"},
    "body_part_words": {"KOPF": "HEAD"},
    "site_words": {"RAD2": "ROBINA"},
}


def run() -> dict[str, float | int | str]:
    """Return orders a second for both, their ratio, and the door's."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radassign.settings")
    django.setup()
    orders = [path.read_bytes() for path in sorted(FIXTURES.glob("o*.hl7"))]
    read_plain, read_profiled = _reader({}, {}), _reader(PLACES, WORDS)
    doors = _door({}), _door({"accession": PLACES["accession"]})
    plain, profiled, door, through = _in_turns(orders, read_plain, read_profiled, *doors)
    return {
        "orders": len(orders),
        "mean_bytes": round(sum(map(len, orders)) / len(orders)),
        "plain_per_s": plain,
        "profiled_per_s": profiled,
        "profiled_to_plain": profiled / plain,
        "door_per_s": door,
        "door_own_numbers_per_s": through,
    }


def _in_turns(orders: list[bytes], *reads: Callable[[bytes], object]) -> list[float]:
    """Return each reader's median rate; rounds alternate, so that noise meets all alike."""
    rates: list[list[float]] = [[] for _ in reads]
    for _ in range(ROUNDS):
        for read, found in zip(reads, rates, strict=True):
            started = perf_counter_ns()
            for _ in range(REPEATS):
                for raw in orders:
                    read(raw)
            seconds = (perf_counter_ns() - started) / 1e9
            found.append(REPEATS * len(orders) / seconds)
    return [median(found) for found in rates]


def _reader(
    places: dict[str, list[str]], words: dict[str, dict[str, str]]
) -> Callable[[bytes], object]:
    """Return the worker's reading, with a catalogue of a few thousand procedures in memory."""
    from apps.catalog.models import Procedure, Site  # noqa: PLC0415 -- after django.setup
    from apps.intake.models import SenderProfile  # noqa: PLC0415 -- as above
    from apps.intake.processing.catalogue import Catalogue, read_as  # noqa: PLC0415 -- as above
    from apps.intake.processing.reading import read_message  # noqa: PLC0415 -- as above

    site = Site(id=1, code="ROBINA", time_zone="Australia/Brisbane")
    profile = SenderProfile(name="all", default_site=site, places=places, **words)
    procedures = {
        f"P{number}": Procedure(id=number, code=f"P{number}", modality="CT", body_part="HEAD")
        for number in range(3_000)
    }
    catalogue = Catalogue(
        versions={},
        sites={"ROBINA": site},
        procedures=procedures,
        procedures_by_id={row.pk: row for row in procedures.values()},
        procedure_aliases={},
        profiles={("", ""): read_as(profile)},
    )
    return lambda raw: read_message(raw, catalogue=catalogue)


def _door(places: dict[str, list[str]]) -> Callable[[bytes], object]:
    from apps.hl7v2.peek import glance  # noqa: PLC0415 -- after django.setup
    from apps.intake.listener.profiles import Profile  # noqa: PLC0415 -- as above
    from apps.intake.listener.through import seen_through  # noqa: PLC0415 -- as above

    profile = Profile(places=places)
    return lambda raw: seen_through(profile, raw, glance(raw))

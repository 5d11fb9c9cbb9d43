"""Which destinations there are and whom each serves, kept in memory until one is edited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from zoneinfo import ZoneInfo

from apps.core.models import ConfigVersion
from apps.hl7v2.separators import Separators, read_separators
from apps.outbound.models import Destination

AREA = "outbound"


@dataclass(frozen=True, slots=True)
class Profile:
    """How messages for a destination are written; empty texts and None mean the order's own."""

    zone: tzinfo
    with_offset: bool = False
    version: str = "2.5.1"
    message_type: str = "ORU^R01"
    with_structure: bool = False
    with_zra: bool = True
    with_obr_32: bool = False
    with_prt: bool = False
    sending_application: str = ""
    sending_facility: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""
    separators: Separators | None = None
    character_set: str | None = None


@dataclass(frozen=True, slots=True)
class DestinationFacts:
    """A destination as messages for it are made; empty ``senders`` and ``site_ids`` mean all."""

    id: int
    senders: frozenset[str]
    site_ids: frozenset[int]
    tells_waiting: bool
    profile: Profile

    def serves(self, *, application: str, facility: str, site_id: int | None) -> bool:
        """Return whether orders of this sender (MSH-3, MSH-4) and site go here."""
        names = {facility, f"{application}^{facility}"}
        return (not self.senders or not self.senders.isdisjoint(names)) and (
            not self.site_ids or site_id in self.site_ids
        )


_kept: tuple[int, tuple[DestinationFacts, ...]] | None = None


def destinations(version: int | None = None) -> tuple[DestinationFacts, ...]:
    """Return all destinations, in the order of their ids.

    Disabled ones too: their queue grows and goes out when they are switched on again, so that a
    pause for maintenance loses nothing.

    Args:
        version: what the caller just read of ``core_configversion`` for the area ``outbound``;
            None reads it here. An edit counts from the transaction on that sees its version.
    """
    global _kept  # noqa: PLW0603 -- one copy per process, replaced as a whole
    current = _version() if version is None else version
    if _kept is None or _kept[0] != current:
        _kept = (current, _load())
    return _kept[1]


def profile_of(destination: Destination) -> Profile:
    """Return how messages for the destination, saved or not, are to be written."""
    chosen = destination.separators
    return Profile(
        zone=ZoneInfo(destination.time_zone),
        with_offset=destination.with_offset,
        version=destination.version,
        message_type=destination.message_type,
        with_structure=destination.with_structure,
        with_zra=destination.with_zra,
        with_obr_32=destination.with_obr_32,
        with_prt=destination.with_prt,
        sending_application=destination.sending_application,
        sending_facility=destination.sending_facility,
        receiving_application=destination.receiving_application,
        receiving_facility=destination.receiving_facility,
        separators=read_separators(f"MSH{chosen}{chosen[0]}".encode()) if chosen else None,
        character_set=destination.character_set or None,
    )


def forget() -> None:
    """Drop the process's copy; the next call reads the destinations anew."""
    global _kept  # noqa: PLW0603 -- see destinations
    _kept = None


def _version() -> int:
    found = ConfigVersion.objects.filter(area=AREA).values_list("version", flat=True).first()
    return found or 0


def _load() -> tuple[DestinationFacts, ...]:
    sites: dict[int, set[int]] = {}
    served = Destination.objects.filter(sites__isnull=False).values_list("pk", "sites")
    for destination_id, site_id in served:
        sites.setdefault(destination_id, set()).add(site_id)
    return tuple(
        DestinationFacts(
            id=row.pk,
            senders=frozenset(row.senders),
            site_ids=frozenset(sites.get(row.pk, ())),
            tells_waiting=row.tells_waiting,
            profile=profile_of(row),
        )
        for row in Destination.objects.order_by("pk")
    )

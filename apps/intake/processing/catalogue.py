"""What is known here: sites, procedures and senders, looked up by the words of messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from apps.assignment.snapshot.versions import read_versions
from apps.catalog.models import Procedure, ProcedureAlias, Site, SiteAlias
from apps.hl7v2.mapping import FactMapping, compile_mapping, default_mapping
from apps.hl7v2.places import check_facts
from apps.intake.models import SenderProfile

MAPPING_AREAS = ("catalog", "senders")
"""The areas of configuration whose edits may mend what is parked."""


@dataclass(frozen=True)
class ReadAs:
    """A sender profile, ready to read with."""

    profile: SenderProfile
    mapping: FactMapping

    def zone(self, site: Site | None) -> ZoneInfo:
        """Return the zone of times without an offset: the sender's, the site's, else UTC."""
        return ZoneInfo(self.profile.time_zone or (site.time_zone if site else "") or "UTC")


def read_as(profile: SenderProfile) -> ReadAs:
    """Return a profile, ready to read with; what is wrong in its mapping is left out.

    Forms refuse a wrong mapping, but an import or SQL may have brought one: a slip in one fact
    must not stop the reading of all others.
    """
    wrong = {problem.fact for problem in check_facts(profile.places)}
    facts = {fact: places for fact, places in profile.places.items() if fact not in wrong}
    words = {
        "urgency": profile.urgency_words,
        "modality": profile.modality_words,
        "body_part": profile.body_part_words,
        "site": profile.site_words,
    }
    if not facts and not any(words.values()):
        return ReadAs(profile, default_mapping())
    return ReadAs(profile, compile_mapping(facts, words))


@dataclass(frozen=True)
class Catalogue:
    """Sites, procedures and profiles of one version; keys are upper case."""

    versions: Mapping[str, int]
    sites: Mapping[str, Site]
    procedures: Mapping[str, Procedure]
    procedures_by_id: Mapping[int, Procedure]
    procedure_aliases: Mapping[tuple[str, str, str], Procedure]
    profiles: Mapping[tuple[str, str], ReadAs]

    def site(self, word: str) -> Site | None:
        """Return the active site of this code or alias, whatever its case."""
        return self.sites.get(word.strip().upper())

    def procedure(self, *, issuer: str, system: str, code: str) -> Procedure | None:
        """Return the procedure of a code: the issuer's own alias first, the table's code last."""
        word = code.strip().upper()
        for owner, coding in ((issuer, system), (issuer, ""), ("", system), ("", "")):
            found = self.procedure_aliases.get((owner, coding, word))
            if found is not None:
                return found
        return self.procedures.get(word)

    def profile(self, *, application: str, facility: str) -> ReadAs:
        """Return the most specific profile of a sender; without any, the defaults."""
        for key in (
            (application, facility),
            ("", facility),
            (application, ""),
            ("", ""),
        ):
            found = self.profiles.get(key)
            if found is not None:
                return found
        return _AS_USUAL


_catalogue: Catalogue | None = None


def current_catalogue(versions: Mapping[str, int] | None = None) -> Catalogue:
    """Return the catalogue of the given versions, read anew when it was edited.

    Args:
        versions: of every area, as the caller's transaction sees them; None takes the copy as
            it is, to be compared later.
    """
    global _catalogue  # noqa: PLW0603 -- one copy per process is the point of a cache
    if _catalogue is None:
        _catalogue = _read()
    if versions is not None and _catalogue.versions != _ours(versions):
        _catalogue = _read()
    return _catalogue


def forget() -> None:
    """Drop the process's copy."""
    global _catalogue  # noqa: PLW0603 -- see current_catalogue
    _catalogue = None


_AS_USUAL = read_as(SenderProfile(name="default"))


def _ours(versions: Mapping[str, int]) -> dict[str, int]:
    return {area: versions.get(area, 0) for area in MAPPING_AREAS}


def _read() -> Catalogue:
    while True:
        before = _ours(read_versions())
        read = _load(before)
        # Equal versions before and after mean that no edit fell between the reads.
        if _ours(read_versions()) == before:
            return read


def _load(versions: dict[str, int]) -> Catalogue:
    sites = {site.pk: site for site in Site.objects.filter(is_active=True)}
    procedures = {row.pk: row for row in Procedure.objects.all()}
    return Catalogue(
        versions=versions,
        sites=_sites_by_word(sites),
        procedures={row.code.upper(): row for row in procedures.values()},
        procedures_by_id=procedures,
        procedure_aliases={
            (alias.issuer, alias.coding_system, alias.local_code.upper()): procedures[
                alias.procedure_id
            ]
            for alias in ProcedureAlias.objects.all()
            if alias.procedure_id in procedures
        },
        profiles={
            (profile.application, profile.facility): read_as(profile)
            for profile in SenderProfile.objects.select_related("default_site")
        },
    )


def _sites_by_word(sites: Mapping[int, Site]) -> dict[str, Site]:
    words = {alias.value.upper(): sites[alias.site_id] for alias in _aliases(sites)}
    return words | {site.code.upper(): site for site in sites.values()}


def _aliases(sites: Mapping[int, Site]) -> Iterable[SiteAlias]:
    return SiteAlias.objects.filter(site_id__in=sites)

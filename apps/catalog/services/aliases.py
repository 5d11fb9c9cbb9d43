"""Brings a record's aliases to what a person typed, with as few changes as possible.

An alias that stays keeps its row, so that the history tells what really changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from apps.catalog.models import Procedure, ProcedureAlias, Site, SiteAlias

LocalCode = tuple[str, str, str]
"""Issuer, coding system, local code; the first two may be empty."""


def set_site_aliases(site: Site, wanted: Sequence[str]) -> None:
    """Give the site exactly these names."""
    kept = set(site.aliases.filter(value__in=wanted).values_list("value", flat=True))
    # First out, then in: one that only changes its case would meet itself.
    for alias in site.aliases.exclude(value__in=kept):
        alias.delete()
    for value in wanted:
        if value not in kept:
            SiteAlias.objects.create(site=site, value=value)


def set_procedure_aliases(procedure: Procedure, wanted: Sequence[LocalCode]) -> None:
    """Give the procedure exactly these local codes."""
    kept = set()
    for alias in procedure.aliases.all():
        key = (alias.issuer, alias.coding_system, alias.local_code)
        if key in wanted:
            kept.add(key)
        else:
            alias.delete()
    for issuer, coding_system, local_code in wanted:
        if (issuer, coding_system, local_code) not in kept:
            ProcedureAlias.objects.create(
                procedure=procedure,
                issuer=issuer,
                coding_system=coding_system,
                local_code=local_code,
            )

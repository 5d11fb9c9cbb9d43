"""The sites that a change concerns: who takes it back must be allowed at all of them.

Read now, not when the change was made: a shift that has been given another site since is that
site's too. What the request itself took away or added counts as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apps.audit.models import AuditEvent
from apps.core import bulk

_OF_SHIFT = "SELECT site_id FROM roster_shiftsite WHERE shift_id::text = %s"
_OF_PERSON = "SELECT site_id FROM roster_radiologistsite WHERE radiologist_id = %s"
_OF_DESTINATION = "SELECT site_id FROM outbound_destination_sites WHERE destination_id::text = %s"
_ITSELF = "SELECT %s::bigint"

_WAYS: Mapping[str, Sequence[tuple[str, str]]] = {
    "roster_shift": (("id", _OF_SHIFT),),
    "roster_shiftworktype": (("shift_id", _OF_SHIFT),),
    "roster_shiftsite": (("shift_id", _OF_SHIFT), ("site_id", _ITSELF)),
    "roster_rosterassignment": (("shift_id", _OF_SHIFT),),
    "roster_rosteroverride": (("shift_id", _OF_SHIFT), ("radiologist_id", _OF_PERSON)),
    "roster_radiologist": (("id", _OF_PERSON),),
    "roster_radiologistsite": (("radiologist_id", _OF_PERSON), ("site_id", _ITSELF)),
    "roster_radiologistcredential": (("radiologist_id", _OF_PERSON),),
    "roster_licence": (("radiologist_id", _OF_PERSON),),
    "roster_privilege": (("radiologist_id", _OF_PERSON),),
    "catalog_site": (("id", _ITSELF),),
    "catalog_sitealias": (("site_id", _ITSELF),),
    "rules_slapolicy": (("site_id", _ITSELF),),
    "outbound_destination": (("id", _OF_DESTINATION),),
}
"""From a row's columns to its sites: the first that is filled leads there, the later ones too
where they name a site."""


_OWNERS = {"roster_shiftsite": "shift_id", "roster_radiologistsite": "radiologist_id"}


def sites_of(event: AuditEvent, request: Iterable[AuditEvent]) -> frozenset[int]:
    """Return the ids of the sites that an event's row belongs to; none means every site.

    Args:
        event: a change of a configuration row.
        request: all changes of the same request, among them perhaps those of the row's sites.
    """
    sites = {site for values in _states(event) for site in _sites(event.entity, values)}
    return frozenset(sites | set(_named_beside(event, request)))


def _sites(table: str, values: Mapping[str, Any]) -> set[int]:
    filled = [(values.get(column), query) for column, query in _WAYS.get(table, ())]
    ways = [(value, query) for value, query in filled if value is not None]
    wanted = ways[:1] + [way for way in ways[1:] if way[1] is _ITSELF]
    return {row[0] for value, query in wanted for row in bulk.select(query, [str(value)])}


def _named_beside(event: AuditEvent, request: Iterable[AuditEvent]) -> Iterable[int]:
    """Return the sites that the same request took from the row or gave it."""
    for other in request:
        owner = _OWNERS.get(other.entity)
        if owner is None:
            continue
        for values in _states(other):
            if str(values.get(owner)) in _owners(event):
                yield int(values["site_id"])


def _owners(event: AuditEvent) -> set[str]:
    columns = [column for column, _ in _WAYS.get(event.entity, ())]
    return {str(values.get(column)) for values in _states(event) for column in columns}


def _states(event: AuditEvent) -> list[dict[str, Any]]:
    return [values for values in (event.old_values, event.new_values) if values]

"""The sites that changes concern: who takes them back must be allowed at all of them.

Read now, not when the change was made: a shift that has been given another site since is that
site's too. What the request itself took away or added counts as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from apps.core import bulk


class _Kind(StrEnum):
    """What a column names."""

    SHIFT = "shift"
    ROTATION = "rotation"
    PERSON = "person"
    DESTINATION = "destination"
    SITE = "site"
    SOURCE = "source"


_Owner: TypeAlias = tuple[_Kind, str]
"""A record that has sites, by its key."""
_Sites: TypeAlias = Mapping[_Owner, set[int]]


class _State(NamedTuple):
    """A row before or after an event: what its columns name, in the order of ``_WAYS``."""

    event: int
    table: str
    owners: Sequence[_Owner]


_WAYS: Mapping[str, Mapping[str, _Kind]] = {
    "roster_shift": {"id": _Kind.SHIFT},
    "roster_shiftworktype": {"shift_id": _Kind.SHIFT},
    "roster_shiftsite": {"shift_id": _Kind.SHIFT, "site_id": _Kind.SITE},
    "roster_rosterassignment": {"shift_id": _Kind.SHIFT},
    "roster_rosterdraft": {"site_id": _Kind.SITE},
    "roster_draftturn": {"shift_id": _Kind.SHIFT},
    "roster_rosteroverride": {"shift_id": _Kind.SHIFT, "radiologist_id": _Kind.PERSON},
    "roster_rostersource": {"site_id": _Kind.SITE},
    "roster_rostername": {"source_id": _Kind.SOURCE},
    "roster_rotation": {"shift_id": _Kind.SHIFT},
    "roster_rotationturn": {"rotation_id": _Kind.ROTATION},
    "roster_plannedgap": {"shift_id": _Kind.SHIFT},
    "roster_swaprequest": {"shift_id": _Kind.SHIFT},
    "roster_radiologist": {"id": _Kind.PERSON},
    "roster_radiologistsite": {"radiologist_id": _Kind.PERSON, "site_id": _Kind.SITE},
    "roster_radiologistcredential": {"radiologist_id": _Kind.PERSON},
    "roster_licence": {"radiologist_id": _Kind.PERSON},
    "roster_privilege": {"radiologist_id": _Kind.PERSON},
    "roster_competencydocument": {"radiologist_id": _Kind.PERSON},
    "roster_workcredit": {"radiologist_id": _Kind.PERSON},
    "catalog_site": {"id": _Kind.SITE},
    "catalog_sitealias": {"site_id": _Kind.SITE},
    "rules_slapolicy": {"site_id": _Kind.SITE},
    "outbound_destination": {"id": _Kind.DESTINATION},
    "outbound_destination_sites": {"destination_id": _Kind.DESTINATION, "site_id": _Kind.SITE},
}
"""From a row's columns to its sites: the first that is filled leads there, the later ones too
where they name a site."""
_COLUMNS = sorted({column for ways in _WAYS.values() for column in ways})
_GIVES_SITES = frozenset(
    {"roster_shiftsite", "roster_radiologistsite", "outbound_destination_sites"}
)
"""Tables whose rows give an owner, named first, a site."""

_STATES = f"""
    SELECT event.id, event.entity, {", ".join(f"state.row ->> '{name}'" for name in _COLUMNS)}
    FROM audit_auditevent AS event,
         LATERAL (VALUES (event.old_values), (event.new_values)) AS state (row)
    WHERE event.id = ANY(%s::bigint[]) AND state.row IS NOT NULL
"""  # noqa: S608 -- the columns are literals of this module
_NOW: Mapping[_Kind, str] = {
    _Kind.SOURCE: """
        SELECT id::text, site_id FROM roster_rostersource
        WHERE site_id IS NOT NULL AND id = ANY(%s::text[]::bigint[])""",
    _Kind.SHIFT: """
        SELECT shift_id::text, site_id FROM roster_shiftsite
        WHERE shift_id = ANY(%s::text[]::bigint[])""",
    # A rotation that the request deleted is known to the trail alone.
    _Kind.ROTATION: """
        SELECT rotation.key, site.site_id
        FROM (
            SELECT id::text AS key, shift_id FROM roster_rotation
            UNION ALL
            SELECT entity_id, (COALESCE(new_values, old_values) ->> 'shift_id')::bigint
            FROM audit_auditevent WHERE entity = 'roster_rotation' AND action = 'delete'
        ) AS rotation (key, shift_id)
        JOIN roster_shiftsite AS site ON site.shift_id = rotation.shift_id
        WHERE rotation.key = ANY(%s::text[])""",
    _Kind.PERSON: """
        SELECT radiologist_id, site_id FROM roster_radiologistsite
        WHERE radiologist_id = ANY(%s::text[])""",
    _Kind.DESTINATION: """
        SELECT destination_id::text, site_id FROM outbound_destination_sites
        WHERE destination_id = ANY(%s::text[]::bigint[])""",
}


def sites_of(events: Sequence[int]) -> Mapping[int, frozenset[int]]:
    """Return the ids of the sites that each event's row belongs to; none means every site.

    Args:
        events: ids of all changes of one request, among them perhaps those of a row's sites.
    """
    states = _states(events)
    now = _sites_now({owner for state in states for owner in _leading(state)})
    beside = _named_beside(states)
    found: defaultdict[int, set[int]] = defaultdict(set)
    for state in states:
        for owner in _leading(state):
            found[state.event] |= now.get(owner, set())
        for owner in state.owners:
            found[state.event] |= beside.get(owner, set())
    return {event: frozenset(found[event]) for event in events}


def _states(events: Sequence[int]) -> list[_State]:
    rows = bulk.select(_STATES, [list(events)])
    return [
        _state(event, table, dict(zip(_COLUMNS, values, strict=True)))
        for event, table, *values in rows
    ]


def _state(event: int, table: str, values: Mapping[str, str | None]) -> _State:
    ways = _WAYS.get(table, {}).items()
    named = ((kind, values[column]) for column, kind in ways)
    return _State(event, table, [(kind, value) for kind, value in named if value is not None])


def _leading(state: _State) -> Sequence[_Owner]:
    later = [owner for owner in state.owners[1:] if owner[0] is _Kind.SITE]
    return [*state.owners[:1], *later]


def _sites_now(owners: Iterable[_Owner]) -> _Sites:
    """Return the sites that records have at present; a site is its own."""
    wanted: defaultdict[_Kind, list[str]] = defaultdict(list)
    for kind, key in owners:
        wanted[kind].append(key)
    found = defaultdict(set, {(_Kind.SITE, key): {int(key)} for key in wanted.pop(_Kind.SITE, [])})
    for kind, keys in wanted.items():
        for key, site in bulk.select(_NOW[kind], [keys]):
            found[kind, key].add(site)
    return found


def _named_beside(states: Iterable[_State]) -> _Sites:
    """Return the sites that the request took from records or gave them."""
    found: defaultdict[_Owner, set[int]] = defaultdict(set)
    for state in states:
        if state.table in _GIVES_SITES:
            owner, (_, site) = state.owners
            found[owner].add(int(site))
    return found

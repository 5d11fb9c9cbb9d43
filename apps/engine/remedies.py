"""What would lift each reason for which a reader falls out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from math import ceil

from apps.engine import changes
from apps.engine.capacity import relief_refusal
from apps.engine.changes import Change, World
from apps.engine.codes import Refused
from apps.engine.facts import RadiologistFacts
from apps.engine.refusals import Refusal

_MOST = 1_000
_Remedy = Callable[[World, RadiologistFacts, Refusal], list[Change]]


def remedies(world: World, person: RadiologistFacts, refusal: Refusal) -> list[Change]:
    """Return the changes that each lift a reason by themselves, the smallest first; or none.

    What a study needs of its reader is never what changes: a credential is got, not waived.
    """
    found = _REMEDIES.get(refusal.code)
    return found(world, person, refusal) if found else []


def _online(_world: World, person: RadiologistFacts, _refusal: Refusal) -> list[Change]:
    return [changes.online(person.id)]


def _seats(world: World, person: RadiologistFacts, _refusal: Refusal) -> list[Change]:
    load = world.load_of(person.id)
    free = load.open_studies - person.max_concurrent_studies + 1
    name = "studies at once"
    more = changes.raised(person, "max_concurrent_studies", load.open_studies + 1, free, name)
    return [changes.finished(load, free), more]


def _seats_by_rvu(world: World, person: RadiologistFacts, _refusal: Refusal) -> list[Change]:
    load, limit = world.load_of(person.id), person.max_concurrent_rvu
    if limit is None:
        return []
    higher = load.open_rvu + 1
    more = changes.raised(
        person, "max_concurrent_rvu", higher, ceil(higher - limit), "RVU at once"
    )
    enough = _studies_over(load.open_studies, load.open_rvu, limit)
    return [changes.finished(load, enough), more] if enough else [more]


def _studies_over(studies: int, rvu: Decimal, limit: Decimal) -> int:
    """Return how many studies of the mean RVU must go so that what is left lies below a limit."""
    if not studies or not rvu:
        return 0
    kept = ceil(limit * studies / rvu) - 1
    return studies - max(kept, 0)


def _hourly(world: World, person: RadiologistFacts, _refusal: Refusal) -> list[Change]:
    made = world.load_of(person.id).assigned_last_hour
    by = made + 1 - person.max_studies_per_hour
    return [changes.raised(person, "max_studies_per_hour", made + 1, by, "studies in an hour")]


def _hourly_rvu(world: World, person: RadiologistFacts, _refusal: Refusal) -> list[Change]:
    higher = world.load_of(person.id).rvu_last_hour + 1
    by = ceil(higher - (person.max_rvu_per_hour or 0))
    return [changes.raised(person, "max_rvu_per_hour", higher, min(by, _MOST), "RVU in an hour")]


def _less_on_hand(world: World, person: RadiologistFacts, refusal: Refusal) -> list[Change]:
    """Return the fewest studies without which they have less on hand than whoever is relieved."""
    load, relieved = world.load_of(person.id), world.person(str(refusal.params[0]))
    held = world.load_of(relieved.id)
    for studies in range(1, load.open_studies + 1):
        left = changes.without_studies(load, studies)
        if relief_refusal(person, left, relieved, held) is None:
            return [changes.finished(load, studies)]
    return []


def _licence(_world: World, person: RadiologistFacts, refusal: Refusal) -> list[Change]:
    return [changes.with_licence(person, str(refusal.params[0]))]


def _privilege(world: World, person: RadiologistFacts, _refusal: Refusal) -> list[Change]:
    site = world.compiled.sites[world.order.site]
    return [changes.with_privilege(person, site, world.order)]


def _credential(_world: World, person: RadiologistFacts, refusal: Refusal) -> list[Change]:
    return [changes.with_credentials(person, tuple(str(name) for name in refusal.params))]


def _credential_of_rule(world: World, person: RadiologistFacts, refusal: Refusal) -> list[Change]:
    return _credential(world, person, refusal._replace(params=refusal.params[:-1]))


def _specialty(_world: World, person: RadiologistFacts, refusal: Refusal) -> list[Change]:
    return [changes.with_specialty(person, str(refusal.params[0]))]


_REMEDIES: Mapping[Refused, _Remedy] = {
    Refused.OFFLINE: _online,
    Refused.BUSY: _online,
    Refused.INACTIVE: lambda _world, person, _refusal: [changes.active(person.id)],
    Refused.ON_LEAVE: lambda _world, person, _refusal: [changes.back(person.id)],
    Refused.NON_READING: lambda _world, person, _refusal: [changes.back(person.id)],
    Refused.PASSED_OVER: lambda _world, person, _refusal: [changes.given_again(person.id)],
    Refused.CONCURRENT_FULL: _seats,
    Refused.CONCURRENT_RVU_FULL: _seats_by_rvu,
    Refused.HOURLY_FULL: _hourly,
    Refused.HOURLY_RVU_FULL: _hourly_rvu,
    Refused.NO_LESS_LOAD: _less_on_hand,
    Refused.CREDENTIAL: _credential,
    Refused.RULE_CREDENTIAL: _credential_of_rule,
    Refused.SUBSPECIALTY: _specialty,
    Refused.LICENCE: _licence,
    Refused.PRIVILEGE: _privilege,
}

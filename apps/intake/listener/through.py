"""Reads a message's order numbers where its sender's profile says that they are.

The door reads the usual places by hand, in microseconds. A sender that keeps its numbers in other
places costs a whole parse, and only that sender: what keeps two messages in order at the door
must be what makes them one order inside.
"""

from __future__ import annotations

from collections.abc import Iterator

from apps.hl7v2.errors import FieldError
from apps.hl7v2.groups import MAX_GROUPS, Group, split_groups
from apps.hl7v2.mapping import FactMapping, Finder, compile_mapping
from apps.hl7v2.message import Message
from apps.hl7v2.numbers import unnumbered, unnumbered_group
from apps.hl7v2.peek import Identity, Peek, with_identities
from apps.hl7v2.places import check_facts
from apps.intake.listener.profiles import Profile

# Read where every connection waits for it: beyond this a message is kept by its usual places
# alone, so it may overtake another one of its order. That it has no number is not said here
# then: it is taken, and inside, where the mapping is read whole, it is used or put in quarantine.
_MAX_BYTES = 256 * 1024

IDENTITY_FACTS = frozenset({"placer", "filler", "accession", "study_uid"})


def seen_through(profile: Profile, raw: bytes, seen: Peek) -> Peek:
    """Return what is known of an order, its numbers read through the profile's mapping."""
    if not profile.places or not seen.is_order or IDENTITY_FACTS.isdisjoint(profile.places):
        return seen
    if len(raw) > _MAX_BYTES:
        return with_identities(seen, seen.identities, None)
    try:
        message = Message(raw, fallback=profile.character_set.encode("ascii"))
    except FieldError:
        return seen
    mapping = _mapping(profile)
    groups = split_groups(message)
    if len(groups) > MAX_GROUPS:
        return with_identities(seen, seen.identities, None)
    found = [tuple(_identities(group, mapping)) for group in groups]
    identities = tuple(dict.fromkeys(identity for group in found for identity in group))
    missing = unnumbered() if not found else None
    if not all(found):
        missing = unnumbered_group(message, lambda group: any(_identities(group, mapping)))
    return with_identities(seen, identities, missing)


def _mapping(profile: Profile) -> FactMapping:
    facts = {fact: profile.places[fact] for fact in IDENTITY_FACTS & profile.places.keys()}
    wrong = {problem.fact for problem in check_facts(facts)}
    return compile_mapping({fact: facts[fact] for fact in facts if fact not in wrong})


def _identities(group: Group, mapping: FactMapping) -> Iterator[Identity]:
    finder = Finder(group.first, group.all)
    for fact in sorted(IDENTITY_FACTS):
        for place in mapping.places[fact]:
            value = finder.value(place)
            if value:
                yield Identity(fact, value)
                break
    orc = group.first("ORC")
    if orc is not None and (number := orc.get(4).strip()):
        yield Identity("placer_group", number)

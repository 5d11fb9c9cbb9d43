"""What follows from saving a sender profile, in words."""

from __future__ import annotations

from collections.abc import Mapping

from apps.audit.editing import Effect
from apps.intake.models import SenderProfile
from apps.intake.processing.catalogue import read_as
from apps.intake.queries.sender_facts import looks_into_hidden
from apps.intake.queries.sender_understood import TRIED, Tried, try_parked
from apps.intake.queries.sender_waiting import RUN_AT_ONCE, Waiting

_ALWAYS = Effect("Counts from the next message on; studies that are here keep what they have.")
_FOLLOWS: Mapping[str, Effect] = {
    "issuer": Effect(
        "Its order numbers belong to another issuer from now on: changes and cancels of studies "
        "that are here already would make new ones.",
        "warn",
    ),
    "application": Effect("It reads the messages of other senders than before.", "warn"),
    "facility": Effect("It reads the messages of other senders than before.", "warn"),
    "networks": Effect("Messages from any other address are refused with AR.", "warn"),
    "certificates": Effect("Messages with any other certificate are refused with AR.", "warn"),
}
_NUMBERS = frozenset({"places_placer", "places_filler", "places_accession", "places_study_uid"})


def effects_of(
    profile: SenderProfile, changed: frozenset[str], found: Waiting, *, may_run: bool
) -> list[Effect]:
    """Return what follows from saving a profile.

    Args:
        profile: as it is on the form.
        changed: the fields that differ from what is saved.
        found: what waits of the senders that it reads.
        may_run: whether saving lets messages in quarantine run again.
    """
    if not changed:
        return []
    effects = [_ALWAYS, *_parked(profile, found), *_quarantined(found, may_run=may_run)]
    named = {effect.words: effect for name, effect in _FOLLOWS.items() if name in changed}
    if changed & {"networks"} and not profile.networks:
        named.pop(_FOLLOWS["networks"].words)
    if changed & {"certificates"} and not profile.certificates:
        named.pop(_FOLLOWS["certificates"].words)
    return [*effects, *named.values(), *_strictness(profile), *_identity(changed)]


def _parked(profile: SenderProfile, found: Waiting) -> list[Effect]:
    if not found.parked_count:
        return []
    if looks_into_hidden(read_as(profile).mapping):
        return [Effect(f"{_studies(found.parked_count)} read again.")]
    tried = try_parked(profile, found.segments(TRIED))
    return [_again(found.parked_count, tried), *_numberless(tried)]


def _again(count: int, tried: Tried) -> Effect:
    some = f" Of the first {tried.read}, " if count > tried.read else " "
    helped = f"{tried.helped} would find what" if tried.helped else "none would find what"
    lacks = "it lacks" if tried.helped == 1 else "they lack"
    return Effect(
        f"{_studies(count)} read again.{some}"
        f"{helped if some.strip() else helped.capitalize()} {lacks}.",
        "calm" if tried.helped else "warn",
    )


def _studies(count: int) -> str:
    if count == 1:
        return "1 parked study of this sender is"
    return f"{count} parked studies of this sender are"


def _numberless(tried: Tried) -> list[Effect]:
    if not tried.numberless:
        return []
    words = f"{tried.numberless} of them would have no order number at all, and stay parked."
    return [Effect(words, "alarm")]


def _quarantined(found: Waiting, *, may_run: bool) -> list[Effect]:
    count = min(found.quarantined_count, RUN_AT_ONCE)
    if not count or not may_run:
        return []
    messages = "1 message" if count == 1 else f"{count} messages"
    return [Effect(f"{messages} in quarantine {'runs' if count == 1 else 'run'} again.")]


def _strictness(profile: SenderProfile) -> list[Effect]:
    if not profile.is_strict:
        return []
    return [Effect("Strict: whatever is not in the lists is refused with AR.", "warn")]


def _identity(changed: frozenset[str]) -> list[Effect]:
    if not changed & _NUMBERS:
        return []
    words = (
        "Order numbers are read from other places: a change or cancel finds a study that is here "
        "only if they say the same number."
    )
    return [Effect(words, "warn")]

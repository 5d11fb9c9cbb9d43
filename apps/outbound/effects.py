"""What follows from a change of a destination, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from apps.audit.editing import Effect
from apps.catalog.effects import counted
from apps.core.access import EVERYWHERE
from apps.outbound.choices import OnDeadLetter
from apps.outbound.models import Destination
from apps.outbound.queries.pages import Traffic, rows_of

_WRITTEN = frozenset({"receiving_application", "receiving_facility", "time_zone", "with_offset"})
_TRIED = frozenset(
    {"answer_timeout_seconds", "quick_retries", "longest_wait_seconds", "give_up_hours"}
)


def of_edit(destination: Destination, changed: frozenset[str]) -> list[Effect]:
    """Return what follows when these fields change to what the destination has now."""
    if destination._state.adding:  # noqa: SLF001 -- Django's public name for it
        words = "It is told of assignments made from now on; of earlier ones it is not told."
        return [Effect(words)]
    traffic = rows_of([destination], EVERYWHERE)[0].traffic
    asked = [answer for names, answer in _ANSWERS.items() if names & changed]
    return [effect for answer in asked for effect in answer(destination, traffic)]


def of_deletion(destination: Destination) -> list[Effect]:
    """Return what follows when the destination is gone."""
    return [Effect(f"Nothing goes to {destination.host}:{destination.port} any more.", "warn")]


def _moved(destination: Destination, traffic: Traffic) -> list[Effect]:
    waiting = counted(traffic.queued, "message waits", "messages wait")
    words = f"{waiting} and will go to {destination.host}:{destination.port}."
    return [Effect(words, "warn" if traffic.queued else "calm")]


def _switched(destination: Destination, traffic: Traffic) -> list[Effect]:
    waiting = counted(traffic.queued, "message waits", "messages wait")
    if destination.is_enabled:
        return [Effect(f"{waiting}; what waits goes out at once, oldest first.")]
    words = f"{waiting}; what comes is queued, and nothing goes out until it is switched on."
    return [Effect(words, "warn")]


def _served(_destination: Destination, traffic: Traffic) -> list[Effect]:
    effects = [Effect("Counts for what is assigned from now on.")]
    if traffic.queued:
        waiting = counted(traffic.queued, "message waits", "messages wait")
        effects.append(Effect(f"{waiting} already and will still go out."))
    return effects


def _written(_destination: Destination, _traffic: Traffic) -> list[Effect]:
    return [Effect("Counts for messages made from now on; those that wait stay as they are.")]


def _tried(_destination: Destination, _traffic: Traffic) -> list[Effect]:
    return [Effect("Counts from the next try on.")]


def _held(destination: Destination, traffic: Traffic) -> list[Effect]:
    letters = counted(traffic.dead, "dead letter", "dead letters")
    if destination.on_dead_letter == OnDeadLetter.SKIP:
        words = f"{letters} now; later messages of their orders no longer wait for them."
    else:
        words = f"{letters} now; later messages of their orders wait until one is sent or skipped."
    return [Effect(words, "warn" if traffic.dead else "calm")]


_ANSWERS: Mapping[frozenset[str], Callable[[Destination, Traffic], list[Effect]]] = {
    frozenset({"host", "port"}): _moved,
    frozenset({"is_enabled"}): _switched,
    frozenset({"senders", "sites"}): _served,
    _WRITTEN: _written,
    _TRIED: _tried,
    frozenset({"on_dead_letter"}): _held,
}

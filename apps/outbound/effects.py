"""What follows from a change of a destination, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.conf import settings

from apps.audit.editing import Effect
from apps.catalog.effects import counted
from apps.core.access import EVERYWHERE
from apps.outbound.choices import MessageType, OnDeadLetter, Version
from apps.outbound.models import Destination
from apps.outbound.queries.pages import Traffic, rows_of

_WRITTEN = frozenset(
    {
        *("message_type", "version", "with_structure", "with_zra", "with_obr_32", "with_prt"),
        *("sending_application", "sending_facility", "separators", "character_set"),
        *("receiving_application", "receiving_facility", "time_zone", "with_offset"),
    }
)
_SECURED = frozenset({"uses_tls", "tls_authority", "tls_server_name", "shows_certificate"})
_WITHOUT_ORM = frozenset({Version.V27, Version.V271, Version.V28})
_WITHOUT_OMI = frozenset({Version.V23, Version.V231, Version.V24})
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


def _written(destination: Destination, _traffic: Traffic) -> list[Effect]:
    effects = [Effect("Counts for messages made from now on; those that wait stay as they are.")]
    version, kind = destination.version, destination.message_type
    if kind == MessageType.ORM and version in _WITHOUT_ORM:
        effects.append(
            Effect(f"HL7 {version} has no ORM^O01 any more; it goes out so labelled.", "warn")
        )
    if kind == MessageType.OMI and version in _WITHOUT_OMI:
        effects.append(
            Effect(f"HL7 {version} has no OMI^O23 yet; it goes out so labelled.", "warn")
        )
    if not destination.with_zra:
        effects.append(Effect("Shift, strategy and the reason stand in ZRA alone.", "warn"))
    return effects


def _secured(destination: Destination, _traffic: Traffic) -> list[Effect]:
    effects = [Effect("The connection is closed and made anew after what is on its way.")]
    if not destination.uses_tls:
        effects.append(Effect("Patient data crosses the network unencrypted.", "warn"))
    elif destination.shows_certificate and settings.HL7_CLIENT_CERT is None:
        words = "HL7_CLIENT_CERT is not set: nothing can be sent until it is."
        effects.append(Effect(words, "alarm"))
    return effects


def _tells(destination: Destination, _traffic: Traffic) -> list[Effect]:
    told = "is told" if destination.tells_waiting else "is no longer told"
    return [Effect(f"It {told} of orders that wait for their first reader, from now on.")]


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
    frozenset({"tells_waiting"}): _tells,
    _WRITTEN: _written,
    _SECURED: _secured,
    _TRIED: _tried,
    frozenset({"on_dead_letter"}): _held,
}

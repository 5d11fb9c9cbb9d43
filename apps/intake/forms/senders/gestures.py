"""What the buttons of the editor do to the form that was sent: a place added, moved, removed.

Each is a submit button with a name and a value, so that the page works without JavaScript: the
form comes back with the change in it, and nothing is saved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.http import QueryDict

from apps.hl7v2.places import DEFAULT_FACTS, MAX_OWN, OWN, is_own
from apps.intake.forms.senders.fields import own_name
from apps.intake.forms.senders.profile import OWN_FACTS, PLACES
from apps.intake.queries.sender_labels import LABELS

ACTIVE = "active"
_SHOWS = frozenset({"fact", "sample", "open", "group"})
_FIRST = "modality"
_WHOLE = frozenset(
    {
        *("patient_id", "patient_name", "patient_location", "ordering_provider"),
        "provider_contact",
    }
)
"""Facts that are read from a whole field; a component that is chosen means its field."""


@dataclass(frozen=True, slots=True)
class Gesture:
    """The form after a button; ``is_one`` where a button of the editor was pressed."""

    data: QueryDict
    active: str
    is_one: bool
    has_to_open: bool

    def wants_open(self, message_id: int) -> bool:
        """Return whether the page shows this message open, or was just asked to."""
        return self.has_to_open or self.data.get("opened") == str(message_id)


def applied(posted: QueryDict) -> Gesture:
    """Return the form that was sent, with what its button asks for."""
    data = posted.copy()
    pressed = [name for name in (*_DEEDS, *_SHOWS) if name in posted]
    active = _known(data, posted.get("fact") or posted.get(ACTIVE) or "")
    for name in pressed:
        if name in _DEEDS:
            active = _DEEDS[name](data, str(posted[name]), active)
    for name in (*_DEEDS, "fact", "open", "sample"):
        data.pop(name, None)
    data[ACTIVE] = active
    return Gesture(data, active, bool(pressed), "open" in pressed)


def _known(data: QueryDict, fact: str) -> str:
    return fact if _is_on_form(data, fact) else _FIRST


def _is_on_form(data: QueryDict, fact: str) -> bool:
    return fact in LABELS or (is_own(fact) and fact in data.getlist(OWN_FACTS))


def _places(data: QueryDict, fact: str) -> list[str]:
    """Return the places of a fact: those on the form, else its usual ones."""
    return _listed(data, fact) or list(DEFAULT_FACTS.get(fact, ()))


def _listed(data: QueryDict, fact: str) -> list[str]:
    return [item.strip() for item in data.getlist(f"{PLACES}{fact}") if item.strip()]


def _add(data: QueryDict, place: str, fact: str) -> str:
    """Want a place first; the others stay behind it."""
    wanted = _for_fact(place.strip(), fact)
    places = _places(data, fact)
    data.setlist(f"{PLACES}{fact}", [wanted, *(one for one in places if one != wanted)])
    return fact


def _for_fact(place: str, fact: str) -> str:
    if fact not in _WHOLE:
        return place
    segment, _, rest = place.partition("-")
    number = "".join(char if char.isdigit() else " " for char in rest).split()
    return f"{segment}-{number[0]}" if number else place


def _compose(data: QueryDict, _pressed: str, fact: str) -> str:
    """Add the place that the small form below the list describes."""
    where, what = (data.get(name, "").strip() for name in ("new_where", "new_what"))
    kind = data.get("new_kind", "")
    if kind == "fixed" and what:
        _add(data, f"={what}", fact)
    elif where and kind in _NARROWED and what:
        _add(data, f"{where}[{kind} {what}]", fact)
    elif where:
        _add(data, where, fact)
    for name in ("new_where", "new_what", "new_kind"):
        data.pop(name, None)
    return fact


_NARROWED = frozenset({"word", "match", "code", "type"})


def _move(data: QueryDict, pressed: str, active: str) -> str:
    """Move a place up or down: ``modality:2:up``."""
    fact, number, way = _read(data, pressed, active)
    places = _places(data, fact)
    other = number - 1 if way == "up" else number + 1
    if 0 <= number < len(places) and 0 <= other < len(places):
        places[number], places[other] = places[other], places[number]
    data.setlist(f"{PLACES}{fact}", places)
    return fact


def _drop(data: QueryDict, pressed: str, active: str) -> str:
    """Remove a place: ``modality:2``; where none is left the usual ones count."""
    fact, number, _way = _read(data, pressed, active)
    places = _places(data, fact)
    data.setlist(f"{PLACES}{fact}", [one for n, one in enumerate(places) if n != number])
    return fact


def _usual(data: QueryDict, pressed: str, _active: str) -> str:
    fact = _known(data, pressed)
    data.setlist(f"{PLACES}{fact}", [])
    return fact


def _add_own(data: QueryDict, _pressed: str, active: str) -> str:
    """Add the field of the sender's own that is named; the form says what is wrong with it."""
    fact, there = f"{OWN}{own_name(data.get('own_name', ''))}", data.getlist(OWN_FACTS)
    if not is_own(fact) or (fact not in there and len(there) >= MAX_OWN):
        return active
    data.setlist(OWN_FACTS, list(dict.fromkeys([*there, fact])))
    data.pop("own_name", None)
    return fact


def _drop_own(data: QueryDict, pressed: str, active: str) -> str:
    """Remove a field of the sender's own with its places."""
    data.setlist(OWN_FACTS, [fact for fact in data.getlist(OWN_FACTS) if fact != pressed])
    data.pop(f"{PLACES}{pressed}", None)
    return _known(data, active)


def _read(data: QueryDict, pressed: str, active: str) -> tuple[str, int, str]:
    fact, number, way = (*pressed.split(":"), "", "")[:3]
    known = fact if _is_on_form(data, fact) else active
    return known, int(number) if number.isascii() and number.isdigit() else -1, way


_DEEDS: Mapping[str, Callable[[QueryDict, str, str], str]] = {
    "add": _add,
    "compose": _compose,
    "move": _move,
    "drop": _drop,
    "usual": _usual,
    "own_add": _add_own,
    "own_drop": _drop_own,
}

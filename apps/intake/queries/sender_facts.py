"""What a mapping understands of a sample: each fact, the place that gave it, what it means here.

The value of a fact is the one that the real reading comes to; beside it stands what every place
in the list says, so that one sees why the first did not count. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.hl7v2.mapping import FactMapping, Finder
from apps.hl7v2.masking import is_told
from apps.hl7v2.message import Message, is_filled
from apps.hl7v2.places import DEFAULT_FACTS, Place, is_own
from apps.intake.queries.sender_labels import LABELS, label_of
from apps.intake.queries.sender_meanings import Here, final_of, meaning_of, modality_in_words

_LONGEST = 160
_HIDDEN = "hidden"
_MATTERS = frozenset({"site", "modality"})


@dataclass(frozen=True, slots=True)
class PlaceSaid:
    """What one place of a fact's list says in the sample; state is used, spare, unknown, empty.

    It is no word at all where even that would tell what a hidden field holds.
    """

    text: str
    value: str
    state: str


@dataclass(frozen=True, slots=True)
class FactSaid:
    """What is understood of one fact: its value in words and the place it came from.

    ``tone`` is good, calm, warn or alarm; ``places`` are all that are looked at, in order.
    """

    fact: str
    label: str
    value: str
    source: str
    tone: str
    places: Sequence[PlaceSaid]


def facts_said(here: Here, visible: frozenset[str] | None) -> dict[str, FactSaid]:
    """Return what is understood of every fact, and of the sender's own that have a place.

    Args:
        here: a group of the sample, read.
        visible: fields whose values may be shown; None for all.
    """
    teller = _Teller(here, visible)
    own = filter(is_own, here.mapping.places)
    return {fact: teller.fact(fact) for fact in (*LABELS, *own)}


class _Teller:
    """Puts one group's facts into words."""

    def __init__(self, here: Here, visible: frozenset[str] | None) -> None:
        self.here = here
        self.visible = visible
        self.finder = Finder(here.group.first, here.group.all)
        every = (place for places in here.mapping.places.values() for place in places)
        self.hidden = hidden_fields(here.message, every, visible)

    def fact(self, name: str) -> FactSaid:
        places = self.here.mapping.places[name]
        meanings = [self.meaning(name, place) for place in places]
        winner = next((n for n, meaning in enumerate(meanings) if meaning), None)
        meant = meanings[winner] if winner is not None else ""
        asking = next((n for n, place in enumerate(places) if self.asks(name, place)), len(places))
        value = final_of(self.here, name) or meant
        source = places[winner].text if winner is not None else ""
        if value and winner is None:
            source = self.other_source(name)
        tone, told = self.tone(name, value), _HIDDEN
        if asking < len(places) and (winner is None or winner >= asking):
            source, tone = "", "calm"
        elif not value or self.may_tell_final(name, places, winner, is_plain=value == meant):
            told = self.shown(value)
        return FactSaid(
            fact=name,
            label=label_of(name),
            value=told,
            source=source,
            tone=tone,
            places=[
                self.place_said(name, place, meaning, is_first=n == winner, is_secret=n >= asking)
                for n, (place, meaning) in enumerate(zip(places, meanings, strict=True))
            ],
        )

    def place_said(
        self, name: str, place: Place, meaning: str, *, is_first: bool, is_secret: bool
    ) -> PlaceSaid:
        if self.asks(name, place):
            return PlaceSaid(place.text, _HIDDEN, "")
        said = meaning if place.kind == "procedure" else self.value(place)
        state = ("used" if is_first else "spare") if meaning else "unknown" if said else "empty"
        shown = self.shown(said) if self.is_visible(place) or not said else _HIDDEN
        return PlaceSaid(place.text, shown, "" if is_secret else state)

    def asks(self, name: str, place: Place) -> bool:
        """Return whether a place asks a hidden field something.

        Whether a pattern, a word or a word of the sender's own finds anything there is already an
        answer, so nothing that depends on it may be told: not which place counts, and not that
        none does.
        """
        if place_field(place) not in self.hidden:
            return False
        is_own = place.text not in DEFAULT_FACTS.get(name, ())
        return place.kind in ("match", "word") or (
            is_own and _maps(name, place, self.here.mapping)
        )

    def may_tell_final(
        self, name: str, places: Sequence[Place], winner: int | None, *, is_plain: bool
    ) -> bool:
        """Return whether what the reading comes to may be told.

        It may come from more than the first filled place (a later repetition or segment), so a
        place that says it plainly is believed alone; otherwise no place may be hidden.
        """
        if not any(place_field(place) in self.hidden for place in places):
            return True
        if winner is None:
            return name in _OURS or name in _TIMES
        return self.may_tell(name, places[winner]) and (is_plain or name in _OURS)

    def shown(self, value: str) -> str:
        """Return a value for the page; masked, a line end hides the rest, as in the tree."""
        lines = value.splitlines()
        return _cut(value if self.visible is None or not lines else lines[0])

    def value(self, place: Place) -> str:
        """Return what a place says; of a field that repeats, the first that is filled."""
        if value := self.finder.value(place):
            return value
        if place.kind or place.path.component is not None:
            return ""
        filled = (one.value.strip() for one in self.finder.repetitions((place,)))
        return next((value for value in filled if is_filled(value)), "")

    def meaning(self, name: str, place: Place) -> str:
        """Return what a place's value means here, empty where it means nothing."""
        if place.kind == "procedure":
            return self.of_table(name)
        value = self.value(place)
        return meaning_of(self.here, name, value) if value else ""

    def of_table(self, name: str) -> str:
        procedure = self.here.procedure
        value = str(getattr(procedure, name, "") or "") if procedure else ""
        return modality_in_words(value) if name == "modality" else value

    def other_source(self, name: str) -> str:
        if name == "site":
            is_own = self.here.site == self.here.sender.profile.default_site
            return "the default site" if is_own else "MSH-4"
        if name in ("modality", "body_part"):
            return "the words of the procedure text"
        if name != "urgency":
            return ""
        if self.here.facts.urgency.unknown:
            return "a word that nobody knows"
        return "the procedure's usual urgency" if self.here.procedure else "nothing being said"

    def tone(self, name: str, value: str) -> str:
        if value:
            flagged = name == "procedure_code" and self.here.procedure is None
            is_unknown = name == "urgency" and bool(self.here.facts.urgency.unknown)
            return "warn" if flagged or is_unknown else "good"
        return "alarm" if name in _MATTERS else "calm"

    def may_tell(self, name: str, place: Place) -> bool:
        """Return whether what a value means may be told: its field is shown, or it is ours.

        A whole field that says a site, modality, body part or urgency in everybody's words says
        nothing of people. What a pattern or a word of this sender makes of a hidden field does:
        whoever maps could ask a name for its letters, one by one.
        """
        if self.is_visible(place):
            return True
        is_own_word = self.value(place).strip().upper() in self.here.mapping.words_of(name)
        return name in _OURS and not place.kind and not is_own_word

    def is_visible(self, place: Place) -> bool:
        if self.visible is None or place.kind in ("fixed", "procedure"):
            return True
        return place_field(place) in self.visible


def looks_into_hidden(mapping: FactMapping) -> bool:
    """Return whether what comes of a mapping may answer a question about a hidden field.

    A pattern, a word of a field, or words of the sender's own: with any of them somebody could ask
    a name for its letters, and be told by nothing more than whether a study would be complete.
    """
    return any(
        _asks(fact, place, mapping)
        for fact, places in mapping.places.items()
        for place in places
        if place.text not in DEFAULT_FACTS.get(fact, ())
    )


def _asks(fact: str, place: Place, mapping: FactMapping) -> bool:
    if place.kind in ("fixed", "procedure") or is_told(place.path.segment, place.path.field):
        return False
    return place.kind in ("match", "word") or _maps(fact, place, mapping)


def _maps(fact: str, place: Place, mapping: FactMapping) -> bool:
    """Return whether words of the sender's own are looked up in a field that is a person's.

    A segment of a vendor's own is hidden because nobody knows what is in it, and is where senders
    keep modality and site; a whole value that is guessed there tells nothing of a person.
    """
    return bool(mapping.words_of(fact)) and not place.path.segment.startswith("Z")


_OURS = frozenset({"site", "modality", "body_part", "urgency"})
_TIMES = frozenset({"exam_at", "scheduled_at", "ordered_at", "sent_at"})


def place_field(place: Place) -> str:
    """Return the field that a place reads, such as ``OBR-4``."""
    return f"{place.path.segment}-{place.path.field}"


def hidden_fields(
    message: Message, places: Iterable[Place], visible: frozenset[str] | None
) -> frozenset[str]:
    """Return the fields of places that are filled anywhere in a message and may not be shown."""
    if visible is None:
        return frozenset()
    wanted: dict[str, set[int]] = {}
    for place in places:
        if place.kind not in ("fixed", "procedure") and place_field(place) not in visible:
            wanted.setdefault(place.path.segment, set()).add(place.path.field)
    found: set[str] = set()
    for segment in message.segments:
        left = wanted.get(segment.name)
        if not left:
            continue
        filled = {number for number in left if segment.text(number).strip()}
        found |= {f"{segment.name}-{number}" for number in filled}
        left -= filled
    return frozenset(found)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return f"{line[:_LONGEST]}…" if len(line) > _LONGEST else line

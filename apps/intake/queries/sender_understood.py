"""What would be understood with a profile that is not saved yet; nothing is written.

The sample is read by the same functions as a message that takes effect, with a catalogue in which
the profile stands as it is on the form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from apps.assignment.choices import ReasonChoices
from apps.assignment.snapshot.versions import read_versions
from apps.engine.codes import Reason
from apps.hl7v2.errors import FieldError
from apps.hl7v2.peek import glance
from apps.intake.listener.profiles import COLUMNS, Profile
from apps.intake.listener.through import seen_through
from apps.intake.models import SenderProfile
from apps.intake.processing.catalogue import Catalogue, current_catalogue, read_as
from apps.intake.processing.changes import OrderChange, Reading
from apps.intake.processing.reading import open_message, read_message
from apps.intake.queries.sender_facts import FactSaid, facts_said, hidden_fields, looks_into_hidden
from apps.intake.queries.sender_meanings import Here, groups_of, read_one
from apps.intake.queries.sender_sample import Sample
from apps.intake.queries.senders import SenderName, covers_in_words
from apps.orders.models import OrderSegments

TRIED = 50
"""How many parked studies a preview reads again."""
MOST_GROUPS = 50
_NUMBERS = ("accession", "placer", "filler", "study_uid")
"""What the number of a study is read from."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that would come of the sample; tone is good, calm, warn or alarm."""

    words: str
    tone: str = "calm"


_UNTOLD = Line(
    "What would come of it is said once the patient data is shown: a place looks into a hidden "
    "field."
)


@dataclass(frozen=True, slots=True)
class Understood:
    """What a profile makes of a sample; ``numbers`` are its order groups to choose from."""

    facts: Mapping[str, FactSaid]
    verdict: Sequence[Line]
    numbers: Sequence[int] = ()
    number: int = 1
    parked: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """Parked studies read again with a profile: how many, how many would no longer be parked."""

    read: int
    helped: int
    numberless: int


def understood(profile: SenderProfile, sample: Sample, *, number: int = 1) -> Understood:
    """Return what a profile makes of a sample.

    Args:
        profile: saved or not.
        sample: a message that can be read.
        number: which of its order groups is looked at, from 1.
    """
    catalogue = _with(profile, sample.raw)
    message, sender = open_message(sample.raw, catalogue=catalogue)
    groups = groups_of(message)[:MOST_GROUPS]
    number = number if 1 <= number <= len(groups) else 1
    read = read_one(message, groups[number - 1], sender, catalogue)
    reading = read_message(sample.raw, catalogue=catalogue)
    name = SenderName(sender.application, sender.facility)
    is_secret = sample.visible is not None and looks_into_hidden(read.mapping)
    come = [_UNTOLD] if is_secret else _come(profile, sample, reading, read)
    parked = read.change.parked if reading.changes and not is_secret else None
    return Understood(
        facts=facts_said(read, sample.visible),
        verdict=[*_whose(profile, name), *come],
        numbers=range(1, len(groups) + 1) if len(groups) > 1 else (),
        number=number,
        parked=parked.value if parked else "",
    )


def _come(profile: SenderProfile, sample: Sample, reading: Reading, read: Here) -> Sequence[Line]:
    return [
        *_refused(profile, sample.raw, reading),
        *_outcome(reading, is_named=_may_name(read, sample)),
        *_flags(reading),
    ]


def try_parked(profile: SenderProfile, rows: Iterable[OrderSegments]) -> Tried:
    """Read parked studies again with a profile that is not saved yet."""
    catalogue = _saved(profile)
    changes = [_change(row, catalogue) for row in rows]
    return Tried(
        read=len(changes),
        helped=sum(1 for change in changes if change and change.parked is None),
        numberless=sum(1 for change in changes if change is None),
    )


def _change(row: OrderSegments, catalogue: Catalogue) -> OrderChange | None:
    try:
        reading = read_message(bytes(row.header) + bytes(row.group), catalogue=catalogue)
    except FieldError:
        return None
    return reading.changes[0] if reading.changes else None


def _saved(profile: SenderProfile) -> Catalogue:
    """Return the catalogue as it would be once the profile is saved."""
    catalogue = current_catalogue(read_versions())
    others = {
        cover: found
        for cover, found in catalogue.profiles.items()
        if found.profile.pk != profile.pk
    }
    cover = (profile.application, profile.facility)
    return replace(catalogue, profiles={**others, cover: read_as(profile)})


def _with(profile: SenderProfile, raw: bytes) -> Catalogue:
    """Return the catalogue in which the profile reads the sample, whoever sent that."""
    catalogue, own = _saved(profile), read_as(profile)
    _message, sender = open_message(raw, catalogue=replace(catalogue, profiles={("", ""): own}))
    cover = (sender.application, sender.facility)
    return replace(catalogue, profiles={**catalogue.profiles, cover: own})


def _whose(profile: SenderProfile, name: SenderName) -> list[Line]:
    covers = (profile.application, profile.facility)
    wanted = zip(covers, name, strict=True)
    if all(not cover or cover == said for cover, said in wanted):
        return []
    return [
        Line(
            f"The message is from {name}; this profile is for {covers_in_words(profile)}. "
            "It is read here all the same.",
            "warn",
        )
    ]


def _refused(profile: SenderProfile, raw: bytes, reading: Reading) -> list[Line]:
    taken = Profile(**{column: getattr(profile, column) for column in COLUMNS})
    seen = seen_through(taken, raw, glance(raw))
    is_used = reading.is_used or bool(reading.problem)
    found = seen.error or taken.refusal(seen, is_used=is_used)
    code = "AE" if seen.error else "AR"
    return [Line(f"It would be refused with {code}: {found.reason}.", "alarm")] if found else []


def _may_name(read: Here, sample: Sample) -> bool:
    """Return whether studies may be named: no place of their numbers is filled and hidden."""
    places = [place for fact in _NUMBERS for place in read.mapping.places[fact]]
    return not hidden_fields(read.message, places, sample.visible)


def _outcome(reading: Reading, *, is_named: bool) -> list[Line]:
    if reading.problem:
        return [Line(f"It would wait in quarantine: {reading.problem}.", "alarm")]
    lines = [_study(change, is_named=is_named) for change in reading.changes[:MOST_GROUPS]]
    if reading.patients:
        lines.append(Line("It updates a patient.", "good"))
    if reading.merges:
        lines.append(Line("It merges patients.", "good"))
    return lines or [Line(f"It would be stored and change nothing: {reading.note}.")]


def _study(change: OrderChange, *, is_named: bool) -> Line:
    what = f"{change.accession if is_named else 'A study'}: {change.action.value}"
    if change.parked is None:
        return Line(f"{what}, complete enough to be assigned.", "good")
    reason = ReasonChoices(Reason(change.parked).value).label
    return Line(f"{what}, parked where it is not known yet: {reason.lower()}.", "alarm")


def _flags(reading: Reading) -> list[Line]:
    found = dict.fromkeys([*reading.flags, *(f for one in reading.changes for f in one.flags)])
    words = ", ".join(flag.replace("_", " ") for flag in found)
    return [Line(f"Flagged: {words}.", "warn")] if words else []

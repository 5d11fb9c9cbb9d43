"""Who sends, whose profile reads them, when they were last heard, and what waits of theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Max, Q, QuerySet

from apps.assignment.choices import PARKED
from apps.assignment.models import Unassigned
from apps.audit.queries.history import Subject
from apps.core.access import Scope
from apps.intake.choices import InboundState
from apps.intake.models import InboundMessage, SenderContact, SenderProfile

RECENT = 5000
"""How many of the newest messages are looked through; there is no index over their senders."""
MOST_CONTACTS = 5000
MOST_SHOWN = 100


class SenderName(NamedTuple):
    """MSH-3 and MSH-4 as a message has them; either may be empty."""

    application: str
    facility: str

    def __str__(self) -> str:
        return " / ".join(part for part in self if part) or "not said"


def stored_name(stored: str) -> SenderName:
    """Return the sender that a message's row (``A|B``) or an order's (``A^B``) names."""
    application, _, facility = stored.partition("|" if "|" in stored else "^")
    return SenderName(application, facility)


@dataclass(frozen=True)
class Readers:
    """All profiles by what they cover: the most specific one reads a sender."""

    by_cover: Mapping[SenderName, int]

    def of(self, sender: SenderName) -> int | None:
        """Return the key of the profile that reads a sender, None where none does."""
        application, facility = sender
        covers = (sender, ("", facility), (application, ""), ("", ""))
        found = (self.by_cover.get(SenderName(*cover)) for cover in covers)
        return next((key for key in found if key is not None), None)

    def reading_with(self, profile: SenderProfile) -> Readers:
        """Return them with one profile as it is, saved or not; an unsaved one has the key 0."""
        key = profile.pk or 0
        others = {cover: other for cover, other in self.by_cover.items() if other != key}
        return Readers({**others, SenderName(profile.application, profile.facility): key})


def readers() -> Readers:
    """Return all profiles by what they cover."""
    rows = SenderProfile.objects.values_list("pk", "application", "facility")
    return Readers({SenderName(application, facility): key for key, application, facility in rows})


@dataclass(slots=True)
class Heard:
    """What is known of a sender; ``message_id`` is its newest message among the recent ones."""

    last_at: datetime | None = None
    silent_since: datetime | None = None
    message_id: int | None = None
    parked: int = 0
    quarantined: int = 0

    def join(self, other: Heard) -> None:
        """Count another sender to this one, both read by one profile."""
        self.last_at = max(filter(None, (self.last_at, other.last_at)), default=None)
        self.silent_since = self.silent_since or other.silent_since
        self.message_id = max(filter(None, (self.message_id, other.message_id)), default=None)
        self.parked += other.parked
        self.quarantined += other.quarantined


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A profile and what is known of the senders that it reads."""

    profile: SenderProfile
    heard: Heard

    @property
    def covers(self) -> str:
        """Return in words whose messages it reads."""
        return covers_in_words(self.profile)


@dataclass(frozen=True, slots=True)
class SenderRow:
    """A sender without a profile of its own; ``read_by`` is the profile that covers it too."""

    name: SenderName
    heard: Heard
    read_by: SenderProfile | None


@dataclass(frozen=True, slots=True)
class Known:
    """Every sender that was heard or of whom something waits, and who reads it."""

    senders: Mapping[SenderName, Heard] = field(default_factory=dict)
    readers: Readers = field(default_factory=lambda: Readers({}))

    def of_profile(self, key: int) -> Heard:
        """Return what the senders come to that one profile reads."""
        total = Heard()
        for name in self.names_of(key):
            total.join(self.senders[name])
        return total

    def names_of(self, key: int) -> list[SenderName]:
        """Return the senders that one profile reads."""
        return [name for name in self.senders if self.readers.of(name) == key]


def covers_in_words(profile: SenderProfile) -> str:
    """Return in words whose messages a profile reads."""
    if not profile.application and not profile.facility:
        return "everybody without a profile of their own"
    return f"{profile.application or 'any application'} / {profile.facility or 'any facility'}"


def profiles(words: str = "") -> QuerySet[SenderProfile]:
    """Return the profiles by name, those that hold the words."""
    rows = SenderProfile.objects.select_related("default_site").order_by("name", "pk")
    if not words:
        return rows
    named = Q(name__icontains=words) | Q(issuer__icontains=words)
    return rows.filter(named | Q(application__icontains=words) | Q(facility__icontains=words))


def subject_of(profile: SenderProfile) -> Subject:
    """Return whose history a form is compared with."""
    return Subject("intake_senderprofile", str(profile.pk))


def known_senders(scope: Scope) -> Known:
    """Return every sender that was heard, with what waits of it within the scope."""
    found: dict[SenderName, Heard] = {}
    for contact in SenderContact.objects.order_by("-last_at")[:MOST_CONTACTS]:
        name = SenderName(contact.application, contact.facility)
        found[name] = Heard(contact.last_at, contact.silent_since)
    for name, last_at, message_id in _recent():
        found.setdefault(name, Heard()).join(Heard(last_at, message_id=message_id))
    for name, count in parked_by_sender(scope).items():
        found.setdefault(name, Heard()).parked = count
    for name, count in quarantined_by_sender(scope).items():
        found.setdefault(name, Heard()).quarantined = count
    return Known(found, readers())


def rows_of(profiles: Iterable[SenderProfile], known: Known) -> list[ProfileRow]:
    """Return the profiles with what is known of their senders."""
    return [ProfileRow(profile, known.of_profile(profile.pk)) for profile in profiles]


def without_own(known: Known, words: str = "") -> list[SenderRow]:
    """Return the senders that no profile names both halves of, last heard first."""
    spelled = words.casefold()
    names = [
        name
        for name in known.senders
        if name not in known.readers.by_cover and spelled in str(name).casefold()
    ]
    names.sort(key=lambda name: _moment(known.senders[name]), reverse=True)
    shown = names[:MOST_SHOWN]
    keys = {known.readers.of(name) for name in shown} - {None}
    by_key = SenderProfile.objects.in_bulk([key for key in keys if key is not None])
    return [
        SenderRow(name, known.senders[name], by_key.get(known.readers.of(name) or 0))
        for name in shown
    ]


def _moment(heard: Heard) -> float:
    return heard.last_at.timestamp() if heard.last_at else 0.0


def recent_messages() -> QuerySet[InboundMessage]:
    """Return the newest messages, as many as are looked through."""
    newest = InboundMessage.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return InboundMessage.objects.filter(pk__gt=newest - RECENT)


def _recent() -> Iterable[tuple[SenderName, datetime, int]]:
    rows = recent_messages().exclude(sender="").values_list("sender")
    for stored, last_at, key in rows.annotate(Max("received_at"), Max("pk")).order_by():
        yield stored_name(stored), last_at, key


def parked(scope: Scope) -> QuerySet[Unassigned]:
    """Return what is parked for want of a mapping, within the scope."""
    rows = Unassigned.objects.filter(is_waiting=True, reason__in=PARKED)
    return scope.limit(rows, "order__site")


def quarantined(scope: Scope) -> QuerySet[InboundMessage]:
    """Return what waits in quarantine; it belongs to no site, so only who may everywhere sees."""
    rows = InboundMessage.objects.filter(state=InboundState.QUARANTINED)
    return rows if scope.everywhere else rows.none()


def parked_by_sender(scope: Scope) -> Counter[SenderName]:
    """Return how many studies are parked of each sender."""
    rows = parked(scope).values_list("order__sender").annotate(Count("pk")).order_by()
    return _counted(rows)


def quarantined_by_sender(scope: Scope) -> Counter[SenderName]:
    """Return how many messages wait in quarantine of each sender."""
    rows = quarantined(scope).values_list("sender").annotate(Count("pk")).order_by()
    return _counted(rows)


def _counted(rows: Iterable[tuple[str, int]]) -> Counter[SenderName]:
    counts: Counter[SenderName] = Counter()
    for stored, count in rows:
        counts[stored_name(stored)] += count
    return counts

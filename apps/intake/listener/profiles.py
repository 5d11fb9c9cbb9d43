"""Sender profiles as the listener needs them: who issues the numbers, and what is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from apps.hl7v2.errors import ErrorCode, FieldError
from apps.hl7v2.peek import Peek

AREA = "senders"
COLUMNS = (
    "application",
    "facility",
    "issuer",
    "is_strict",
    "accepted_types",
    "accepted_versions",
    "accepted_processing_ids",
    "places",
    "character_set",
)


@dataclass(frozen=True, slots=True)
class Profile:
    """How one sender's messages are taken; an empty application or facility covers all.

    The lists bind a strict profile only, and an empty list binds nothing.
    """

    application: str = ""
    facility: str = ""
    issuer: str = ""
    is_strict: bool = False
    accepted_types: Sequence[str] = ()
    accepted_versions: Sequence[str] = ()
    accepted_processing_ids: Sequence[str] = ()
    places: Mapping[str, Sequence[str]] = field(default_factory=dict)
    character_set: str = ""

    def refusal(self, seen: Peek, *, is_used: bool) -> FieldError | None:
        """Return why a strict profile does not take the message, or None.

        Args:
            seen: the message.
            is_used: whether intake knows what to do with such a message.
        """
        if not self.is_strict:
            return None
        if not is_used:
            return _unsupported_type("the message type is not used")
        return self._type_refusal(seen) or self._version_refusal(seen)

    def _type_refusal(self, seen: Peek) -> FieldError | None:
        accepted = self.accepted_types
        if not accepted or seen.message_code in accepted or _type(seen) in accepted:
            return None
        if any(name.partition("^")[0] == seen.message_code for name in accepted):
            return FieldError("MSH", 9, "the event is not accepted", ErrorCode.UNSUPPORTED_EVENT)
        return _unsupported_type("the message type is not accepted")

    def _version_refusal(self, seen: Peek) -> FieldError | None:
        if self.accepted_processing_ids and seen.processing_id not in self.accepted_processing_ids:
            return FieldError(
                "MSH", 11, "the processing id is not accepted", ErrorCode.UNSUPPORTED_PROCESSING_ID
            )
        if self.accepted_versions and seen.version not in self.accepted_versions:
            return FieldError(
                "MSH", 12, "the version is not accepted", ErrorCode.UNSUPPORTED_VERSION
            )
        return None


DEFAULT_PROFILE = Profile()


@dataclass(frozen=True, slots=True)
class Profiles:
    """All profiles of one version of the configuration."""

    by_sender: dict[tuple[str, str], Profile] = field(default_factory=dict)

    @classmethod
    def of(cls, profiles: Iterable[Profile]) -> Profiles:
        """Return the profiles, found by application and facility."""
        return cls({(profile.application, profile.facility): profile for profile in profiles})

    def find(self, application: str, facility: str) -> Profile:
        """Return the most specific one: both named, then facility, then application, then all."""
        for sender in ((application, facility), ("", facility), (application, ""), ("", "")):
            if (profile := self.by_sender.get(sender)) is not None:
                return profile
        return DEFAULT_PROFILE


def _type(seen: Peek) -> str:
    return f"{seen.message_code}^{seen.trigger}"


def _unsupported_type(reason: str) -> FieldError:
    return FieldError("MSH", 9, reason, ErrorCode.UNSUPPORTED_MESSAGE_TYPE)

"""Sender profiles as the listener needs them: who issues the numbers, and what is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from apps.hl7v2.errors import ErrorCode, FieldError
from apps.hl7v2.peek import Peek
from apps.intake.listener.peers import Peer, fingerprint

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
    "networks",
    "certificates",
)

NOT_FROM_HERE = FieldError(
    "MSH", 3, "this connection may not speak for the sender", ErrorCode.INTERNAL
)


@dataclass(frozen=True, slots=True)
class Profile:
    """How one sender's messages are taken; an empty application or facility covers all.

    The accepted lists bind a strict profile only, and an empty list binds nothing. ``networks``
    and ``certificates`` say which connections may speak for the sender, each where it is filled.
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
    networks: Sequence[str] = ()
    certificates: Sequence[str] = ()

    @property
    def sender(self) -> tuple[str, str]:
        """Return application and facility as the profile names them."""
        return self.application, self.facility

    def hears(self, peer: Peer) -> bool:
        """Return whether the connection's address and certificate are among the profile's."""
        if self.certificates and not self._names(peer.certificate):
            return False
        return not self.networks or peer.is_within(self.networks)

    def _names(self, certificate: str) -> bool:
        return bool(certificate) and certificate in map(fingerprint, self.certificates)

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
    """All profiles of one version of the configuration.

    ``bound`` holds the certificates that some profile names: they speak for nobody else.
    """

    by_sender: dict[tuple[str, str], Profile] = field(default_factory=dict)
    bound: frozenset[str] = frozenset()

    @classmethod
    def of(cls, profiles: Iterable[Profile]) -> Profiles:
        """Return the profiles, found by application and facility."""
        known = {profile.sender: profile for profile in profiles}
        named = (name for profile in known.values() for name in profile.certificates)
        return cls(known, frozenset(map(fingerprint, named)))

    def may_speak(self, peer: Peer, profile: Profile) -> bool:
        """Return whether messages of the profile's sender are taken from the connection."""
        is_bound = bool(peer.certificate) and peer.certificate in self.bound
        return profile.hears(peer) and (bool(profile.certificates) or not is_bound)

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

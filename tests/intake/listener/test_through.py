from __future__ import annotations

import pytest

from apps.hl7v2.groups import MAX_GROUPS
from apps.hl7v2.message import Message
from apps.hl7v2.peek import Identity, glance
from apps.intake.listener import through
from apps.intake.listener.profiles import Profile
from apps.intake.listener.through import seen_through
from tests.intake.listener.samples import message

ELSEWHERE = Profile(places={"placer": ["ZNR-1"]})
NUMBERED = ("ORC|NW", "OBR|1", "ZNR|N-1")


def test_numbers_are_read_where_the_profile_says() -> None:
    raw = message(segments=NUMBERED)

    seen = seen_through(ELSEWHERE, raw, glance(raw))

    assert (seen.identities, seen.error) == ((Identity("placer", "N-1"),), None)


def test_a_message_too_long_to_be_read_here_is_not_read_and_not_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> Message:
        raise AssertionError

    monkeypatch.setattr(through, "Message", fail)
    raw = message(segments=(*NUMBERED, f"OBX|1|ED|R||{'x' * 300_000}"))
    seen = glance(raw)
    assert seen.error is not None

    assert seen_through(ELSEWHERE, raw, seen) == seen._replace(error=None)


def test_of_more_groups_than_are_taken_no_numbers_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> list[Identity]:
        raise AssertionError

    monkeypatch.setattr(through, "_identities", fail)
    raw = message(segments=("ORC|NW|P-1",) * (MAX_GROUPS + 1))

    assert seen_through(ELSEWHERE, raw, glance(raw)) == glance(raw)

from __future__ import annotations

from datetime import timedelta

from apps.intake.listener.contacts import Contacts
from apps.intake.listener.profiles import DEFAULT_PROFILE, Profile
from tests.factories.times import NOON

LATER = NOON + timedelta(minutes=1)


def test_the_last_time_of_each_sender_is_taken_once() -> None:
    contacts = Contacts()
    for at in (NOON, LATER):
        contacts.hear(("PACS", "Robina"), DEFAULT_PROFILE, at)
    contacts.hear(("RIS", "Tweed"), DEFAULT_PROFILE, NOON)

    assert contacts.take() == {("PACS", "Robina"): LATER, ("RIS", "Tweed"): NOON}
    assert contacts.take() == {}


def test_a_profile_for_many_senders_is_heard_under_its_own_name_too() -> None:
    contacts = Contacts()
    contacts.hear(("PACS", "Robina"), Profile("", "Robina"), NOON)

    assert contacts.take() == {("PACS", "Robina"): NOON, ("", "Robina"): NOON}


def test_made_up_names_fill_nothing_and_known_senders_are_heard_all_the_same() -> None:
    contacts = Contacts(most=3)
    contacts.know([("RIS", "Tweed")])
    for number in range(1000):
        contacts.hear((f"X{number}", ""), DEFAULT_PROFILE, NOON)
    contacts.hear(("RIS", "Tweed"), DEFAULT_PROFILE, NOON)
    contacts.hear(("Y", "Robina"), Profile("", "Robina"), NOON)

    assert contacts.take() == {
        ("X0", ""): NOON, ("X1", ""): NOON, ("RIS", "Tweed"): NOON, ("", "Robina"): NOON,
    }  # fmt: skip


def test_what_cannot_be_a_name_is_not_kept() -> None:
    contacts = Contacts()
    for name in ("", "N\x00L", "\ud800", "x" * 201, "a\rb"):
        contacts.hear((name, ""), DEFAULT_PROFILE, NOON)

    assert contacts.take() == {}


def test_what_could_not_be_written_is_kept_but_for_what_is_newer() -> None:
    contacts = Contacts()
    contacts.hear(("A", ""), DEFAULT_PROFILE, NOON)
    contacts.hear(("B", ""), DEFAULT_PROFILE, NOON)
    taken = contacts.take()
    contacts.hear(("A", ""), DEFAULT_PROFILE, LATER)
    contacts.give_back(taken)

    assert contacts.take() == {("A", ""): LATER, ("B", ""): NOON}

"""The strip that says which sender has fallen silent, for those whose sender it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.intake.models import SenderContact
from tests.dashboard.test_board import part, poll, shown
from tests.factories import OrderFactory, SiteFactory
from tests.factories.intake import SenderProfileFactory
from tests.factories.times import NOON

pytestmark = [pytest.mark.db, pytest.mark.usefixtures("at_noon")]


def silent(name: str = "PACS at Robina", **values: object) -> SenderContact:
    profile = SenderProfileFactory(
        name=name,
        silent_after_minutes=60,
        usual_weekdays=[1, 2, 3, 4, 5],
        usual_from_local=time(7),
        usual_until_local=time(19),
        **values,
    )
    return SenderContact.objects.create(
        application=profile.application,
        facility=profile.facility,
        last_at=NOON,
        silent_since=NOON,
    )


def test_the_board_says_who_is_silent_since_when_and_when_it_usually_sends(
    signed_in: Client,
) -> None:
    silent(time_zone="Australia/Brisbane")

    strip = part(shown(signed_in), "alarm")

    assert "A sender has fallen silent" in strip
    assert "nothing since Wed 4 Feb 12:00; it usually sends Mon to Fri 07:00 to 19:00" in strip
    assert ">PACS at Robina</a>" in strip


def test_the_strip_comes_and_goes_with_the_next_poll(signed_in: Client, kept: object) -> None:  # noqa: ARG001
    page = shown(signed_in)
    assert "fallen silent" not in page

    contact = silent()
    came = poll(signed_in, page).content.decode()
    assert "A sender has fallen silent" in came

    contact.silent_since = None
    contact.save()
    assert "fallen silent" not in shown(signed_in)


def test_a_manager_of_one_site_is_not_told_of_another(
    manager_of: Callable[..., Client],
) -> None:
    own, foreign = SiteFactory(), SiteFactory()
    for name, site in (("Own", own), ("Foreign", foreign), ("Everywhere", None)):
        silent(name, default_site=site)

    strip = part(shown(manager_of(own)), "alarm")

    assert [name for name in ("Own", "Foreign", "Everywhere") if f">{name}</a>" in strip] == [
        "Own", "Everywhere",
    ]  # fmt: skip


def test_a_name_that_is_markup_is_shown_as_text(signed_in: Client) -> None:
    silent("<script>alert(1)</script>")

    assert "&lt;script&gt;alert(1)" in part(shown(signed_in), "alarm")


@pytest.mark.usefixtures("kept")
def test_a_hundred_silent_senders_cost_as_many_queries_as_one(
    signed_in: Client, told: Callable[..., None], asked: list[str]
) -> None:
    counts = []
    for number in (1, 99):
        for each in range(number):
            silent(f"Sender {number} {each}")
        shown(signed_in)  # what is kept until a sender falls silent or speaks again
        told(OrderFactory(site=None))
        asked.clear()
        with CaptureQueriesContext(connection) as queries:
            shown(signed_in)
        counts.append(len(queries) + len(asked))

    assert counts[0] == counts[1]
    assert counts[0] <= 15


def test_only_the_longest_silences_are_named_and_the_others_counted(signed_in: Client) -> None:
    for number in range(7):
        silent(f"Sender {number}")

    strip = part(shown(signed_in), "alarm")

    assert strip.count("nothing since") == 5
    assert "All 7 silent senders" in strip

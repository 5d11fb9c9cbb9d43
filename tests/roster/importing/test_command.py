"""``manage.py refresh_rosters``."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.roster.exceptions import FetchError
from apps.roster.importing import refreshing
from apps.roster.importing.fetching import Asked, Fetched
from tests.factories.sources import FeedFactory

pytestmark = pytest.mark.db


def test_it_reads_what_is_enabled_and_fails_with_what_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def answer(asked: Asked, **_more: object) -> Fetched:
        if "bad" in asked.url:
            raise FetchError("The host refused the connection.")
        return Fetched(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")

    monkeypatch.setattr(refreshing, "fetch", answer)
    FeedFactory.create(name="A", url="https://x.org/good")
    FeedFactory.create(name="B", url="https://x.org/bad")
    FeedFactory.create(name="C", is_enabled=False)
    output = StringIO()
    with pytest.raises(CommandError, match="could not be read: B"):
        call_command("refresh_rosters", stdout=output)
    assert output.getvalue().splitlines() == [
        "A: 0 new, 0 changed, 0 gone, 0 same",
        "B: The host refused the connection.",
    ]
    with pytest.raises(CommandError, match="there is no feed D"):
        call_command("refresh_rosters", "D")

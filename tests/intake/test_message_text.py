"""A message field by field beside its text, however long it is."""

from __future__ import annotations

import time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.audit.models import AuditEvent
from tests.factories import (
    AssignmentFactory,
    OrderFactory,
)
from tests.intake.messages import VENDOR, stored
from tests.support.pages import words_of

pytestmark = pytest.mark.db


def test_a_message_is_told_field_by_field_beside_its_text(manager: Client) -> None:
    message = stored(raw=VENDOR)
    page = manager.get(f"/messages/in/{message.pk}/").content.decode()
    said = words_of(manager, f"/messages/in/{message.pk}/")
    assert "PID Patient identification" in said
    assert "OBR-4 Procedure OBR-4.1 Code MRI MSK OBR-4.2 Text MRI MUSCULOSKELETAL" in said
    assert "PID-5.1 Family name ••• hidden" in said
    # The field's link leads to its place in the text, which bears the same mark.
    assert '<a href="#text-3-4">OBR-4</a>' in page
    assert '<span id="text-3-4" data-at="3-4">MRI MSK^MRI MUSCULOSKELETAL</span>' in page


def test_an_escape_cannot_bring_in_what_cannot_be_seen(administrator: Client) -> None:
    raw = b"MSH|^~\\&|A|B||||||1|P|2.5|||||UNICODE UTF-8\rNTE|1||a\\XE280AE\\b\\X1B\\c"
    page = administrator.post(f"/messages/in/{stored(raw=raw).pk}/open/").content.decode()
    assert '<td class="value">a\\u202eb␛c</td>' in page


def test_a_hundred_thousand_segments_are_shown_part_by_part(administrator: Client) -> None:
    lines = b"".join(b"OBX|%d|TX|A||Doe line %d\r" % (n, n) for n in range(100_000))
    message = stored(raw=b"MSH|^~\\&|A|B||||||1\r" + lines)
    path = f"/messages/in/{message.pk}/"
    before = time.process_time()
    masked = words_of(administrator, path)
    opened = words_of(administrator, f"{path}open/", {"from": "90001"})
    assert time.process_time() - before < 3
    assert "Lines 1 to 200 of 100,001" in masked
    assert "Lines 90,001 to 90,200 of 100,001" in opened
    assert ("Doe line 89999" in opened, "Doe line 90200" in opened) == (True, False)
    assert "OBX-1 Sequence number 100 " in words_of(administrator, f"{path}?from=102")
    for odd in ("0", "x", "9" * 30, "999999999"):
        assert administrator.get(f"{path}?from={odd}").status_code == 200
    assert AuditEvent.objects.filter(action="open").count() == 1


def test_the_rest_of_a_long_line_is_shown_to_who_opened_it(administrator: Client) -> None:
    message = stored(raw=b"MSH|^~\\&|A\rOBX|1|ED|X||" + b"Q" * 40_000)
    path = f"/messages/in/{message.pk}/"
    hidden = administrator.get(f"{path}?whole=1").content.decode()
    assert ("first 16 KB are shown" in hidden, "Show the rest" in hidden) == (True, False)
    opened = administrator.post(f"{path}open/").content.decode()
    assert ("Show the rest" in opened, "Q" * 20_000 in opened) == (True, False)
    whole = administrator.post(f"{path}open/", {"from": "1", "whole": "1"}).content.decode()
    assert "Q" * 40_000 in whole
    assert AuditEvent.objects.filter(action="open").count() == 2


def test_a_message_of_many_studies_costs_no_more_queries(manager: Client) -> None:
    counts = []
    for number in (1, 40):
        orders = [OrderFactory.create() for _ in range(number)]
        message = stored(raw=VENDOR, order_ids=[order.pk for order in orders])
        for order in orders:
            AssignmentFactory.create(order=order, assigned_at=message.processed_at)
        manager.get(f"/messages/in/{message.pk}/")
        with CaptureQueriesContext(connection) as asked:
            said = words_of(manager, f"/messages/in/{message.pk}/")
        counts.append(len(asked))
        assert said.count("was given to") == number
    assert counts[0] == counts[1] <= 15

from __future__ import annotations

import os
import time
from collections.abc import Callable

import psycopg
import pytest
from django.db import connection

from apps.core.queue.line import Line, Notice

pytestmark = [pytest.mark.django_db(transaction=True)]


def _end_session(line: Line) -> None:
    """Have the server end a line's session, as a restart would."""
    pid = line.rows("SELECT pg_backend_pid()")[0][0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])


def test_a_line_hears_its_channels_only(make_line: Callable[..., Line]) -> None:
    line = make_line("heard")
    line.take_notices()

    with connection.cursor() as cursor:
        cursor.execute("NOTIFY unheard, 'no'; NOTIFY heard, 'yes'")

    assert line.wait(2)
    assert line.take_notices() == []


def test_notices_that_come_with_an_answer_are_kept(make_line: Callable[..., Line]) -> None:
    line = make_line("heard")

    line.rows("SELECT pg_notify('heard', 'own')")

    assert line.take_notices() == [Notice("heard", "own")]


def test_waiting_ends_without_a_notice(make_line: Callable[..., Line]) -> None:
    line = make_line("heard")
    begun = time.monotonic()

    assert not line.wait(0.05)
    assert 0.05 <= time.monotonic() - begun < 2


def test_a_session_that_was_ended_is_opened_anew_with_its_channels(
    make_line: Callable[..., Line],
) -> None:
    line = make_line("heard")
    _end_session(line)

    with pytest.raises(psycopg.OperationalError):
        line.rows("SELECT 1")
    assert not line.is_open

    assert line.rows("SELECT 1") == [(1,)]
    line.rows("SELECT pg_notify('heard', '')")
    assert line.take_notices() == [Notice("heard", "")]


def test_a_session_that_was_ended_is_noticed_while_waiting(
    make_line: Callable[..., Line],
) -> None:
    line = make_line("heard")
    _end_session(line)

    with pytest.raises(psycopg.OperationalError):
        line.wait(2)


def test_a_failed_statement_leaves_the_line_open(line: Line) -> None:
    with pytest.raises(psycopg.ProgrammingError):
        line.rows("SELECT nothing")

    assert line.is_open


def test_a_child_opens_its_own_session_and_leaves_the_parents(line: Line) -> None:
    before = line.rows("SELECT pg_backend_pid()")
    reader, writer = os.pipe()

    if (child := os.fork()) == 0:
        os.write(writer, str(line.rows("SELECT pg_backend_pid()")[0][0]).encode())
        line.close()
        os._exit(0)
    os.waitpid(child, 0)

    assert int(os.read(reader, 20)) != before[0][0]
    assert line.rows("SELECT pg_backend_pid()") == before


def test_only_the_housekeeping_does_without_the_disk(line: Line) -> None:
    query = "SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'"

    assert line.rows(query) == [("off", "client")]
    with connection.cursor() as cursor:
        cursor.execute(query)
        assert cursor.fetchone()[1] != "client"

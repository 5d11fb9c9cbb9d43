from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from apps.core import logs
from apps.core.logs import REDACTED, clean_text


def _filtered(**event: Any) -> dict[str, Any]:
    return dict(logs.without_patient_data(None, "info", event))


@pytest.mark.parametrize(
    "key", ["patient_name", "mrn", "MRN", "birth_date", "raw", "password", "token"]
)
def test_what_names_a_patient_or_a_secret_is_redacted(key: str) -> None:
    assert _filtered(**{key: "Doe^John"}) == {key: REDACTED}


def test_ids_that_may_be_logged_stay() -> None:
    event = {"control_id": "MSG00001", "accession": "ACCESSION_456", "order": 7}
    assert _filtered(**event) == event


def test_patient_data_inside_structures_is_redacted() -> None:
    found = _filtered(details={"mrn": "MRN123", "site": "Robina", "more": ["PID|1||MRN123"]})
    assert found == {"details": {"mrn": REDACTED, "site": "Robina", "more": [f"PID|{REDACTED}"]}}


def test_a_raw_message_in_a_text_is_cut_at_its_first_segment() -> None:
    found = _filtered(event="cannot parse MSH|^~\\&|PACS\rPID|1||MRN123^^^Robina||Doe^John")
    assert found == {"event": f"cannot parse MSH|{REDACTED}"}


def test_the_row_values_of_a_database_error_are_redacted() -> None:
    text = "duplicate key\nDETAIL:  Key (mrn)=(MRN123) already exists.\nline 2"
    assert _filtered(exception=text) == {"exception": f"duplicate key\nDETAIL: {REDACTED}\nline 2"}


def test_bytes_are_logged_as_their_length() -> None:
    assert _filtered(frame=b"MSH|") == {"frame": "[4 bytes]"}


def test_the_query_of_an_address_is_not_logged() -> None:
    assert _filtered(request="GET /admin/orders/?q=Doe+John") == {
        "request": "GET /admin/orders/?…"
    }


def test_control_and_direction_characters_cannot_forge_a_line() -> None:
    assert _filtered(event="a\rb\x1b[31mc\u202ed\x00e") == {"event": "a�b�[31mc�d�e"}


@pytest.fixture
def json_logs() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure({"level": "INFO", "format": "json"})
    yield
    structlog.reset_defaults()
    root.handlers[:] = before
    root.setLevel(level)


@pytest.mark.usefixtures("json_logs")
def test_library_and_own_lines_are_one_json_object_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure({"level": "INFO", "format": "json"})
    with structlog.contextvars.bound_contextvars(request_id="req-1"):
        logging.getLogger("django.request").warning("%s of %s", "mrn", "PID|1||MRN123")
        structlog.get_logger("apps.intake").info("stored", control_id="A1", mrn="MRN123")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    for line in lines:
        del line["timestamp"]
    assert lines == [
        {
            "event": f"mrn of PID|{REDACTED}",
            "request_id": "req-1",
            "logger": "django.request",
            "level": "warning",
        },
        {
            "event": "stored",
            "control_id": "A1",
            "mrn": REDACTED,
            "request_id": "req-1",
            "logger": "apps.intake",
            "level": "info",
        },
    ]


def test_the_secret_address_of_a_calendar_is_not_logged() -> None:
    words = "GET /calendars/30fppvxT9DuXQjwgmYy2UBmO-TK6F3ahlrLjrdeRKtk.ics"
    assert clean_text(words) == "GET /calendars/[redacted].ics"

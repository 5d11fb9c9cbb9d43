"""Structured logs without patient data: one JSON object a line, or plain lines for a terminal.

Ids may be logged (MSH-10 control id, accession, primary keys); names, birth dates, MRNs and raw
HL7 may not. The filter here is the last line of defence, not the first: code does not log them.
"""

from __future__ import annotations

import logging
import logging.config
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

REDACTED = "[redacted]"
_PATIENT_KEYS = frozenset(
    {
        "birth_date", "birthdate", "dob", "family_name", "given_name", "hl7", "message_text",
        "mrn", "name", "password", "patient", "patient_name", "payload", "pid", "raw",
        "raw_bytes", "secret", "token",
    }
)  # fmt: skip
# A segment of HL7 v2: three characters and the usual separator, anywhere in a text.
_SEGMENT = re.compile(r"\b(?:MSH|PID|PV1|NK1|MRG|OBX|OBR|ORC|ZRD|ZRA|GT1|IN1)\|.*", re.DOTALL)
# PostgreSQL tells the row's values here: "DETAIL:  Key (mrn)=(123) already exists."
_DETAIL = re.compile(r"(DETAIL|CONTEXT):\s.*")
# The address of a published calendar is the key to it.
_SECRET_ADDRESS = re.compile(r"(/calendars/)[A-Za-z0-9_-]{20,}")
_QUERY = re.compile(r"\?\S*")
# Line breaks and escapes forge log lines and terminals, direction marks forge what is read.
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")

EventDict = MutableMapping[str, Any]


def without_patient_data(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Return the event with patient data and control characters taken out."""
    for key, value in event.items():
        event[key] = REDACTED if key.lower() in _PATIENT_KEYS else _clean(value)
    if isinstance(event.get("request"), str):
        # A search for a patient stands in the address.
        event["request"] = _QUERY.sub("?…", event["request"])
    return event


def clean_text(text: str) -> str:
    """Return a text without HL7 segments, row values, secret addresses and control characters."""
    text = _SEGMENT.sub(lambda found: f"{found[0][:3]}|{REDACTED}", text)
    text = _DETAIL.sub(rf"\1: {REDACTED}", text)
    text = _SECRET_ADDRESS.sub(rf"\1{REDACTED}", text)
    return _UNSAFE.sub("�", text)


def _clean(value: object) -> object:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    if isinstance(value, Mapping):
        return {
            key: REDACTED if str(key).lower() in _PATIENT_KEYS else _clean(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def _processors() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
        without_patient_data,
    ]


def configure(options: Mapping[str, str]) -> None:
    """Send every log of the process, Django's and the libraries' too, through the filter.

    Args:
        options: ``level``, and ``format``: ``json``, or ``console`` for people.
    """
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if options["format"] == "console":
        renderer = _render_line
    logging.config.dictConfig(_standard_logging(options["level"], renderer))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _standard_logging(level: str, renderer: object) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _processors(),
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    renderer,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # It tells of every sign-in in several lines; a lockout is a warning.
            "axes": {"level": "WARNING"},
            # A request is one line at its end, from django-structlog; the rest is noise.
            "django.server": {"level": "WARNING"},
            "django_structlog": {"level": level},
            # django-q2 adds a handler of its own unless it finds one.
            "django-q": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        },
    }


def _render_line(_logger: object, _method: str, event: EventDict) -> str:
    """Return a line for a terminal: time, level, text, then what else is known."""
    at = str(event.pop("timestamp", ""))[11:23]
    level = str(event.pop("level", "info"))
    text = str(event.pop("event", ""))
    error = event.pop("exception", "")
    event.pop("logger", None)
    extra = " ".join(f"{key}={value!r}" for key, value in sorted(event.items()) if value != "")
    first = " ".join(part for part in (at, level, text, extra) if part)
    return f"{first}\n{error}" if error else first

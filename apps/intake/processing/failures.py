"""Says what failed and where, without a word of what the messages hold.

The text of an exception may quote values: PostgreSQL's names the row, Python's the argument. So
the kind of error, the place and the names of tables and columns are told, and nothing else.
"""

from __future__ import annotations

import traceback
from pathlib import Path

import psycopg

_FRAMES = 4
_OURS = "/apps/"


def describe(error: BaseException) -> str:
    """Return the kind of an error, what the server says of its place, and the last frames."""
    parts = [type(error).__name__, *_server_words(error), _where(error)]
    return " ".join(part for part in parts if part)


def _server_words(error: BaseException) -> list[str]:
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    if not isinstance(cause, psycopg.Error):
        return []
    named = {
        "table": cause.diag.table_name,
        "column": cause.diag.column_name,
        "constraint": cause.diag.constraint_name,
    }
    state = [f"SQLSTATE {cause.sqlstate}"] if cause.sqlstate else []
    return state + [f"{what} {name}" for what, name in named.items() if name]


def _where(error: BaseException) -> str:
    every = traceback.extract_tb(error.__traceback__)
    frames = ([frame for frame in every if _OURS in frame.filename] or every)[-_FRAMES:]
    places = (f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    return "at " + ", ".join(places) if frames else ""

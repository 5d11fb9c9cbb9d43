"""What to do when something fails: say where without a word of patients, and go on with the rest.

The text of an exception may quote values: PostgreSQL's names the row, Python's the argument. So
the kind of error, the place and the names of tables and columns are told, and nothing else.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
from django.db import InterfaceError, OperationalError

log = logging.getLogger(__name__)

_FRAMES = 6
_OURS = "/apps/"


def all_or_each(ids: Sequence[int], work: Callable[[Sequence[int]], None]) -> None:
    """Do the work for all at once; where that fails, for each alone, so that one stops no other.

    Args:
        ids: what the work is about.
        work: does it for the ids it is given, in a transaction of its own.

    Raises:
        OperationalError: the database is away, which is nobody's fault.
    """
    try:
        work(ids)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 -- whatever it was, the others go on
        if len(ids) == 1:
            log.error("%d failed, the others go on: %s", ids[0], describe(error))  # noqa: TRY400 -- no values
            return
        for one in ids:
            all_or_each([one], work)


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

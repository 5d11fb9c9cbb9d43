"""Counts the procedure codes that the catalogue does not know, for people to map.

A sender may make up codes without end, so their rows are limited: what is beyond the limit
waits as an order like any other, it is only not in the list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from apps.core import bulk
from apps.engine.codes import Reason
from apps.intake.processing.changes import OrderChange
from apps.intake.processing.recognising import as_code

MOST_OF_ONE_ISSUER = 5_000
MOST_IN_ALL = 100_000

_SYSTEM_CHARS = 64


@dataclass
class _Said:
    """What a batch says of one code; the last order's words count."""

    row: dict[str, object]
    count: int = 0


class UnknownCodes:
    """The unknown codes that the messages of one transaction say."""

    def __init__(self) -> None:
        """Begin with none."""
        self._said: dict[tuple[str, str, str], _Said] = {}
        self._counted: set[tuple[int, int, str]] = set()

    def note(self, change: OrderChange, *, order_id: int, message_id: int) -> None:
        """Count the code of a change if the catalogue did not know it.

        The text of an order without a code stands for it where the order waits for what it means.
        An order counts once for each message that says it, however many of its groups do.
        """
        code = change.procedure_code.strip()[:200] or _text_as_code(change)
        if not code or "procedure_id" in change.values:
            return
        system = change.procedure_system if change.procedure_code else ""
        system = system if len(system) <= _SYSTEM_CHARS else ""
        key = (change.issuer, system, code.upper())
        said = self._said.setdefault(key, _Said({}))
        said.row = {
            "issuer": change.issuer,
            "coding_system": system,
            "code": code,
            "text": _text(change.values, "procedure_text"),
            "modality": _text(change.values, "modality"),
            "body_part": _text(change.values, "body_part"),
            "last_order_id": order_id,
        }
        once = (message_id, order_id, key[2])
        said.count += once not in self._counted
        self._counted.add(once)

    def flush(self, *, at: datetime) -> None:
        """Write the counts in one statement, nothing where all codes were known.

        Only one batch is applied at a time, under the assignment lock; the rows are sorted so
        that nobody else who writes them in order can wait for us in a circle.
        """
        if not self._said:
            return
        rows = [{**said.row, "count": said.count} for _, said in sorted(self._said.items())]
        said = json.dumps(rows, ensure_ascii=False)
        of_one, in_all = [MOST_OF_ONE_ISSUER] * 2, [MOST_IN_ALL] * 2
        bulk.execute(_COUNT, [said, at, *of_one, *in_all, at, at])


def _text_as_code(change: OrderChange) -> str:
    if change.parked is not Reason.UNKNOWN_MODALITY:
        return ""
    return as_code(_text(change.values, "procedure_text"))


def _text(values: Mapping[str, object], name: str) -> str:
    return str(values.get(name) or "")


# Each code is looked up by its key, whatever the planner believes of the table. ``free`` and
# ``room`` are asked for the issuers of new codes only, and read no further than the limits.
_COUNT = """
    WITH said AS (
        SELECT fresh.*, (
            SELECT id FROM intake_unknowncode AS kept
            WHERE kept.issuer = fresh.issuer AND kept.coding_system = fresh.coding_system
              AND UPPER(kept.code) = UPPER(fresh.code)
        ) AS id
        FROM json_to_recordset(%s::json) AS fresh(
            issuer text, coding_system text, code text, text text, modality text,
            body_part text, count bigint, last_order_id bigint
        )
    ), counted AS (
        UPDATE intake_unknowncode AS old
        SET count = old.count + said.count,
            text = COALESCE(NULLIF(said.text, ''), old.text),
            modality = COALESCE(NULLIF(said.modality, ''), old.modality),
            body_part = COALESCE(NULLIF(said.body_part, ''), old.body_part),
            last_order_id = said.last_order_id,
            last_at = %s::timestamptz
        FROM said WHERE old.id = said.id
    ), new AS (
        SELECT *, row_number() OVER (PARTITION BY issuer ORDER BY coding_system, code) AS place
        FROM said WHERE id IS NULL
    ), free AS MATERIALIZED (
        SELECT issuer, %s::bigint - (
            SELECT count(*) FROM (
                SELECT FROM intake_unknowncode AS kept WHERE kept.issuer = named.issuer
                LIMIT %s::bigint
            ) AS held
        ) AS places
        FROM (SELECT DISTINCT issuer FROM new) AS named
    ), room AS MATERIALIZED (
        SELECT issuer, CASE WHEN places > 0 THEN LEAST(places, %s::bigint - (
            SELECT count(*) FROM (SELECT FROM intake_unknowncode LIMIT %s::bigint) AS held
        )) ELSE 0 END AS places
        FROM free
    )
    INSERT INTO intake_unknowncode (issuer, coding_system, code, text, modality, body_part,
                                    count, last_order_id, first_at, last_at)
    SELECT new.issuer, coding_system, code, text, modality, body_part,
           count, last_order_id, %s::timestamptz, %s::timestamptz
    FROM new JOIN room ON room.issuer = new.issuer
    WHERE new.place <= room.places
    ON CONFLICT DO NOTHING
"""

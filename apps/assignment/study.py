"""What a person saw of a study when they decided to act on it."""

from __future__ import annotations

from dataclasses import dataclass

REPORTED_BY_HAND = "reported_by_hand"
"""The flag of an order whose reader said that it is reported, before any message did."""

SHORTEST_REASON, LONGEST_REASON = 5, 200
"""How many letters a typed reason has, where one is needed."""

URGENCY_BY_HAND = "urgency_by_hand"
"""The flag of an order whose urgency a person set."""


@dataclass(frozen=True, slots=True)
class StudyState:
    """A study as its actions see it; of the patient nothing.

    ``assignment_id``, ``radiologist_id`` and ``shift_code`` are those of the current assignment,
    None and empty where there is none; a held study may have one. ``held_reason`` is empty
    unless the study is held. ``is_reported_by_hand`` says that its reader told of the report.
    """

    order_id: int
    accession: str
    site_id: int | None
    status: str
    urgency: str
    assignment_id: int | None = None
    radiologist_id: str = ""
    shift_code: str = ""
    held_reason: str = ""
    is_reported_by_hand: bool = False

    @property
    def token(self) -> str:
        """Return what a form sends back, to find out whether the study moved on meanwhile."""
        return f"{self.status}.{self.assignment_id or 0}.{self.urgency}"

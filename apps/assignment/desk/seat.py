"""What an assignment adds to a load: its own urgency, RVU and units, as they were counted."""

from __future__ import annotations

from apps.assignment.models import Assignment
from apps.assignment.snapshot.loads import Seat
from apps.engine.codes import Urgency


def seat_of(assignment: Assignment) -> Seat:
    """Return the seat as it was counted, whatever the order says by now."""
    return Seat(Urgency(assignment.urgency), assignment.rvu, assignment.units)

"""The desk: where assignments change, in memory under the lock, written in one go."""

from __future__ import annotations

from apps.assignment.desk.case import Case, load_cases
from apps.assignment.desk.desk import Desk
from apps.assignment.desk.opening import open_desk

__all__ = ["Case", "Desk", "load_cases", "open_desk"]

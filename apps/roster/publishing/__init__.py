"""The final schedule as iCalendar, at secret addresses that can be revoked."""

from __future__ import annotations

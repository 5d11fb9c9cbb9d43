"""Past days replayed twice: as everything stands now, and with what is only thought of."""

from __future__ import annotations

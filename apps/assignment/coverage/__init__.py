"""Who may be given which work, past, now and planned: the engine's sweep over stored records."""

from __future__ import annotations

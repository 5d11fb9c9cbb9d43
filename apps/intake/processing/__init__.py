"""From stored bytes to effect: read, recognise, apply, all of a message or nothing of it."""

from __future__ import annotations

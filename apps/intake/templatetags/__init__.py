"""Tags of the pages of messages."""

from __future__ import annotations

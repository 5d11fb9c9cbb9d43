"""Forms of messages, senders and codes."""

from __future__ import annotations

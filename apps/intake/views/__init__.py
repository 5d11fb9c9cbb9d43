"""The pages of messages, received and sent."""

from __future__ import annotations

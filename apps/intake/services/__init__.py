"""What a person does with received messages."""

from __future__ import annotations

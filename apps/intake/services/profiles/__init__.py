"""What a person does with sender profiles: check, save and run again, restore, import."""

from __future__ import annotations

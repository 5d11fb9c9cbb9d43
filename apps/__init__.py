"""The rooms of radassign; imports between them point down (see pyproject.toml)."""

from __future__ import annotations

"""Patterns that people write: a regular expression subset searched in linear time."""

from __future__ import annotations

from apps.patterns.matcher import Pattern, compile_pattern
from apps.patterns.parser import MAX_LENGTH, PatternError

__all__ = ["MAX_LENGTH", "Pattern", "PatternError", "compile_pattern"]

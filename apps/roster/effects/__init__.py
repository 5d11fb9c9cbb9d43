"""What follows from a change of a shift or a person, in words, before it is saved."""

from __future__ import annotations

"""Shares of the work: what readers were given for the hours they worked, and what counts."""

from __future__ import annotations

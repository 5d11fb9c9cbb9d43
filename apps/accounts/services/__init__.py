"""Writes of the accounts room."""

from __future__ import annotations

"""Reads of the roster room."""

from __future__ import annotations

"""Reads of the assignment room."""

from __future__ import annotations

"""Brings tables from files into the catalogue: read, planned and shown first, then applied."""

from __future__ import annotations

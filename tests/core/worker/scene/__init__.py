"""A small world for the worker: two tables, two slices, and settings that name them."""

from __future__ import annotations

"""Forms of the catalogue's pages."""

from __future__ import annotations

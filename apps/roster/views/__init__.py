"""The roster room's pages."""

from __future__ import annotations

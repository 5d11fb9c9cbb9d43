"""What decisions are made from: configuration at one version, and loads at one moment."""

from __future__ import annotations

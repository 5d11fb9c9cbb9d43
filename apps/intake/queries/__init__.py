"""Reads of messages, received and sent, as their pages show them."""

from __future__ import annotations

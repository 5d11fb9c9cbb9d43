"""The decision: facts in, Decision with its trace out; knows no framework, database or clock."""

from __future__ import annotations

"""Tags of the pages that tell of messages and destinations."""

from __future__ import annotations

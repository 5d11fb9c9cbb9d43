"""The OPTIMAL strategy: what a study costs with each reader, and the best choice for many at once."""

from __future__ import annotations

from apps.engine.optimal.costs import priced

__all__ = ["priced"]

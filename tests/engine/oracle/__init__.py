"""The decision said a second time, as a hospital would on paper. Source: spec 2.

It shares the facts and the codes with the engine and nothing else: no index, no trace, no memory,
loops over everybody. It is slow on purpose.
"""

from __future__ import annotations

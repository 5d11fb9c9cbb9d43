"""A department in fast motion: seeded arrivals and readers, the real engine deciding; pure.

A discrete-event model. Studies arrive by the hour of the week, the engine (or a baseline) gives
each to a reader, readers read one study at a time, go on breaks, leave and come back, and what is
overdue moves on as in the product. The same seed gives the same days, whoever decides.
"""

from __future__ import annotations

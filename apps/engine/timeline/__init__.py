"""Who may be given which work, over time: the decision's own steps, swept over a span.

A *lane* is a kind of work at a site. Between two moments at which somebody comes or goes, or a
competency begins or ends, who may be given the work of a lane cannot change; so only those
moments are looked at, and lanes that ask the same of the same shifts are worked out once.
"""

from __future__ import annotations

"""Days of work played through with the engine that decides live: orders come, readers read.

Pure and without randomness: what comes and how long it takes to read is given, the rest follows.
What is left out, so that nobody expects it: readers who hand work back, change their presence or
let a STAT order lie, and people who assign by hand. Source: spec 2 and 3; ADR 23.
"""

from __future__ import annotations

from apps.engine.rehearsal.both import compile_both
from apps.engine.rehearsal.deciders import Decider, EngineDecider, Verdict
from apps.engine.rehearsal.facts import Case, Conduct, Mate, Opening, Study
from apps.engine.rehearsal.following import deciders_of
from apps.engine.rehearsal.rehearsal import Rehearsal
from apps.engine.rehearsal.tally import Tally

__all__ = [
    "Case",
    "Conduct",
    "Decider",
    "EngineDecider",
    "Mate",
    "Opening",
    "Rehearsal",
    "Study",
    "Tally",
    "Verdict",
    "compile_both",
    "deciders_of",
]

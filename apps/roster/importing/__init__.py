"""Rosters from elsewhere: read, matched with people and shifts, compared, applied.

A file or a feed is read into *entries* (somebody, something, some time), entries become *turns*
(a person on a run of a shift, or on some hours of it), and turns are compared with the rows that
came from the same source before. Only then is anything written, all of it or nothing.
"""

from __future__ import annotations

"""Delivery over MLLP: one multiplexer over all destinations, a lane for each.

The rows are the truth: a lane reads committed rows of its destination in the order of their ids,
sends one message at a time over a connection that it keeps, and records what came of it. A
message is repeated, with its MSH-10 unchanged, until an answer names it (MSA-2): at least once,
in order per order. Source: spec 4; HL7 v2.5.1 2.9.
"""

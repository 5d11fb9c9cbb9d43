"""Writes of rosters that are proposed: made, worked out, edited, published."""

"""Reads for the rosters that are proposed: the drafts, and what they are worked out from."""

"""Reads of destinations, of what waits for them, and of what died."""

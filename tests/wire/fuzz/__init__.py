"""A seeded mutation fuzz of the listener: what is sent, what must come back, and who says so."""

"""Plays the system that a destination stands for: acknowledges and tells what it was told."""

"""Plays the systems on the other side of the listener: sends files, simulates a RIS."""

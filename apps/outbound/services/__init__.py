"""Telling destinations of decisions, and what a person can do with a message."""

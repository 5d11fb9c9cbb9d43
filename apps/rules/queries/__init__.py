"""Reads of rules and policies."""

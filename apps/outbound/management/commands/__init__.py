"""Commands of outbound."""

"""Who did what, append-only; rows name their entity and hold no foreign keys."""

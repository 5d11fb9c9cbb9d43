"""The queue on PostgreSQL: nudges that wake a cluster, and the slices of work they start."""

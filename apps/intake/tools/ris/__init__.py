"""A simulated RIS: plausible orders, changes, cancels and results; every patient is invented."""

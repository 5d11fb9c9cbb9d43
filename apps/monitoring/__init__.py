"""Health and metrics, as seen from outside; reads only, no patient data."""

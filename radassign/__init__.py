"""The Django project: settings, embedded PostgreSQL, supervisor; the radiology lives in ``apps``."""

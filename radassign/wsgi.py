"""The web processes' entry: ``gunicorn radassign.wsgi``."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radassign.settings")
os.environ.setdefault("RADASSIGN_ROLE", "web")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

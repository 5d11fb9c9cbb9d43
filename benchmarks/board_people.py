"""Makes a hundred people who look at the board, signed in; prints their sessions as JSON.

Half of them see every site, a fifth have narrowed the board, the others manage one site each.
Usage: ``python -m benchmarks.board_people``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.catalog.models import Site

_NATIONAL, _NARROWED, _LOCAL = 50, 20, 30
_MODALITIES = ("CT", "MR", "US")


def make() -> list[dict[str, str]]:
    """Return each viewer's session key and what stands behind ``/`` in their address."""
    from django.contrib.auth.hashers import make_password  # noqa: PLC0415 -- after django.setup

    from apps.accounts.models import User  # noqa: PLC0415

    password = make_password(None)  # nobody types it
    return [
        {
            "session": _session(User.objects.create(username=name, password=password), site),
            "query": query,
        }
        for name, site, query in _viewers()
    ]


def _viewers() -> Iterator[tuple[str, Site | None, str]]:
    from apps.catalog.models import Cluster, Site  # noqa: PLC0415

    sites = list(Site.objects.order_by("code"))
    clusters = list(Cluster.objects.order_by("code"))[:2]
    queries = [f"modality={code}" for code in _MODALITIES] + [f"cluster={c.pk}" for c in clusters]
    for number in range(_NATIONAL):
        yield f"bench-national-{number}", None, ""
    for number in range(_NARROWED):
        yield f"bench-narrowed-{number}", None, queries[number % len(queries)]
    for number in range(_LOCAL):
        yield f"bench-local-{number}", sites[number % len(sites)], ""


def _session(user: User, site: Site | None) -> str:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: PLC0415
    from django.contrib.sessions.backends.db import SessionStore  # noqa: PLC0415

    from apps.accounts.choices import Role  # noqa: PLC0415
    from apps.accounts.models import RoleGrant  # noqa: PLC0415

    RoleGrant.objects.create(user=user, role=Role.MANAGER, site=site)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "apps.accounts.backends.RoleBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radassign.settings")
    django.setup()
    print(json.dumps(make()))

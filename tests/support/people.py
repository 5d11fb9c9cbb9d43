"""People with roles, and browsers in which they are signed in."""

from __future__ import annotations

from django.test import Client

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant, User
from apps.catalog.models import Cluster, Site
from tests.factories.people import UserFactory


def person(
    *roles: Role, site: Site | None = None, cluster: Cluster | None = None, **fields: object
) -> User:
    """Return somebody with the roles at the site, in the cluster or (neither named) everywhere."""
    user: User = UserFactory.create(**fields)
    for role in roles:
        RoleGrant.objects.create(user=user, role=role, site=site, cluster=cluster)
    return user


def client_of(user: User) -> Client:
    """Return a browser in which the person is signed in."""
    client = Client()
    client.force_login(user)
    return client


def signed_in(
    *roles: Role, site: Site | None = None, cluster: Cluster | None = None, **fields: object
) -> Client:
    """Return a browser in which somebody with the roles is signed in."""
    return client_of(person(*roles, site=site, cluster=cluster, **fields))

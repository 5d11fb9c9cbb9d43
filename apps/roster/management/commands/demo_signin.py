"""``manage.py demo_signin``: the people who sign in to the demo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant, User
from apps.core.actor import Actor, acting_as
from apps.roster.models import Radiologist
from radassign.secret_files import kept_secret
from radassign.up.readiness import DEMO_PASSWORD_FILE, DEMO_PEOPLE


@dataclass(frozen=True, slots=True)
class _Person:
    """Somebody of the demo; their roles hold at every site."""

    given_name: str
    family_name: str
    roles: Sequence[Role]
    radiologist_id: str = ""


# The manager also sets the demo's places and interfaces up, so that one sign-in shows it all.
_PEOPLE = {
    "manager": _Person("Morgan", "Manager", (Role.MANAGER, Role.ADMINISTRATOR)),
    "smith": _Person("John", "Smith", (Role.RADIOLOGIST,), radiologist_id="DR_SMITH_ID"),
    "auditor": _Person("Audrey", "Auditor", (Role.AUDITOR,)),
    "admin": _Person("Adam", "Administrator", (Role.ADMINISTRATOR,)),
}


class Command(BaseCommand):
    """Makes the demo's people; their one password is made once and kept in the data folder."""

    help = "Make the demo's people, or bring them back to the password in the data folder."

    def handle(self, *_args: object, **_options: Any) -> None:
        """Make the people or bring them back to what the demo prints."""
        secret = kept_secret(settings.RADASSIGN_DATA_DIR, DEMO_PASSWORD_FILE, length_bytes=9)
        with acting_as(Actor.system("demo")):
            for username in DEMO_PEOPLE:
                _bring_back(username, _PEOPLE[username], secret)
        for username in DEMO_PEOPLE:
            self.stdout.write(f"{username} / {secret}")


def _bring_back(username: str, person: _Person, secret: str) -> None:
    user, _made = User.objects.get_or_create(
        username=username,
        defaults={
            "first_name": person.given_name,
            "last_name": person.family_name,
            "email": f"{username}@radassign.example",
        },
    )
    user.is_active, user.is_superuser = True, False
    if not user.check_password(secret):
        user.set_password(secret)
    user.save()
    for role in person.roles:
        RoleGrant.objects.get_or_create(user=user, role=role, cluster=None, site=None)
    if person.radiologist_id and not Radiologist.objects.filter(user=user).exists():
        reader = Radiologist.objects.filter(pk=person.radiologist_id, user=None)
        reader.update(user=user)

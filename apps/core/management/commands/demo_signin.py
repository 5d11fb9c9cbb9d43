"""``manage.py demo_signin``: the person who signs in to the demo."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from apps.core.actor import Actor, acting_as
from radassign.secret_files import kept_secret
from radassign.up.readiness import DEMO_PASSWORD_FILE, DEMO_USER


class Command(BaseCommand):
    """Makes the demo's sign-in; its password is made once and kept in the data folder."""

    help = "Make the demo's sign-in, or set its password back to the one in the data folder."

    def handle(self, *_args: object, **_options: Any) -> None:
        """Make the person or bring them back to what the demo prints."""
        secret = kept_secret(settings.RADASSIGN_DATA_DIR, DEMO_PASSWORD_FILE, length_bytes=9)
        with acting_as(Actor.system("demo")):
            person, _made = get_user_model().objects.get_or_create(
                username=DEMO_USER, defaults={"email": "manager@radassign.example"}
            )
            person.is_staff = person.is_superuser = person.is_active = True
            if not person.check_password(secret):
                person.set_password(secret)
            person.save()
        self.stdout.write(f"{DEMO_USER} / {secret}")

"""People who sign in."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from apps.core.validators import validate_zone


class User(AbstractUser):
    """A person with a sign-in; ``time_zone`` decides what *today* means on their pages."""

    time_zone = models.CharField(
        max_length=64, default="Australia/Brisbane", validators=[validate_zone]
    )

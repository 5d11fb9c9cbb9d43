from __future__ import annotations

import factory

from apps.accounts.models import User
from apps.roster.models import Radiologist


class UserFactory(factory.django.DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    password = factory.django.Password("a long enough password")


class RadiologistFactory(factory.django.DjangoModelFactory[Radiologist]):
    class Meta:
        model = Radiologist

    id = factory.Sequence(lambda n: f"DR_{n}")
    family_name = "Reader"
    given_name = "Rae"

from __future__ import annotations

from datetime import timedelta

import factory

from apps.rules.models import Shadow
from tests.factories.drafts import RuleDraftFactory
from tests.factories.times import NOON


class ShadowFactory(factory.django.DjangoModelFactory[Shadow]):
    class Meta:
        model = Shadow

    draft = factory.SubFactory(RuleDraftFactory)
    started_by = "user:ann"
    started_at = NOON
    ends_at = factory.LazyAttribute(lambda row: row.started_at + timedelta(days=7))

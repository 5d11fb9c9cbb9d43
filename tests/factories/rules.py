from __future__ import annotations

import factory

from apps.rules.choices import ActionChoices
from apps.rules.models import AssignmentRule, SlaPolicy


class AssignmentRuleFactory(factory.django.DjangoModelFactory[AssignmentRule]):
    class Meta:
        model = AssignmentRule

    name = factory.Sequence(lambda n: f"Rule {n}")
    action_type = ActionChoices.HOLD
    action_target = "hold"


class SlaPolicyFactory(factory.django.DjangoModelFactory[SlaPolicy]):
    class Meta:
        model = SlaPolicy

    urgency = "ROUTINE"
    report_minutes = 1440

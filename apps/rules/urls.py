"""The addresses of the pages of rules and policies."""

from __future__ import annotations

from django.urls import path

from apps.rules.views import policies, rules

urlpatterns = [
    path("rules/", rules.rules, name="rules"),
    path("rules/new/", rules.add, name="rule-add"),
    path("rules/check/", rules.check, name="rule-check"),
    path("rules/schema.json", rules.published_schema, name="rule-schema"),
    path("rules/<int:rule_id>/", rules.rule, name="rule"),
    path("rules/<int:rule_id>/edit/", rules.edit, name="rule-edit"),
    path("rules/<int:rule_id>/move/", rules.move, name="rule-move"),
    path("rules/<int:rule_id>/switch/", rules.switch, name="rule-switch"),
    path("rules/<int:rule_id>/delete/", rules.delete, name="rule-delete"),
    path("rules/<int:rule_id>/versions/<int:number>/", rules.version, name="rule-version"),
    path("policies/", policies.policies, name="policies"),
    path("policies/new/", policies.add, name="policy-add"),
    path("policies/<int:policy_id>/", policies.edit, name="policy"),
    path("policies/<int:policy_id>/delete/", policies.delete, name="policy-delete"),
]

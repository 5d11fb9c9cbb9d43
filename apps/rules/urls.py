"""The addresses of the pages of rules and policies."""

from __future__ import annotations

from django.urls import path

from apps.rules.views import builder, decisions, drafted_rules, drafts, policies, rules, versions

urlpatterns = [
    path("rules/", rules.rules, name="rules"),
    path("rules/new/", builder.add, name="rule-add"),
    path("rules/check/", builder.check, name="rule-check"),
    path("rules/codes/", builder.codes, name="rule-codes"),
    path("rules/schema.json", builder.published_schema, name="rule-schema"),
    path("rules/<int:rule_id>/", rules.rule, name="rule"),
    path("rules/<int:rule_id>/edit/", builder.edit, name="rule-edit"),
    path("rules/<int:rule_id>/move/", rules.move, name="rule-move"),
    path("rules/<int:rule_id>/switch/", rules.switch, name="rule-switch"),
    path("rules/<int:rule_id>/delete/", builder.delete, name="rule-delete"),
    path("rules/<int:rule_id>/versions/<int:number>/", rules.version, name="rule-version"),
    path(
        "rules/<int:rule_id>/versions/<int:number>/back/",
        versions.rule_back,
        name="rule-version-back",
    ),
    path("rules/versions/", versions.versions, name="rule-versions"),
    path("rules/versions/back/", versions.all_back, name="rule-versions-back"),
    path("rules/drafts/", drafts.drafts_list, name="rule-drafts"),
    path("rules/drafts/new/", drafts.add, name="rule-draft-add"),
    path("rules/drafts/<int:draft_id>/", drafts.draft, name="rule-draft"),
    path("rules/drafts/<int:draft_id>/name/", drafts.rename, name="rule-draft-name"),
    path("rules/drafts/<int:draft_id>/submit/", drafts.submit, name="rule-draft-submit"),
    path("rules/drafts/<int:draft_id>/agree/", drafts.agree, name="rule-draft-agree"),
    path("rules/drafts/<int:draft_id>/open/", drafts.take_up_again, name="rule-draft-open"),
    path("rules/drafts/<int:draft_id>/live/", drafts.go_live, name="rule-draft-live"),
    path("rules/drafts/<int:draft_id>/drop/", drafts.drop, name="rule-draft-drop"),
    path("rules/drafts/<int:draft_id>/rules/", drafted_rules.rules, name="rule-draft-rules"),
    path("rules/drafts/<int:draft_id>/rules/new/", drafted_rules.add, name="rule-draft-new"),
    path("rules/drafts/<int:draft_id>/move/", drafted_rules.move, name="rule-draft-move"),
    path(
        "rules/drafts/<int:draft_id>/rules/<int:rule_id>/",
        drafted_rules.rule,
        name="rule-draft-rule",
    ),
    path(
        "rules/drafts/<int:draft_id>/rules/<int:rule_id>/delete/",
        drafted_rules.delete,
        name="rule-draft-delete",
    ),
    path(
        "rules/drafts/<int:draft_id>/changes/<int:change_id>/",
        drafted_rules.new_rule,
        name="rule-draft-change",
    ),
    path(
        "rules/drafts/<int:draft_id>/changes/<int:change_id>/leave/",
        drafted_rules.leave_alone,
        name="rule-draft-leave",
    ),
    path(
        "rules/drafts/<int:draft_id>/changes/<int:change_id>/settle/",
        drafts.settle,
        name="rule-draft-settle",
    ),
    path("policies/", policies.policies, name="policies"),
    path("policies/decisions/", decisions.decisions, name="decisions"),
    path("policies/decisions/edit/", decisions.policy, name="decision-policy"),
    path("policies/weights/", decisions.weights, name="scoring-weights"),
    path("policies/new/", policies.add, name="policy-add"),
    path("policies/<int:policy_id>/", policies.edit, name="policy"),
    path("policies/<int:policy_id>/delete/", policies.delete, name="policy-delete"),
]

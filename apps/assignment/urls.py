"""The addresses of the pages of studies."""

from __future__ import annotations

from django.urls import path

from apps.assignment.views import (
    by_hand,
    coverage,
    expiry,
    lists,
    moving,
    ordered,
    reading,
    replay_checks,
    shadows,
    shares,
    study,
    take_over,
    why,
)

urlpatterns = [
    path("radiologists/expiring/", expiry.expiring, name="expiring"),
    path(
        "radiologists/<path:radiologist_id>/expiring/",
        expiry.expiring_of,
        name="radiologist-expiring",
    ),
    path(
        "radiologists/<path:radiologist_id>/share/",
        shares.radiologist_share,
        name="radiologist-share",
    ),
    path("shares/", shares.department, name="shares"),
    path("my-share/", shares.my_share, name="my-share"),
    path("coverage/", coverage.coverage, name="coverage"),
    path("coverage/then/", coverage.then, name="coverage-then"),
    path("assignments/", lists.assignments, name="assignments"),
    path("assignments/<int:assignment_id>/why/", why.why, name="why"),
    path("decisions/checks/", replay_checks.replay_checks, name="replay-checks"),
    path("unassigned/", lists.unassigned, name="unassigned"),
    path("unassigned/<int:order_id>/why/", why.why_not, name="why-unassigned"),
    path("assignments/<int:assignment_id>/why/more/", why.more, name="why-more"),
    path("unassigned/<int:order_id>/why/more/", why.more_not, name="why-unassigned-more"),
    path("rules/shadows/", shadows.shadows, name="shadows"),
    path("rules/shadows/new/", shadows.start, name="shadow-start"),
    path("rules/shadows/<int:shadow_id>/", shadows.shadow, name="shadow"),
    path("rules/shadows/<int:shadow_id>/stop/", shadows.stop, name="shadow-stop"),
    path("rules/shadows/<int:shadow_id>/promote/", shadows.promote, name="shadow-promote"),
    path("rules/shadows/<int:shadow_id>/drop/", shadows.drop, name="shadow-drop"),
    path(
        "rules/shadows/<int:shadow_id>/differences/<int:result_id>/",
        shadows.difference,
        name="shadow-difference",
    ),
    path("studies/find/", lists.find, name="study-find"),
    path("studies/reassign/", moving.reassign, name="study-reassign"),
    path("studies/<int:order_id>/", study.study, name="study"),
    path("studies/<int:order_id>/<str:action>/", by_hand.act, name="study-act"),
    path("take-over/", take_over.take_over, name="take-over"),
    path("take-over/<int:event_id>/", take_over.done, name="take-over-done"),
    path("take-over/<int:event_id>/back/", take_over.take_back, name="take-over-back"),
    path("my-list/", reading.my_list, name="my-list"),
    path("my-list/next/", reading.go_on, name="my-list-next"),
    path("my-list/presence/", reading.presence, name="my-list-presence"),
    path("my-list/activity/", reading.activity, name="my-list-activity"),
    path("my-list/<int:order_id>/hand-back/", reading.hand_back, name="my-list-hand-back"),
    path("my-list/<int:order_id>/take/", reading.take, name="my-list-take"),
    path("my-list/<int:order_id>/<str:action>/", reading.act, name="my-list-act"),
    path("ordered/", ordered.ordered, name="ordered"),
]

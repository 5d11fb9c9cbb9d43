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
    path("coverage/", coverage.coverage, name="coverage"),
    path("coverage/then/", coverage.then, name="coverage-then"),
    path("assignments/", lists.assignments, name="assignments"),
    path("assignments/<int:assignment_id>/why/", why.why, name="why"),
    path("unassigned/", lists.unassigned, name="unassigned"),
    path("unassigned/<int:order_id>/why/", why.why_not, name="why-unassigned"),
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

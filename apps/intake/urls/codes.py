"""Codes of senders that nobody has mapped yet."""

from __future__ import annotations

from django.urls import path

from apps.intake.views import codes

urlpatterns = [
    path("procedures/unknown/", codes.codes, name="codes"),
    path("procedures/unknown/accept/", codes.accept, name="codes-accept"),
    path("procedures/unknown/set-aside/", codes.set_aside, name="codes-set-aside"),
    path("procedures/unknown/take-back/", codes.take_back, name="codes-take-back"),
    path("procedures/unknown/<int:code_id>/", codes.code, name="code"),
    path("procedures/unknown/<int:code_id>/new/", codes.new, name="code-new"),
]

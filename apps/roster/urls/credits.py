"""The addresses of the pages on which other work is logged."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.roster.views import credits as views

credit_urls: list[URLPattern] = [
    path("my-share/other-work/new/", views.log_own, name="my-credit-add"),
    path("my-share/other-work/<int:credit_id>/", views.own, name="my-credit"),
    path("my-share/other-work/<int:credit_id>/delete/", views.delete_own, name="my-credit-delete"),
    path("radiologists/<path:radiologist_id>/other-work/new/", views.log, name="credit-add"),
    path(
        "radiologists/<path:radiologist_id>/other-work/<int:credit_id>/",
        views.edit,
        name="credit",
    ),
    path(
        "radiologists/<path:radiologist_id>/other-work/<int:credit_id>/delete/",
        views.delete,
        name="credit-delete",
    ),
]

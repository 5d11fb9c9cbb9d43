"""The addresses of what is tried out."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.trials.views import trying, whatif

urlpatterns: list[URLPattern] = [
    path("rules/try/", trying.try_it, name="rule-try"),
    path("rules/what-if/", whatif.whatifs, name="what-ifs"),
    path("rules/what-if/new/", whatif.add, name="what-if-add"),
    path("rules/what-if/<int:whatif_id>/", whatif.whatif, name="what-if"),
    path("rules/what-if/<int:whatif_id>/moves/", whatif.moves, name="what-if-moves"),
    path("rules/what-if/<int:whatif_id>/moves.csv", whatif.moves_csv, name="what-if-moves-csv"),
    path("rules/what-if/<int:whatif_id>/cancel/", whatif.cancel, name="what-if-cancel"),
    path("rules/what-if/<int:whatif_id>/again/", whatif.again, name="what-if-again"),
    path("rules/what-if/<int:whatif_id>/delete/", whatif.delete, name="what-if-delete"),
]

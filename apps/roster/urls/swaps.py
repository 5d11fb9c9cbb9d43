"""The addresses of swaps that are asked for; dates are written as the roster's."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.roster.urls import roster  # noqa: F401 -- it registers how dates are written
from apps.roster.views import swap_requests, swaps

swap_urls: list[URLPattern] = [
    path("roster/swaps/", swaps.swaps, name="swaps"),
    path("roster/swaps/turns/", swaps.turns, name="swap-turns"),
    path("roster/swaps/ask/<int:shift_id>/<roster_day:on>/", swaps.ask, name="swap-ask"),
    path("roster/swaps/<int:request_id>/take/", swaps.take, name="swap-take"),
    path("roster/swaps/<int:request_id>/decline/", swaps.decline, name="swap-decline"),
    path("roster/swaps/<int:request_id>/withdraw/", swaps.withdraw, name="swap-withdraw"),
    path("roster/swap-requests/", swap_requests.requests, name="swap-requests"),
    path("roster/swap-requests/new/", swap_requests.add, name="swap-request-add"),
    path("roster/swap-requests/<int:request_id>/", swap_requests.accept, name="swap-request"),
    path(
        "roster/swap-requests/<int:request_id>/decline/",
        swap_requests.decline,
        name="swap-request-decline",
    ),
    path(
        "roster/swap-requests/<int:request_id>/withdraw/",
        swap_requests.withdraw,
        name="swap-request-withdraw",
    ),
]

"""The addresses of this room's pages."""

from __future__ import annotations

from django.urls import URLPattern

from apps.roster.urls.arranging import arranging_urls
from apps.roster.urls.calendars import calendar_urls
from apps.roster.urls.could_fill import could_fill_urls
from apps.roster.urls.credits import credit_urls
from apps.roster.urls.drafts import draft_urls
from apps.roster.urls.imports import import_urls
from apps.roster.urls.radiologists import radiologist_urls
from apps.roster.urls.roster import roster_urls
from apps.roster.urls.rotas import rota_urls
from apps.roster.urls.shifts import shift_urls
from apps.roster.urls.swaps import swap_urls

urlpatterns: list[URLPattern] = [
    *shift_urls,
    *credit_urls,
    *radiologist_urls,
    *roster_urls,
    *could_fill_urls,
    *draft_urls,
    *arranging_urls,
    *rota_urls,
    *import_urls,
    *calendar_urls,
    *swap_urls,
]

"""The addresses of this room's pages."""

from __future__ import annotations

from django.urls import URLPattern

from apps.roster.urls.radiologists import radiologist_urls
from apps.roster.urls.roster import roster_urls
from apps.roster.urls.shifts import shift_urls

urlpatterns: list[URLPattern] = [*shift_urls, *radiologist_urls, *roster_urls]

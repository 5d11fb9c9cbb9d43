"""How Django finds this app."""

from __future__ import annotations

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Register patients and orders."""

    name = "apps.orders"
    label = "orders"
    default_auto_field = "django.db.models.BigAutoField"

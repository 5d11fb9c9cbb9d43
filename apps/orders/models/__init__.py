"""Patients, orders (the studies to read), what identifies them, and their segments as they came."""

from __future__ import annotations

from apps.orders.models.order import Order, OrderIdentifier, OrderSegments, UnknownCancel
from apps.orders.models.patient import Patient, PatientMerge

__all__ = [
    "Order",
    "OrderIdentifier",
    "OrderSegments",
    "Patient",
    "PatientMerge",
    "UnknownCancel",
]

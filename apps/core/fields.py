"""The field types through which patient data passes; plain today, one place to encrypt later."""

from __future__ import annotations

from django.db import models


class ProtectedTextField(models.TextField):  # type: ignore[type-arg] # generic only in the stubs
    """Text that names or describes a patient."""


class ProtectedDateField(models.DateField):  # type: ignore[type-arg] # generic only in the stubs
    """A date that belongs to a patient."""


class ProtectedBytesField(models.BinaryField):  # type: ignore[type-arg] # generic only in the stubs
    """Raw bytes in which a patient is named."""

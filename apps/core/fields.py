"""Field types that several rooms share.

All patient data passes through the protected ones; plain today, one place to encrypt later.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class ProtectedTextField(models.TextField):  # type: ignore[type-arg] # generic only in the stubs
    """Text that names or describes a patient."""


class ProtectedDateField(models.DateField):  # type: ignore[type-arg] # generic only in the stubs
    """A date that belongs to a patient."""


class ProtectedBytesField(models.BinaryField):  # type: ignore[type-arg] # generic only in the stubs
    """Raw bytes in which a patient is named."""


class PortField(models.PositiveIntegerField):  # type: ignore[type-arg] # generic only in the stubs
    """A TCP port; a fixture may name a port setting instead, such as ``RIS_PORT``.

    So the demo's destination is where this stack's demo RIS listens, whichever ports it has.
    """

    default_validators = [MinValueValidator(1), MaxValueValidator(65535)]  # noqa: RUF012 -- Django's
    _named = frozenset({"RIS_PORT", "HL7_PORT"})

    def to_python(self, value: Any) -> Any:  # noqa: ANN401 -- as Django declares it
        """Return the number, that of a setting where one is named."""
        if isinstance(value, str) and value in self._named:
            return getattr(settings, value)
        return super().to_python(value)

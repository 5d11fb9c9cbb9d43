"""What somebody wants to try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from apps.core.access import Access, Permission, Scope
from apps.rules.models import RuleDraft


class Source(StrEnum):
    """Where the order comes from."""

    MESSAGE = "message"
    ORDER = "order"
    FACTS = "facts"


class When(StrEnum):
    """Whose loads and which moment a past order is tried with."""

    NOW = "now"
    THEN = "then"


@dataclass(frozen=True, slots=True)
class Asked:
    """A try: one source, a moment, and perhaps a draft beside the rules in force.

    ``at`` None is now. ``facts`` are the columns of an order that a person typed.
    """

    source: Source
    message: str = ""
    order_id: int | None = None
    when: When = When.NOW
    facts: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    draft: RuleDraft | None = None


@dataclass(frozen=True, slots=True)
class Who:
    """Who tries: where they may look at rules, and what else they may."""

    scope: Scope
    access: Access

    def may_paste(self) -> bool:
        """Say whether they may bring a message, which names a patient."""
        return self.access.may(Permission.RULE_CHANGE) or self.access.may(Permission.MESSAGE_OPEN)

    @property
    def patients(self) -> Scope:
        """Return where they may see who a study's patient is."""
        return self.access.scope(Permission.PATIENT_VIEW)

    def may_see_patient(self, site_id: int | None) -> bool:
        """Say whether they may see who a study's patient is."""
        return self.patients.covers(site_id)

"""Whether a radiologist is there, and when they last did something.

Both lie in the workload row and are read live by every decision. A trigger tells the deciders of
a presence that changed, so that studies which waited for somebody are tried again. Who goes
offline keeps what they have; only new work passes them by.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models.functions import Greatest

from apps.roster.choices import PresenceChoices
from apps.roster.models import Workload


def set_presence(*, radiologist_id: str, presence: PresenceChoices, at: datetime) -> None:
    """Note that a radiologist is online, away or offline; saying so is activity too.

    Raises:
        Workload.DoesNotExist: there is no such radiologist.
    """
    _write(radiologist_id, at, presence=presence)


def note_activity(*, radiologist_id: str, at: datetime) -> None:
    """Note that a radiologist just did something; an older moment changes nothing.

    Raises:
        Workload.DoesNotExist: there is no such radiologist.
    """
    _write(radiologist_id, at)


def _write(radiologist_id: str, at: datetime, **values: str) -> None:
    # PostgreSQL's greatest() leaves a missing value out.
    written = Workload.objects.filter(pk=radiologist_id).update(
        last_activity_at=Greatest("last_activity_at", at), **values
    )
    if not written:
        raise Workload.DoesNotExist(f"{radiologist_id} is no radiologist")

"""Drafts of rosters for the tests of all pages."""

from __future__ import annotations

from datetime import timedelta

from apps.roster.models import Radiologist, RosterDraft, Shift
from apps.roster.planning.wishes import Wishes
from apps.roster.services.drafting.making import site_of
from tests.factories.times import NOON


def draft(shift: Shift, person: Radiologist) -> RosterDraft:
    """Return a draft that is ready to be edited, of the shift's sites."""
    first_on = NOON.date()
    return RosterDraft.objects.create(
        name="February",
        site_id=site_of([shift.pk]),
        start_date=first_on,
        end_date=first_on + timedelta(days=1),
        wishes=Wishes(shifts=(shift.pk,), people=(person.pk,)).written(),
        state="ready",
        made_by="user:somebody",
        made_at=NOON,
    )

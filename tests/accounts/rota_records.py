"""The records that pages of rotations, planned gaps, swaps and calendars show."""

from __future__ import annotations

from datetime import timedelta

from apps.catalog.models import CalendarDay, HolidayCalendar, Site
from apps.core import clock
from apps.roster.models import PlannedGap, Radiologist, Rotation, Shift, ShiftSite, SwapRequest
from tests.factories import RadiologistFactory, RosterAssignmentFactory, ShiftFactory

Values = dict[str, object]


def _shift(site: Site) -> Shift:
    shift: Shift = ShiftFactory.create(all_sites=False)
    ShiftSite.objects.create(shift=shift, site=site)
    return shift


def _calendar() -> HolidayCalendar:
    number = HolidayCalendar.objects.count()
    return HolidayCalendar.objects.create(code=f"C{number}", name="Own")


def rotation(site: Site) -> Values:
    """Return the key of a rotation on a shift of the site."""
    today = clock.now().date()
    made = Rotation.objects.create(shift=_shift(site), start_date=today)
    made.turns.create(position=0, radiologist=RadiologistFactory.create())
    return {"rotation_id": made.pk}


def gap(site: Site) -> Values:
    """Return the key of a planned gap of a shift of the site."""
    today = clock.now().date()
    made = PlannedGap.objects.create(shift=_shift(site), start_date=today, reason="Meant")
    return {"gap_id": made.pk}


def request(site: Site, *, of: Radiologist | None = None, to: Radiologist | None = None) -> Values:
    """Return the key of an open request for a turn of tomorrow at the site."""
    shift, giver = _shift(site), of or RadiologistFactory.create()
    RosterAssignmentFactory.create(shift=shift, radiologist=giver)
    on = clock.now().date() + timedelta(days=1)
    made = SwapRequest.objects.create(
        shift=shift,
        radiologist=giver,
        asked=to,
        start_date=on,
        end_date=on,
        made_by="user:x",
        made_at=clock.now(),
    )
    return {"request_id": made.pk}


def own_turn(site: Site, reader: Radiologist) -> Values:
    """Return the address of a turn of tomorrow that a reader has."""
    shift = _shift(site)
    RosterAssignmentFactory.create(shift=shift, radiologist=reader)
    return {"shift_id": shift.pk, "on": clock.now().date() + timedelta(days=1)}


def calendar() -> Values:
    """Return the key of a calendar."""
    return {"calendar_id": _calendar().pk}


def calendar_day() -> Values:
    """Return the keys of a calendar and a day of it."""
    made = _calendar()
    day = CalendarDay.objects.create(calendar=made, on=clock.now().date(), name="Closed")
    return {"calendar_id": made.pk, "day_id": day.pk}

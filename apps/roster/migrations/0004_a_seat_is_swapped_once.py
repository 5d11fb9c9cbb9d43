"""A seat is given away once at a time: swaps of the same hours of one person do not overlap."""

from __future__ import annotations

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.constraints
from django.db import migrations, models

# Hours over midnight are two ranges; without hours it is the whole day. Immutable, so that an
# index can be made of it.
_HOURS = """
CREATE FUNCTION roster_hours(starts time, ends time) RETURNS nummultirange
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN starts IS NULL OR ends IS NULL THEN nummultirange(numrange(0, 86400))
        WHEN starts < ends THEN
            nummultirange(numrange(extract(epoch FROM starts), extract(epoch FROM ends)))
        ELSE nummultirange(
            numrange(extract(epoch FROM starts), 86400),
            numrange(0, extract(epoch FROM ends))
        )
    END
$$
"""
# Of two swaps of one seat the one whose taker comes first by id counted; the other did nothing.
_COUNTED_FOR_NOTHING = """
UPDATE roster_rosteroverride AS later SET status = 'cancelled'
WHERE later.kind = 'swap' AND later.status = 'active' AND EXISTS (
    SELECT FROM roster_rosteroverride AS counted
    WHERE counted.kind = 'swap' AND counted.status = 'active'
        AND counted.shift_id = later.shift_id
        AND counted.radiologist_id = later.radiologist_id
        AND daterange(counted.start_date, counted.end_date, '[]')
            && daterange(later.start_date, later.end_date, '[]')
        AND roster_hours(counted.start_local, counted.end_local)
            && roster_hours(later.start_local, later.end_local)
        AND (counted.taker_id, counted.id) < (later.taker_id, later.id)
)
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0002_records"), ("roster", "0003_rotas")]

    operations = [
        migrations.RunSQL(_HOURS, "DROP FUNCTION roster_hours(time, time)"),
        migrations.RunSQL(_COUNTED_FOR_NOTHING, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="rosteroverride",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("kind", "swap"), ("status", "active")),
                deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                expressions=[
                    ("shift", "="),
                    ("radiologist", "="),
                    (
                        models.Func(
                            models.F("start_date"),
                            models.F("end_date"),
                            models.Value("[]"),
                            function="daterange",
                            output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                        ),
                        "&&",
                    ),
                    (
                        models.Func(
                            models.F("start_local"),
                            models.F("end_local"),
                            function="roster_hours",
                            output_field=models.TextField(),
                        ),
                        "&&",
                    ),
                ],
                name="a_seat_is_swapped_once",
                violation_error_message="Somebody stands in for this radiologist on this shift for some of this time already; change or cancel the other swap first.",
            ),
        ),
    ]

"""Writes the full-size department of ``engine_world`` into a database, limits lifted.

200 radiologists, 500 shifts, 1,500 roster pairs, 1,000 rules and one destination; seats and
hourly limits are out of the way, so that what is measured is the pipe and not a full house.
Usage: ``python -m benchmarks.department RIS_PORT``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, TypeVar

import django
from django.db import models

from benchmarks.engine_world import build_config

_WITHOUT_LIMIT = 1_000_000
_SLA_MINUTES = (("STAT", 5, 60), ("URGENT", 15, 240), ("ROUTINE", None, 1440))
# What ``listener_load`` calls the site it orders for.
_LOAD_SITE = "Robina"

Row = TypeVar("Row", bound=models.Model)


def load(ris_port: int) -> dict[str, int]:
    """Write the department in one transaction; return how many there are of each record."""
    from django.db import transaction  # noqa: PLC0415 -- after django.setup

    with transaction.atomic():
        return _Loader().load(ris_port)


class _Loader:
    """Turns the facts that the engine's benchmark decides on into records."""

    def __init__(self) -> None:
        # Models can be imported only once Django is set up.
        from apps.catalog import models as catalog  # noqa: PLC0415
        from apps.outbound import models as outbound  # noqa: PLC0415
        from apps.roster import models as roster  # noqa: PLC0415
        from apps.rules import models as rules  # noqa: PLC0415

        self.catalog, self.outbound, self.roster, self.rules = catalog, outbound, roster, rules
        self.config = build_config()
        self.sites: dict[str, Any] = {}
        self.shifts: dict[str, Any] = {}
        self.counts: dict[str, int] = {}

    def load(self, ris_port: int) -> dict[str, int]:
        self._load_places()
        self._load_people()
        self._load_shifts()
        self._load_rules()
        self.outbound.Destination.objects.create(
            name="Benchmark RIS", host="127.0.0.1", port=ris_port
        )
        return self.counts

    def _add(self, rows: Sequence[Row]) -> list[Row]:
        model = type(rows[0])
        made: list[Row] = model._default_manager.bulk_create(rows)  # noqa: SLF001 -- Django's API
        self.counts[model.__name__] = len(made)
        return made

    def _load_places(self) -> None:
        names = sorted({site.cluster for site in self.config.sites})
        clusters = {
            row.code: row
            for row in self._add(
                [self.catalog.Cluster(code=code, name=code) for code in names],
            )
        }
        rows = [
            self.catalog.Site(
                code=site.code,
                name=site.code,
                cluster=clusters[site.cluster],
                time_zone=site.zone,
                jurisdiction=site.jurisdiction,
                requires_licence=site.requires_licence,
                requires_privilege=site.requires_privilege,
            )
            for site in self.config.sites
        ]
        self.sites = {row.code: row for row in self._add(rows)}
        first = next(iter(self.sites.values()))
        self.catalog.SiteAlias.objects.create(site=first, value=_LOAD_SITE)

    def _load_people(self) -> None:
        roster, people = self.roster, self.config.radiologists
        self._add(
            [
                roster.Radiologist(
                    id=person.id,
                    family_name=person.name,
                    specialties=sorted(person.specialties),
                    seniority_years=person.seniority_years,
                    max_concurrent_studies=_WITHOUT_LIMIT,
                    max_studies_per_hour=_WITHOUT_LIMIT,
                    is_active=person.is_active,
                )
                for person in people
            ],
        )
        self._add(
            [
                roster.RadiologistCredential(
                    radiologist_id=person.id, name=credential.name, end_date=credential.end_on
                )
                for person in people
                for credential in person.credentials
            ],
        )
        self._add(
            [
                roster.Licence(radiologist_id=person.id, jurisdiction=licence.jurisdiction)
                for person in people
                for licence in person.licences
            ],
        )
        self._add(
            [
                roster.Privilege(radiologist_id=person.id, start_date=privilege.start_on)
                for person in people
                for privilege in person.privileges
            ],
        )

    def _load_shifts(self) -> None:
        roster, facts = self.roster, self.config.shifts
        rows = [
            roster.Shift(
                code=shift.code,
                name=shift.name,
                priority_level=shift.priority_level,
                start_local=shift.start_local,
                end_local=shift.end_local,
                weekdays=sorted(shift.weekdays),
                time_zone=shift.zone,
                strategy=shift.strategy.value,
                all_sites=shift.sites is None,
            )
            for shift in facts
        ]
        self.shifts = {row.code: row for row in self._add(rows)}
        self._add(
            [
                roster.ShiftWorkType(
                    shift=self.shifts[shift.code],
                    modality=work.modality or "",
                    body_part=work.body_part or "",
                    subspecialty=work.subspecialty or "",
                    urgency=work.urgency or "",
                )
                for shift in facts
                for work in shift.work_types
            ],
        )
        self._add(
            [
                roster.ShiftSite(shift=self.shifts[shift.code], site=self.sites[code])
                for shift in facts
                for code in sorted(shift.sites or ())
            ],
        )
        self._add(
            [
                roster.RosterAssignment(
                    shift=self.shifts[row.shift],
                    radiologist_id=row.radiologist,
                    start_date=row.start_on,
                    end_date=row.end_on,
                )
                for row in self.config.roster
            ],
        )

    def _load_rules(self) -> None:
        rules = self.rules
        self._add(
            [
                rules.AssignmentRule(
                    name=rule.name,
                    priority_order=rule.priority_order,
                    condition_filters=rule.conditions,
                    action_type=rule.action.value,
                    action_target=rule.target,
                    # Effects never end the run of the rules.
                    is_terminal=rule.action.value.startswith("ASSIGN"),
                )
                for rule in self.config.rules
            ],
        )
        self._add(
            [
                rules.SlaPolicy(urgency=urgency, acknowledge_minutes=first, report_minutes=last)
                for urgency, first, last in _SLA_MINUTES
            ],
        )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radassign.settings")
    django.setup()
    for label, number in load(int(sys.argv[1])).items():
        print(f"{label} {number}")

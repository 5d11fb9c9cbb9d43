"""What is known when: the configuration of each day, and who is really there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from apps.engine.compiled import compile_config
from apps.engine.facts import Config
from apps.trials.simulation.arrivals import first_hour
from apps.trials.simulation.department import Department
from apps.trials.simulation.duty import Duties, duties

DAY = 86_400


def configs(department: Department, days: int) -> list[tuple[int, Config]]:
    """Return the configuration at the start, and anew on each day on which an absence begins."""
    base, zone = department.config, ZoneInfo(department.zone)
    first = first_hour(department) % 24
    moments = {0: base}
    for day in range(days + 1):
        second = max(day * DAY + (department.known_hour - first) * 3_600, 0)
        on = (department.start_at + timedelta(days=day)).astimezone(zone).date()
        known = tuple(leave for leave in department.absences if leave.start_on <= on)
        if known:
            versions = {**base.versions, "roster": base.versions.get("roster", 0) + day + 1}
            moments[second] = replace(base, leaves=(*base.leaves, *known), versions=versions)
    return sorted(moments.items(), key=lambda pair: pair[0])


def real_duties(department: Department, days: int, seed: int) -> Duties:
    """Work out who is really there: everything that becomes known later too."""
    config = department.config
    leaves = (*config.leaves, *department.absences)
    compiled = compile_config(replace(config, leaves=leaves))
    return duties(compiled, department.start_at, days, department.habits, seed)

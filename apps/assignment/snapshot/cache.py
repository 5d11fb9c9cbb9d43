"""The process's copy of the configuration, compared with the database before every decision."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings

from apps.assignment import metrics
from apps.assignment.snapshot.company import CompanyRules, company_rules
from apps.assignment.snapshot.load import load_config
from apps.assignment.snapshot.policies import PolicyBook, load_policies
from apps.assignment.snapshot.shadows import RunningShadow, load_shadows
from apps.assignment.snapshot.versions import decision_versions, read_versions
from apps.catalog.models import Site
from apps.catalog.queries.units import UnitBook, unit_book
from apps.core import collector
from apps.engine.decision import CompiledConfig, compile_config
from apps.engine.facts import Config
from apps.engine.replay import config_to_json
from apps.engine.rota import ShiftFacts
from apps.roster.models import Radiologist, Shift

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Person:
    """What messages say of a radiologist."""

    id: str
    family_name: str
    given_name: str
    title: str


@dataclass(frozen=True)
class ConfigView:
    """The configuration at one version, with what services need beside the decision."""

    config: Config
    compiled: CompiledConfig
    people: dict[str, Person]
    shift_ids: dict[str, int]
    shifts: dict[str, ShiftFacts]
    site_codes: dict[int, str]
    policies: PolicyBook
    units: UnitBook
    company: CompanyRules
    shadows: tuple[RunningShadow, ...] = ()

    @property
    def versions(self) -> dict[str, int]:
        """Return the versions of the decision's areas."""
        return dict(self.config.versions)

    @cached_property
    def as_json(self) -> dict[str, Any]:
        """Return each area's canonical JSON, for the decision's basis."""
        return config_to_json(self.config)


_view: ConfigView | None = None


def current_view(versions: Mapping[str, int] | None = None) -> ConfigView:
    """Return the configuration of the given versions, read anew when they moved on.

    Args:
        versions: what ``read_versions`` said in the caller's transaction; None takes the copy
            as it is, to be compared later.
    """
    global _view  # noqa: PLW0603 -- one copy per process is the point of a cache
    is_old = versions is not None and _view and _view.versions != decision_versions(versions)
    if _view is None or is_old:
        _view = _read_view(_view)
    return _view


def forget() -> None:
    """Drop the process's copy; the next decision reads everything anew."""
    global _view  # noqa: PLW0603 -- see current_view
    _view = None


def _read_view(known: ConfigView | None) -> ConfigView:
    began = time.perf_counter()
    while True:
        versions = decision_versions(read_versions())
        with (
            metrics.timed_roster_refresh(),
            metrics.timed_rules_refresh(),
            collector.resting(),
        ):
            view = _load_view(versions, known)
        # Every edit raises a version in its own transaction: equal versions before and after
        # mean that no edit fell between these reads.
        if decision_versions(read_versions()) == versions:
            break
    _spare_the_collector()
    # A command answers a person, who did not ask how long this took.
    level = logging.DEBUG if settings.ROLE == "command" else logging.INFO
    took = (time.perf_counter() - began) * 1000
    log.log(level, "configuration %s read in %.0f ms", versions, took)
    return view


def _spare_the_collector() -> None:
    """Keep the garbage collector's rounds out of some order's way, and out of a person's page.

    Walking a department's hundred thousand objects takes tens of milliseconds. Processes of other
    roles end before it would pay.
    """
    if settings.ROLE == "worker":
        collector.settle()
    elif settings.ROLE == "web":
        # The configuration before this one is garbage now.
        collector.collect_after_response()


def _load_view(versions: dict[str, int], known: ConfigView | None) -> ConfigView:
    config = load_config(versions, known.config if known else None)
    compiled = compile_config(config, known.compiled if known else None)
    return ConfigView(
        config=config,
        compiled=compiled,
        people=_people(),
        shift_ids=dict(Shift.objects.values_list("code", "pk")),
        shifts=dict(compiled.shifts),
        site_codes=dict(Site.objects.values_list("pk", "code")),
        policies=load_policies(),
        units=unit_book(),
        company=company_rules(),
        shadows=load_shadows(compiled),
    )


def _people() -> dict[str, Person]:
    rows = Radiologist.objects.values_list("id", "family_name", "given_name", "title")
    return {row[0]: Person(*row) for row in rows}

"""The configuration as it will be once some records of the roster are stored.

Kept by nobody: what is only thought of, or written by a transaction that may yet be rolled back,
must not get into the process's copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from apps.assignment.snapshot.cache import ConfigView
from apps.assignment.snapshot.load import load_config
from apps.engine.decision import compile_config
from apps.roster.facts import roster_facts
from apps.roster.models import RosterOverride


def with_overrides(
    view: ConfigView, overrides: Iterable[RosterOverride], *, versions: Mapping[str, int]
) -> ConfigView:
    """Return the configuration with more overrides, in the order of their keys.

    Args:
        view: without them.
        overrides: active ones, stored or not; those of a shift that is switched off are left out.
        versions: of the decision's areas, as they are once the overrides are stored.
    """
    config = view.config
    codes = {view.shift_ids[shift.code]: shift.code for shift in config.shifts}
    more = roster_facts(overrides=overrides, codes=codes)
    changed = replace(
        config,
        versions=versions,
        leaves=(*config.leaves, *more.leaves),
        swaps=(*config.swaps, *more.swaps),
        extras=(*config.extras, *more.extras),
    )
    # ``replace`` makes a new view, so that what the old one has worked out is not taken along.
    return replace(view, config=changed, compiled=compile_config(changed, view.compiled))


def as_stored(view: ConfigView, *, versions: Mapping[str, int]) -> ConfigView:
    """Return the configuration as the current transaction left it; sites and rules unchanged.

    Args:
        view: before the transaction changed the roster.
        versions: of the decision's areas by now.
    """
    config = load_config(versions, view.config)
    return replace(view, config=config, compiled=compile_config(config, view.compiled))

"""The drafts of rules that are asked beside the live ones, read with the configuration.

Starting and ending a shadow raises the rules' version, so a decider knows of it at its next
decision and spends nothing where there is none.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from apps.core.failures import describe
from apps.engine.beside import with_rules
from apps.engine.compiled import CompiledConfig
from apps.rules.models import Shadow
from apps.rules.queries.drafts import rule_facts_with
from apps.rules.queries.shadows import MOST_AT_ONCE, running

log = logging.getLogger(__name__)

_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError)


@dataclass(frozen=True, slots=True)
class RunningShadow:
    """A shadow, until when it is asked, and with which configuration.

    ``compiled`` is None where its draft cannot be read.
    """

    id: int
    ends_at: datetime
    compiled: CompiledConfig | None


def load_shadows(live: CompiledConfig) -> tuple[RunningShadow, ...]:
    """Return the shadows that run, each with the draft's rules in place of the live ones."""
    return tuple(
        RunningShadow(shadow.pk, shadow.ends_at, _read(shadow, live))
        for shadow in running()[:MOST_AT_ONCE]
    )


def asked_beside(shadows: Iterable[RunningShadow]) -> tuple[CompiledConfig, ...]:
    """Return the configurations of the shadows that can be asked."""
    return tuple(shadow.compiled for shadow in shadows if shadow.compiled is not None)


def _read(shadow: Shadow, live: CompiledConfig) -> CompiledConfig | None:
    """Read one; what cannot be read must not keep anybody from deciding."""
    try:
        return with_rules(live, rule_facts_with(shadow.draft_id, live.config.rules))
    except _UNREADABLE as error:
        log.warning("the draft of shadow %d cannot be read: %s", shadow.pk, describe(error))
        return None

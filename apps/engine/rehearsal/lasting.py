"""Whether what a try said of an order that waits is still true, so that none is made in vain."""

from __future__ import annotations

from datetime import datetime

from apps.engine.codes import Urgency
from apps.engine.compiled import CompiledConfig
from apps.engine.conditions.subject import Subject
from apps.engine.rehearsal.waiting import Kind


class Lasting:
    """Knows which rules look at the time of day.

    Whom no such rule could concern, only a seat, a change of shifts or a new day can help: the
    days of credentials, weekdays and ages are the site's.
    """

    def __init__(self, compiled: CompiledConfig) -> None:
        self._compiled = compiled
        self._timed = compiled.rules.within_days(compiled.regions)

    def holds(self, kind: Kind, at: datetime) -> bool:
        """Return whether trying a kind again would come to the same while no seat comes free."""
        study = kind.first()
        if study is None or study is not kind.tried or not kind.is_by_rules:
            return False
        if kind.sharing:  # once those who share it are full it goes on to the next rule
            return False
        site = self._compiled.sites.get(study.case.order.site)
        if site is None or self._compiled.coverage_at(at).start_at > kind.tried_at:
            return False
        on = self._compiled.local_date
        if on(site, kind.tried_at) != on(site, at):
            return False
        subject = Subject(study.case.order, at, site)
        return not any(self._may_hold(subject, urgency) for urgency in Urgency)

    def _may_hold(self, subject: Subject, urgency: Urgency) -> bool:
        """Say it of an urgency that other rules may give."""
        subject.urgency = urgency
        return self._timed.may_hold(subject)

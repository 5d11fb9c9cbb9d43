"""The rules as they were: each version, the whole set at a moment, and what going back changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db.models import Max, QuerySet

from apps.audit.queries.wording import actor_in_words
from apps.rules.content import Content, content_of, is_alike
from apps.rules.models import AssignmentRule, RuleVersion
from apps.rules.queries.history import Difference, TargetNames, differences, told

PER_PAGE = 25
"""How many requests a page of the history shows."""
_MOST_VERSIONS = 400
"""How many versions are read for a page; one request may make a thousand."""


@dataclass(frozen=True, slots=True)
class SetChange:
    """What becomes of one rule; ``what`` is added, changed, deleted or brought back."""

    rule_id: int
    version: int
    name: str
    what: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """What one request did to the rules.

    ``at`` is the moment of its last version; ``before`` that of the version before its first.
    ``more`` counts the changes of it that are not shown, at least.
    """

    at: datetime
    actor: str
    reason: str
    changes: tuple[SetChange, ...]
    first_id: int
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Some entries, newest first; ``older`` is where the next page begins, None on the last."""

    entries: Sequence[Entry]
    older: int | None


@dataclass(frozen=True, slots=True)
class VersionFilter:
    """What the history is narrowed by; empty values narrow nothing."""

    name: str = ""
    actor: str = ""
    below: int | None = None


def entries(wanted: VersionFilter) -> EntryPage:
    """Return what was done to the rules, one entry for each request, newest first."""
    rows = list(_narrowed(wanted)[: _MOST_VERSIONS + 1])
    is_cut = len(rows) > _MOST_VERSIONS
    rows = rows[:_MOST_VERSIONS]
    runs = [list(run) for _, run in groupby(rows, key=_request)]
    if is_cut and len(runs) > 1:
        runs.pop()  # read from its beginning on the next page
    shown = runs[:PER_PAGE]
    older = _before_of([row for run in shown for row in run])
    is_last = len(runs) <= PER_PAGE and not is_cut
    names = TargetNames()
    found = [_entry(run, older, names, is_cut=is_cut and len(runs) == 1) for run in shown]
    return EntryPage(found, None if is_last or not shown else shown[-1][-1].pk)


def actors() -> list[tuple[str, str]]:
    """Return who ever changed a rule, with what they are called."""
    found = RuleVersion.objects.order_by("actor").values_list("actor", flat=True).distinct()
    return [(actor, actor_in_words(actor)) for actor in found]


def rules_at(moment: datetime) -> dict[int, Content]:
    """Return the rules that there were just after a moment, by id."""
    rows = RuleVersion.objects.filter(at__lte=moment)
    latest = rows.order_by("rule_id", "-version").distinct("rule_id")
    return {row.rule_id: row.content for row in latest if not row.is_deleted}


def differences_to(wanted: Mapping[int, Content]) -> list[SetChange]:
    """Return what would become of the rules in force if they were these, by priority and id."""
    live = {rule.pk: content_of(rule) for rule in AssignmentRule.objects.all()}
    ids = sorted(
        {*live, *wanted}, key=lambda id_: (_priority(wanted.get(id_, live.get(id_))), id_)
    )
    names = TargetNames()
    changes = (_change(id_, live.get(id_), wanted.get(id_), names) for id_ in ids)
    return [change for change in changes if change is not None]


def newest_version() -> int:
    """Return the number of the newest version of any rule: what a page has seen."""
    found: int | None = RuleVersion.objects.aggregate(newest=Max("pk"))["newest"]
    return found or 0


def latest_versions(rule_ids: Iterable[int]) -> dict[int, RuleVersion]:
    """Return the newest version of each rule, deletions among them."""
    rows = RuleVersion.objects.filter(rule_id__in=list(rule_ids))
    return {row.rule_id: row for row in rows.order_by("rule_id", "-version").distinct("rule_id")}


def _narrowed(wanted: VersionFilter) -> QuerySet[RuleVersion]:
    rows = RuleVersion.objects.order_by("-pk")
    if wanted.name:
        rows = rows.filter(content__name__icontains=wanted.name)
    if wanted.actor:
        rows = rows.filter(actor=wanted.actor)
    if wanted.below is not None:
        rows = rows.filter(pk__lt=wanted.below)
    return rows


def _request(row: RuleVersion) -> tuple[object, ...]:
    """Return what the versions of one request have in common; without one each is its own."""
    return (row.actor, row.reason, row.request_id) if row.request_id else (row.pk,)


def _before_of(rows: Sequence[RuleVersion]) -> Mapping[tuple[int, int], RuleVersion]:
    """Return the version before each of some, by rule and number."""
    wanted = {(row.rule_id, row.version - 1) for row in rows if row.version > 1}
    known = {(row.rule_id, row.version): row for row in rows}
    missing = wanted - known.keys()
    if not missing:
        return known
    found = RuleVersion.objects.filter(
        rule_id__in={rule for rule, _ in missing}, version__in={number for _, number in missing}
    )
    return known | {(row.rule_id, row.version): row for row in found}


def _entry(
    run: Sequence[RuleVersion],
    older: Mapping[tuple[int, int], RuleVersion],
    names: TargetNames,
    *,
    is_cut: bool,
) -> Entry:
    newest = run[0]
    changes = [
        _told(row, older.get((row.rule_id, row.version - 1)), names) for row in reversed(run)
    ]
    return Entry(
        at=newest.at,
        actor=actor_in_words(newest.actor),
        reason=newest.reason,
        changes=tuple(changes),
        first_id=run[-1].pk,
        is_cut=is_cut,
    )


def _told(row: RuleVersion, before: RuleVersion | None, names: TargetNames) -> SetChange:
    was = before.content if before is not None and not before.is_deleted else None
    is_back = before is not None and before.is_deleted
    what = (
        "deleted"
        if row.is_deleted
        else "brought back"
        if is_back
        else "added"
        if was is None
        else "changed"
    )
    return SetChange(
        rule_id=row.rule_id,
        version=row.version,
        name=str(row.content.get("name", "")),
        what=what,
        differences=differences(was, row.content, names) if what == "changed" and was else (),
    )


def _change(
    rule_id: int, live: Content | None, wanted: Content | None, names: TargetNames
) -> SetChange | None:
    if wanted is None:
        return SetChange(rule_id, 0, str((live or {}).get("name", "")), "deleted")
    name = str(wanted.get("name", ""))
    if live is None:
        said = tuple(
            Difference(label, "", words) for label, words in told(wanted, names).items() if words
        )
        return SetChange(rule_id, 0, name, "added", said)
    if is_alike(live, wanted):
        return None
    return SetChange(rule_id, 0, name, "changed", differences(live, wanted, names))


def _priority(content: Content | None) -> int:
    return int((content or {}).get("priority_order", 0))

"""A draft as people read it: each change in words, what follows, and who was quicker."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Count, QuerySet, When

from apps.audit.editing import Effect
from apps.audit.queries.wording import actor_in_words
from apps.core.paging import PER_PAGE, Page
from apps.rules.content import COLUMNS, Content, content_of, is_alike
from apps.rules.models import AssignmentRule, DraftChange, RuleDraft, RuleVersion
from apps.rules.queries.drafts import UNFINISHED, change_key, is_stale, rule_facts_with
from apps.rules.queries.history import Difference, TargetNames, differences, told
from apps.rules.queries.rules import RuleRow
from apps.rules.queries.rules import described as described_rules
from apps.rules.queries.versions import latest_versions
from apps.rules.queries.warnings import Analysis, analysis_with, live_facts

Marks = Mapping[int, Sequence[Effect]]


@dataclass(frozen=True, slots=True)
class Theirs:
    """What somebody did in force to a rule that a draft changes too; ``what`` as in a history."""

    actor: str
    at: datetime
    what: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class DraftedChange:
    """One change of a draft; ``what`` is added, changed or deleted.

    ``warnings`` are the doubts about the rule as it would be. ``theirs`` is None as long as the
    rule in force is the one that was changed.
    """

    change: DraftChange
    name: str
    what: str
    differences: tuple[Difference, ...]
    warnings: Sequence[Effect]
    theirs: Theirs | None

    @property
    def key(self) -> int:
        """Return the rule's id, a new one's negative one."""
        return change_key(self.change)


@dataclass(frozen=True, slots=True)
class Settlement:
    """A way out for a stale change; ``content`` is what the rule would be, None deleted."""

    name: str
    words: str
    content: Content | None
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class DraftedRow:
    """A rule as a draft would have it, in its list; ``change`` is None where it is left alone."""

    row: RuleRow
    change: DraftChange | None


def drafts() -> QuerySet[RuleDraft]:
    """Return the drafts, those that may still change something first, then the latest."""
    is_over = Case(When(state__in=UNFINISHED, then=0), default=1)
    counted = RuleDraft.objects.annotate(changed=Count("changes"))
    return counted.order_by(is_over, "-made_at", "-pk")


def rows_of(
    draft: RuleDraft, rules: Sequence[AssignmentRule], *, words: str, number: int, at: datetime
) -> Page[DraftedRow]:
    """Return one page of a draft's rules.

    Args:
        draft: the draft.
        rules: all of them, in order.
        words: what a name, a target or the conditions must hold; empty for all.
        number: of the page, from 1.
        at: the moment.
    """
    changed = {change_key(change): change for change in draft.changes.all()}
    found = [rule for rule in rules if words.casefold() in _text(rule)]
    first = (number - 1) * PER_PAGE
    shown = described_rules(found[first : first + PER_PAGE], at=at)
    rows = [DraftedRow(row, changed.get(row.rule.pk)) for row in shown]
    return Page(rows, number, has_next=len(found) > first + PER_PAGE)


def _text(rule: AssignmentRule) -> str:
    conditions = json.dumps(rule.condition_filters)
    return f"{rule.name} {rule.action_target} {conditions}".casefold()


def analysis_of(draft: RuleDraft, *, at: datetime) -> Analysis | None:
    """Return what would be known of the rules with a draft; None for one that is over."""
    if draft.state not in UNFINISHED:
        return None
    return analysis_with(rule_facts_with(draft.pk, live_facts()), at=at)


def described(draft: RuleDraft, known: Analysis | None) -> list[DraftedChange]:
    """Return the draft's changes in words, in the order in which they were first made."""
    changes = list(draft.changes.order_by("pk"))
    ids = [change.rule_id for change in changes if change.rule_id is not None]
    is_open = draft.state in UNFINISHED
    marks: Marks = known.marks(map(change_key, changes)) if known is not None else {}
    newest, bases = (latest_versions(ids) if is_open else {}), base_versions(changes)
    names = TargetNames()
    return [_described(change, newest, bases, marks, names, is_open=is_open) for change in changes]


def described_change(change: DraftChange) -> DraftedChange:
    """Return one change in words, with what somebody else did meanwhile."""
    ids = [change.rule_id] if change.rule_id is not None else []
    newest, bases = latest_versions(ids), base_versions([change])
    return _described(change, newest, bases, {}, TargetNames(), is_open=True)


def base_versions(changes: Sequence[DraftChange]) -> Mapping[int, RuleVersion]:
    """Return the version that each change was made from, by the rule's id."""
    wanted = {change.rule_id: change.base_version for change in changes if change.base_version}
    rows = RuleVersion.objects.filter(rule_id__in=list(wanted), version__in=set(wanted.values()))
    return {row.rule_id: row for row in rows if wanted[row.rule_id] == row.version}


def settlements(change: DraftChange) -> list[Settlement]:
    """Return the ways out for a stale change: theirs, both where no column is in both, mine."""
    assert change.rule_id is not None  # noqa: S101 -- only a rule in force goes stale
    live = AssignmentRule.objects.filter(pk=change.rule_id).first()
    theirs = content_of(live) if live is not None else None
    base = base_versions([change]).get(change.rule_id)
    both = _both(base.content if base else {}, theirs, change.content)
    names = TargetNames()
    ways: list[tuple[str, str, Content | None]] = [("theirs", "Leave it as they made it", theirs)]
    if both is not None:
        ways.append(("both", "Keep their change and ours", both))
    ways.append(("mine", "Do as the draft says all the same", change.content))
    return [
        Settlement(name, words, content, _from(theirs, content, names))
        for name, words, content in ways
    ]


def _both(base: Content, theirs: Content | None, mine: Content | None) -> Content | None:
    """Return their rule with our changes, None where both changed the same or one deleted it."""
    if theirs is None or mine is None:
        return None
    ours = _changed(base, mine)
    if ours & _changed(base, theirs):
        return None
    return {**theirs, **{name: mine[name] for name in ours}}


def _changed(base: Content, other: Content) -> set[str]:
    return {
        name for name in COLUMNS if not is_alike({name: base.get(name)}, {name: other.get(name)})
    }


def _from(
    before: Content | None, after: Content | None, names: TargetNames
) -> tuple[Difference, ...]:
    if after is None or before is None:
        return ()
    return differences(before, after, names)


def _described(
    change: DraftChange,
    newest: Mapping[int, RuleVersion],
    bases: Mapping[int, RuleVersion],
    marks: Marks,
    names: TargetNames,
    *,
    is_open: bool,
) -> DraftedChange:
    base = bases.get(change.rule_id or 0) if change.base_version else None
    is_overtaken = is_open and is_stale(change, newest)
    return DraftedChange(
        change=change,
        name=str((change.content or (base.content if base else {})).get("name", "")),
        what=_what(change, base),
        differences=_differences(change, base, names),
        warnings=marks.get(change_key(change), ()),
        theirs=_theirs(newest.get(change.rule_id or 0), base, names) if is_overtaken else None,
    )


def _what(change: DraftChange, base: RuleVersion | None) -> str:
    if change.content is None:
        return "deleted"
    if base is None:
        return "added"
    return "brought back" if base.is_deleted else "changed"


def _differences(
    change: DraftChange, base: RuleVersion | None, names: TargetNames
) -> tuple[Difference, ...]:
    if change.content is None:
        return ()
    if base is None or base.is_deleted:
        return tuple(
            Difference(label, "", said)
            for label, said in told(change.content, names).items()
            if said and label != "Name"  # it stands above them
        )
    return differences(base.content, change.content, names)


def _theirs(
    newest: RuleVersion | None, base: RuleVersion | None, names: TargetNames
) -> Theirs | None:
    if newest is None:
        return None
    said: tuple[Difference, ...] = ()
    if base and not newest.is_deleted:
        said = differences(base.content, newest.content, names)
    what = "deleted" if newest.is_deleted else "changed"
    return Theirs(actor_in_words(newest.actor), newest.at, what, said)

"""Which drafts are asked beside the live rules, and what they would change."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.rules.choices import ShadowState
from apps.rules.content import Content, content_of
from apps.rules.models import AssignmentRule, RuleDraft, Shadow
from apps.rules.queries.drafts import UNFINISHED, change_key, open_drafts
from apps.rules.queries.history import Difference, TargetNames, differences, told
from apps.rules.queries.versions import SetChange

MOST_AT_ONCE = 3
"""Each costs a decision of its own beside every live one."""


def running() -> QuerySet[Shadow]:
    """Return the shadows that are asked, the oldest first.

    One whose draft went live or was dropped is not, whatever became of the shadow itself.
    """
    rows = Shadow.objects.filter(state=ShadowState.RUNNING, draft__state__in=UNFINISHED)
    return rows.order_by("pk")


def startable() -> QuerySet[RuleDraft]:
    """Return the drafts that change something and are not asked yet, the latest first."""
    asked = running().values("draft")
    return open_drafts().filter(changes__isnull=False).exclude(pk__in=asked).distinct()


def would_change(draft: RuleDraft) -> list[SetChange]:
    """Return what the draft does to the rules in force as they are now, in words."""
    changes = list(draft.changes.all())
    live = {
        rule.pk: content_of(rule)
        for rule in AssignmentRule.objects.filter(pk__in=[one.rule_id for one in changes])
    }
    found, names = [], TargetNames()
    for change in changes:
        before, after = live.get(change.rule_id or 0), change.content
        name = str((after or before or {}).get("name", ""))
        what = "deleted" if after is None else "changed" if before else "added"
        said = _said(before, after, names)
        found.append(SetChange(change_key(change), change.base_version, name, what, said))
    return found


def _said(
    before: Content | None, after: Content | None, names: TargetNames
) -> tuple[Difference, ...]:
    if after is None:
        return ()
    if before is not None:
        return differences(before, after, names)
    words = told(after, names)
    return tuple(Difference(label, "", said) for label, said in words.items() if said != "")


def rule_names(rule_ids: set[int], draft: RuleDraft) -> dict[int, str]:
    """Return the names of rules by id, of those that the draft adds too; 0 is no rule."""
    rows = AssignmentRule.objects.filter(pk__in=rule_ids)
    names = dict(rows.values_list("pk", "name"))
    for change in draft.changes.all():
        if change.content is not None:
            names.setdefault(change_key(change), str(change.content.get("name", "")))
    return names

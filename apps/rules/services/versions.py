"""Takes one rule, or all of them, back to how they were."""

from __future__ import annotations

from datetime import datetime

from apps.rules.exceptions import ChangedSinceError
from apps.rules.models import RuleVersion
from apps.rules.queries.versions import differences_to, newest_version, rules_at
from apps.rules.services.writing import because, lock_rules, put
from apps.rules.words import moment_words


def take_rule_back(*, version: RuleVersion, seen: int, reason: str = "") -> None:
    """Have a rule be as it was in a version; one that was deleted comes back with its id.

    Args:
        version: whose content it gets; for the version of a deletion, what it was until then.
        seen: the newest version of the rule as the page showed it.
        reason: why, for the version that this makes.

    Raises:
        ChangedSinceError: the rule was changed meanwhile.
    """
    with because(reason or f"as in version {version.version}"):
        lock_rules()
        rows = RuleVersion.objects.filter(rule_id=version.rule_id)
        if max(rows.values_list("version", flat=True)) != seen:
            raise ChangedSinceError
        put(version.rule_id, version.content)


def take_all_back(*, moment: datetime, seen: int, reason: str = "") -> int:
    """Have all rules be as they were just after a moment; return how many changed.

    Args:
        moment: aware; rules that did not exist yet are deleted.
        seen: the newest version of any rule as the page showed it.
        reason: why, for the versions that this makes.

    Raises:
        ChangedSinceError: a rule was changed meanwhile.
    """
    with because(reason or f"as on {moment_words(moment)}"):
        lock_rules()
        if newest_version() != seen:
            raise ChangedSinceError
        wanted = rules_at(moment)
        changes = differences_to(wanted)
        for change in changes:
            put(change.rule_id, wanted.get(change.rule_id))
        return len(changes)

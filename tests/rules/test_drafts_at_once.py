"""Two people, or two workers, do something to one draft at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from unittest import mock

import pytest
from django.db import connection, transaction

from apps.core import due
from apps.rules.choices import DraftState, ShadowState
from apps.rules.content import Content
from apps.rules.exceptions import ChangedSinceError, DraftError
from apps.rules.models import AssignmentRule, DecisionPolicy, RuleDraft, RuleVersion
from apps.rules.queries.versions import newest_version
from apps.rules.services import drafts, shadows, writing
from apps.rules.services.versions import take_all_back
from tests.factories.drafts import RuleDraftFactory, drafted
from tests.factories.rules import AssignmentRuleFactory
from tests.factories.times import NOON
from tests.rules.pages import names_in_order

pytestmark = pytest.mark.django_db(transaction=True)

ANN, BOB, CAT = "user:ann", "user:bob", "user:cat"


def together(*acts: Callable[[], object]) -> list[str]:
    """Do all at the same moment, each on a connection of its own; return what became of each."""
    start = threading.Barrier(len(acts), timeout=10)
    outcomes = [""] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        try:
            RuleDraft.objects.exists()  # the connection stands before the start
            start.wait()
            act()
        except (DraftError, ChangedSinceError) as error:
            outcomes[place] = type(error).__name__
        else:
            outcomes[place] = "done"
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return outcomes


def waiting() -> RuleDraft:
    draft = RuleDraftFactory.create(
        state=DraftState.WAITING, submitted_by=ANN, submitted_at=NOON, edited_by=ANN
    )
    drafted(draft, AssignmentRuleFactory.build(name="new"))
    return draft


def reasons() -> Sequence[str]:
    return list(RuleVersion.objects.values_list("content__name", flat=True))


def test_of_two_who_agree_at_once_one_does_and_the_rules_go_live_once() -> None:
    DecisionPolicy.objects.create(pk=1, needs_second_person=True)
    draft = waiting()

    outcomes = together(
        *(lambda who=who: drafts.agree(draft.pk, actor=who, at=NOON) for who in (BOB, CAT))
    )

    assert sorted(outcomes) == ["DraftError", "done"]
    assert names_in_order() == ["new"]
    draft.refresh_from_db()
    assert draft.agreed_by == (BOB if outcomes[0] == "done" else CAT)


def test_agreeing_and_dropping_at_once_end_in_one_of_both() -> None:
    draft = waiting()

    outcomes = together(
        lambda: drafts.agree(draft.pk, actor=BOB, at=NOON),
        lambda: drafts.drop(draft.pk, at=NOON),
    )

    assert sorted(outcomes) == ["DraftError", "done"]
    assert names_in_order() == (["new"] if outcomes[0] == "done" else [])


def test_two_workers_put_a_due_draft_in_force_once() -> None:
    draft = RuleDraftFactory.create()
    drafted(draft, AssignmentRuleFactory.build(name="new"))
    later = NOON + timedelta(hours=1)
    drafts.submit(draft.pk, live_from=later, actor=ANN, at=NOON)

    together(lambda: due.run_due(later), lambda: due.run_due(later))

    assert names_in_order() == ["new"]
    assert reasons() == ["new"]


def test_an_edit_that_is_under_way_is_never_lost_under_a_draft() -> None:
    rule = AssignmentRuleFactory.create(name="old", priority_order=10)
    draft = RuleDraftFactory.create()
    drafted(draft, rule, name="ours")
    edited = threading.Event()

    def edit() -> None:
        with transaction.atomic():
            AssignmentRule.objects.filter(pk=rule.pk).update(priority_order=77)
            edited.set()
            threading.Event().wait(0.3)  # the draft comes while the edit is not committed

    def go_live() -> None:
        edited.wait(10)
        drafts.submit(draft.pk, live_from=None, actor=ANN, at=NOON)

    outcomes = together(edit, go_live)

    assert outcomes == ["done", "StaleDraftError"]
    rule.refresh_from_db()
    assert (rule.name, rule.priority_order) == ("old", 77)


def test_of_two_who_take_all_rules_back_at_once_one_is_told_to_look_again() -> None:
    rule = AssignmentRuleFactory.create(name="old")
    moment = RuleVersion.objects.get().at
    rule.name = "young"
    rule.save()
    seen = newest_version()

    outcomes = together(*(lambda: take_all_back(moment=moment, seen=seen) for _ in range(2)))

    assert sorted(outcomes) == ["ChangedSinceError", "done"]
    assert names_in_order() == ["old"]


def test_a_shadow_is_stopped_while_its_draft_goes_live_and_nobody_waits_in_vain() -> None:
    draft = RuleDraftFactory.create()
    drafted(draft, AssignmentRuleFactory.create(name="old"), name="new")
    shadow = shadows.start(draft_id=draft.pk, days=7, at=NOON, actor=ANN)
    is_writing = threading.Event()
    put = writing.put

    def slowly(rule_id: int, content: Content | None) -> None:
        put(rule_id, content)
        is_writing.set()
        threading.Event().wait(0.3)  # the other comes while the rules are written

    def stop() -> None:
        is_writing.wait(10)
        shadows.end(shadow.pk, at=NOON, because=shadows.BY_HAND)

    with mock.patch.object(drafts, "put", slowly):
        outcomes = together(
            lambda: drafts.submit(draft.pk, live_from=None, actor=ANN, at=NOON), stop
        )

    assert outcomes == ["done", "done"]
    assert names_in_order() == ["new"]
    shadow.refresh_from_db()
    assert (shadow.state, shadow.ended_because) == (ShadowState.ENDED, shadows.BY_GOING_LIVE)


def test_a_failure_on_the_way_leaves_rules_and_draft_as_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules = [AssignmentRuleFactory.create(name=f"rule {number}") for number in range(3)]
    draft = RuleDraftFactory.create()
    for rule in rules:
        drafted(draft, rule, name=f"{rule.name} changed")
    put, calls = drafts.put, []

    def broken(rule_id: int, content: object) -> None:
        calls.append(rule_id)
        if len(calls) == 3:
            raise RuntimeError
        put(rule_id, content)  # type: ignore[arg-type] # passed through as it came

    monkeypatch.setattr(drafts, "put", broken)
    with pytest.raises(RuntimeError):
        drafts.submit(draft.pk, live_from=None, actor=ANN, at=NOON)

    assert sorted(names_in_order()) == ["rule 0", "rule 1", "rule 2"]
    draft.refresh_from_db()
    assert draft.state == DraftState.OPEN

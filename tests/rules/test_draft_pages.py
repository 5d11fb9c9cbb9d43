"""The pages of drafts and of the past, as people use them."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.rules.choices import DraftState
from apps.rules.models import AssignmentRule, DecisionPolicy, RuleDraft, RuleVersion
from apps.rules.queries.drafts import places_of, rules_with
from apps.rules.queries.rules import order_token
from apps.rules.queries.versions import newest_version
from apps.rules.services import drafts as services
from tests.factories.catalog import SiteFactory
from tests.factories.drafts import RuleDraftFactory, drafted, drafted_away
from tests.factories.roster import ShiftFactory
from tests.factories.rules import AssignmentRuleFactory
from tests.factories.times import NOON
from tests.rules.pages import client_of, names_in_order, said, undo_of

pytestmark = pytest.mark.db

HOLD = {
    "name": "new",
    "priority_order": "500",
    "enabled": "on",
    "condition_filters": "{}",
    "action_type": "HOLD",
    "target_reason": "wait",
    "is_terminal": "on",
}


@pytest.fixture
def manager() -> Client:
    return client_of(Role.MANAGER)


def page(client: Client, name: str, /, *args: object) -> HttpResponse:
    return client.get(reverse(name, args=args))


def press(client: Client, name: str, /, *args: object, **data: str) -> HttpResponse:
    """Press a button of the draft's page as it is now."""
    data = {"seen": page(client, "rule-draft", args[0]).context["token"]} | data
    return client.post(reverse(name, args=args), data, follow=True)


def test_a_draft_is_made_from_a_rule_changed_and_put_in_force_and_taken_back(
    manager: Client,
) -> None:
    rule = AssignmentRuleFactory.create(name="old", priority_order=10)
    made = manager.post(
        f"{reverse('rule-draft-add')}?rule={rule.pk}", {"name": "Winter", "reason": "nights"}
    )
    draft = RuleDraft.objects.get()
    address = reverse("rule-draft-rule", args=[draft.pk, rule.pk])
    assert made["Location"] == address

    shown = manager.get(address)
    saved = manager.post(
        address, {**HOLD, "name": "young", "seen": shown.context["seen"]}, follow=True
    )
    assert "young" in saved.content.decode()
    assert names_in_order() == ["old"]
    live = press(manager, "rule-draft-submit", draft.pk)

    assert said(live)[-1] == "Winter is in force."
    assert names_in_order() == ["young"]
    newest = RuleVersion.objects.filter(rule_id=rule.pk).latest("version")
    assert (newest.reason, newest.actor) == ("Draft “Winter”: nights", "user:ada")

    manager.post(undo_of(live))

    assert names_in_order() == ["old"]
    assert RuleDraft.objects.get().state == DraftState.OPEN


def test_a_new_rule_is_added_edited_and_moved_in_the_draft(manager: Client) -> None:
    AssignmentRuleFactory.create(name="first", priority_order=10)
    draft = RuleDraftFactory.create()
    press(manager, "rule-draft-new", draft.pk, **HOLD)
    change = draft.changes.get()
    manager.post(
        reverse("rule-draft-change", args=[draft.pk, change.pk]), {**HOLD, "name": "newer"}
    )
    order = order_token(places_of(rules_with(draft)))
    press(manager, "rule-draft-move", draft.pk, move=f"-{change.pk} top", order=order)

    assert [rule.name for rule in rules_with(draft)] == ["newer", "first"]
    shown = page(manager, "rule-draft-rules", draft.pk).content.decode()
    assert shown.index("newer") < shown.index("first")
    stale = press(manager, "rule-draft-move", draft.pk, move=f"-{change.pk} down", order=order)
    assert said(stale) == ["The order was changed meanwhile. Move again."]


def test_what_the_draft_would_do_is_told_with_its_doubts(manager: Client) -> None:
    wide = AssignmentRuleFactory.create(name="wide", priority_order=20)
    AssignmentRuleFactory.create(name="behind", priority_order=30, enabled=False)
    narrow = {"all": [{"field": "modality", "op": "=", "value": "MR"}]}
    later = AssignmentRuleFactory.create(name="later", priority_order=5, condition_filters=narrow)
    draft = RuleDraftFactory.create()
    drafted(draft, wide, priority_order=1, name="wider")
    drafted_away(draft, AssignmentRuleFactory.create(name="gone", priority_order=2, enabled=False))

    shown = page(manager, "rule-draft", draft.pk)

    changes = [(row.name, row.what) for row in shown.context["changes"]]
    assert changes == [("wider", "changed"), ("gone", "deleted")]
    words = [effect.words for effect in shown.context["consequences"]]
    ends = "Never reached: rule 1 “wider” before it ends the run for all that it meets."
    assert words == [f"Rule {later.priority_order} “later”: {ends}"]


def test_a_form_shown_before_somebody_else_changed_the_rule_in_the_draft_is_refused(
    manager: Client,
) -> None:
    rule = AssignmentRuleFactory.create(name="old")
    draft = RuleDraftFactory.create()
    address = reverse("rule-draft-rule", args=[draft.pk, rule.pk])
    seen = manager.get(address).context["seen"]
    manager.post(address, {**HOLD, "name": "quick", "seen": seen})

    late = manager.post(address, {**HOLD, "name": "late", "seen": seen})

    assert late.status_code == HTTPStatus.CONFLICT
    assert [one.name for one in rules_with(draft)] == ["quick"]


def test_a_stale_draft_shows_the_other_change_and_is_settled(manager: Client) -> None:
    rule = AssignmentRuleFactory.create(name="old", priority_order=10)
    draft = RuleDraftFactory.create()
    change = drafted(draft, rule, name="ours")
    rule.priority_order = 77
    rule.save()

    shown = page(manager, "rule-draft", draft.pk).content.decode()
    assert "Settle each of them" in shown
    assert "77" in shown
    refused = press(manager, "rule-draft-submit", draft.pk)
    assert "Settle these first" in said(refused)[-1]
    seen = page(manager, "rule-draft-settle", draft.pk, change.pk).context["seen"]
    rule.priority_order = 78
    rule.save()
    late = manager.post(
        reverse("rule-draft-settle", args=[draft.pk, change.pk]), {"way": "both", "seen": seen}
    )
    assert late.status_code == HTTPStatus.CONFLICT
    fresh = str(late.context["seen"])
    press(manager, "rule-draft-settle", draft.pk, change.pk, way="both", seen=fresh)

    press(manager, "rule-draft-submit", draft.pk)

    rule.refresh_from_db()
    assert (rule.name, rule.priority_order) == ("ours", 78)


def test_who_submitted_sees_no_button_to_agree_and_the_second_person_does(
    manager: Client,
) -> None:
    DecisionPolicy.objects.create(pk=1, needs_second_person=True)
    draft = RuleDraftFactory.create()
    drafted(draft, AssignmentRuleFactory.build(name="new"))
    press(manager, "rule-draft-submit", draft.pk)
    agree = reverse("rule-draft-agree", args=[draft.pk])
    assert agree not in page(manager, "rule-draft", draft.pk).content.decode()
    refused = press(manager, "rule-draft-agree", draft.pk)
    assert "cannot agree" in said(refused)[-1]

    second = client_of(Role.MANAGER, username="bob")
    assert agree in page(second, "rule-draft", draft.pk).content.decode()
    press(second, "rule-draft-agree", draft.pk)

    assert names_in_order() == ["new"]
    told = page(second, "rule-draft", draft.pk).context["people"]
    assert (told["submitted_by"], told["agreed_by"]) == ("ada", "bob")


@pytest.mark.parametrize("button", ["rule-draft-agree", "rule-draft-drop"])
def test_what_is_done_from_an_old_page_of_a_draft_is_not_done(
    manager: Client, button: str
) -> None:
    DecisionPolicy.objects.update_or_create(pk=1, defaults={"needs_second_person": True})
    draft = RuleDraftFactory.create()
    drafted(draft, AssignmentRuleFactory.build(name="seen"))
    services.submit(draft.pk, live_from=None, actor="user:bob", at=NOON)
    old = page(manager, "rule-draft", draft.pk).context["token"]

    services.take_up_again(draft.pk, actor="user:bob")
    drafted(draft, AssignmentRuleFactory.build(name="slipped in"))
    services.submit(draft.pk, live_from=None, actor="user:bob", at=NOON)
    late = press(manager, button, draft.pk, seen=old)

    assert late.status_code == HTTPStatus.CONFLICT
    assert said(late) == [
        "Somebody changed the draft after you opened this page. This is how it is now."
    ]
    assert "slipped in" in late.content.decode()
    assert (names_in_order(), RuleDraft.objects.get().state) == ([], DraftState.WAITING)
    assert press(manager, button, draft.pk).status_code == HTTPStatus.OK
    assert RuleDraft.objects.get().state in {DraftState.LIVE, DraftState.DROPPED}


def test_a_button_that_names_no_page_does_nothing(manager: Client) -> None:
    draft = RuleDraftFactory.create()
    drafted(draft, AssignmentRuleFactory.build(name="new"))

    answer = press(manager, "rule-draft-submit", draft.pk, seen="")

    assert (answer.status_code, names_in_order()) == (HTTPStatus.CONFLICT, [])


def test_dropping_a_draft_is_taken_back(manager: Client) -> None:
    draft = RuleDraftFactory.create()
    dropped = press(manager, "rule-draft-drop", draft.pk)
    assert said(dropped)[-1] == f"{draft.name} was dropped."

    manager.post(undo_of(dropped))

    draft.refresh_from_db()
    assert (draft.state, draft.ended_at) == (DraftState.OPEN, None)


def test_a_time_that_cannot_be_read_keeps_the_draft_open(manager: Client) -> None:
    draft = RuleDraftFactory.create()
    drafted(draft, AssignmentRuleFactory.build(name="new"))

    refused = manager.post(
        reverse("rule-draft-submit", args=[draft.pk]), {"live_from": "tomorrow"}
    )

    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    draft.refresh_from_db()
    assert draft.state == DraftState.OPEN


def test_names_are_shown_as_text(manager: Client) -> None:
    evil = "<script>alert(1)</script>"
    draft = RuleDraftFactory.create(name=evil, reason=evil)
    drafted(draft, AssignmentRuleFactory.create(name=evil), name=f"{evil}2")

    for name, args in (
        ("rule-drafts", []),
        ("rule-draft", [draft.pk]),
        ("rule-draft-rules", [draft.pk]),
        ("rule-versions", []),
    ):
        assert evil not in page(manager, name, *args).content.decode()


def test_who_only_looks_sees_drafts_and_history_without_buttons() -> None:
    draft = RuleDraftFactory.create()
    drafted(draft, AssignmentRuleFactory.create(), name="other")
    viewer = client_of(Role.MANAGER, site=SiteFactory.create(), username="eve")

    for name, args in (("rule-drafts", []), ("rule-draft", [draft.pk]), ("rule-versions", [])):
        shown = page(viewer, name, *args)
        assert shown.status_code == HTTPStatus.OK
        body = shown.content.decode()
        assert reverse("rule-draft-drop", args=[draft.pk]) not in body
        assert reverse("rule-versions-back") not in body
    assert press(viewer, "rule-draft-drop", draft.pk).status_code == HTTPStatus.FORBIDDEN


def test_pages_cost_the_same_with_one_row_and_many(manager: Client) -> None:
    ShiftFactory.create(code="DAY")

    def costs() -> dict[str, int]:
        draft = RuleDraft.objects.order_by("pk").first()
        assert draft is not None
        found = {}
        for name, args in (
            ("rule-drafts", []),
            ("rule-draft", [draft.pk]),
            ("rule-draft-rules", [draft.pk]),
            ("rule-versions", []),
        ):
            page(manager, name, *args)  # the process reads the configuration
            with CaptureQueriesContext(connection) as asked:
                page(manager, name, *args)
            found[name] = len(asked)
        return found

    def more(count: int) -> None:
        draft = RuleDraft.objects.order_by("pk").first() or RuleDraftFactory.create()
        for number in range(count):
            rule = AssignmentRuleFactory.create(priority_order=number)
            drafted(draft, rule, name=f"other {number}")
            RuleDraftFactory.create()

    more(1)
    few = costs()
    more(60)
    many = costs()

    assert few == many
    assert max(many.values()) <= 15


def test_all_rules_go_back_to_a_moment_from_the_history_and_forward_again(
    manager: Client,
) -> None:
    rule = AssignmentRuleFactory.create(name="old", priority_order=1)
    moment = RuleVersion.objects.get().at
    rule.name = "young"
    rule.save()
    AssignmentRuleFactory.create(name="more", priority_order=2)
    assert "young" in page(manager, "rule-versions").content.decode()
    address = reverse("rule-versions-back")
    shown = manager.get(address, {"at": moment.isoformat()})
    changes = [(one.name, one.what) for one in shown.context["changes"]]
    assert changes == [("old", "changed"), ("more", "deleted")]
    asked = {"seen_version": newest_version(), "reason": "better then"}

    done = manager.post(f"{address}?{shown.wsgi_request.GET.urlencode()}", asked, follow=True)

    assert names_in_order() == ["old"]
    assert RuleVersion.objects.latest("pk").reason == "better then"
    manager.post(undo_of(done))
    assert names_in_order() == ["young", "more"]


def test_going_back_after_somebody_elses_change_shows_what_is_so_now(manager: Client) -> None:
    rule = AssignmentRuleFactory.create(name="old")
    rule.name = "young"
    rule.save()
    address = reverse("rule-version-back", args=[rule.pk, 1])
    seen = manager.get(address).context["form"].initial["seen_version"]
    rule.name = "younger"
    rule.save()

    late = manager.post(address, {"seen_version": seen})

    assert late.status_code == HTTPStatus.CONFLICT
    (change,) = late.context["changes"]
    assert [(one.old, one.new) for one in change.differences] == [("younger", "old")]
    manager.post(address, {"seen_version": late.context["form"].initial["seen_version"]})
    assert names_in_order() == ["old"]


def test_a_deleted_rule_is_brought_back_from_its_version(manager: Client) -> None:
    rule = AssignmentRuleFactory.create(name="old")
    number = rule.pk
    rule.delete()
    back = reverse("rule-version-back", args=[number, 2])
    assert back in page(manager, "rule-version", number, 2).content.decode()

    manager.post(back, {"seen_version": 2})

    assert AssignmentRule.objects.get(pk=number).name == "old"


@pytest.mark.parametrize("said_at", ["", "yesterday", "2999-01-01T00:00", "2026-02-30T00:00"])
def test_a_moment_that_is_none_or_to_come_leads_back_to_the_history(
    manager: Client, said_at: str
) -> None:
    found = manager.get(reverse("rule-versions-back"), {"at": said_at})

    assert found["Location"] == reverse("rule-versions")

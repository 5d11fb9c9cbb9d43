"""A draft from being asked for to being in force, and everything that may get in its way."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.catalog.models import Site
from apps.core import clock
from apps.core.access import EVERYWHERE
from apps.core.queue import slices
from apps.roster import planning_tasks
from apps.roster.effects.drafts import gap_words
from apps.roster.models import (
    DraftProgress,
    DraftTurn,
    PlannedGap,
    Radiologist,
    RosterAssignment,
    RosterDraft,
    RosterOverride,
    Shift,
)
from apps.roster.planning.wishes import Wishes
from apps.roster.queries.drafting.drafts import turns_of, version_of
from apps.roster.services.drafting import making, publishing, working
from tests.factories.catalog import SiteFactory
from tests.factories.people import RadiologistFactory
from tests.factories.roster import RosterAssignmentFactory
from tests.roster.planning.conftest import MONDAY, asked, readers, shift_of
from tests.support.pages import words_of
from tests.support.people import signed_in

pytestmark = [pytest.mark.db, pytest.mark.usefixtures("noon")]

DAY = timedelta(days=1)
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def day_shift() -> Shift:
    return shift_of("DAY", 8, 16)


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)


def solved(draft: RosterDraft) -> RosterDraft:
    assert planning_tasks.plan_once() == 1
    draft.refresh_from_db()
    return draft


def turns(draft: RosterDraft) -> list[tuple[str, str, str]]:
    return [(str(one.on), one.shift.code, one.radiologist_id) for one in turns_of(draft)]


def stored() -> list[tuple[str, str, str, str]]:
    return [
        (row.shift.code, row.radiologist_id, str(row.start_date), str(row.end_date))
        for row in RosterAssignment.objects.order_by("start_date", "radiologist_id")
    ]


def said(response: HttpResponse) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def address(name: str, draft: RosterDraft, *more: object) -> str:
    return reverse(name, args=[draft.pk, *more])


# -- being worked out ------------------------------------------------------------------------


def test_a_draft_fills_every_run_and_shares_them_out(day_shift: Shift) -> None:
    draft = solved(asked([day_shift], readers(2), days=6))

    assert draft.state == "ready"
    assert [on for on, _, _ in turns(draft)] == [str(MONDAY + ahead * DAY) for ahead in range(6)]
    people = [who for _, _, who in turns(draft)]
    assert (people.count("DR_0"), people.count("DR_1")) == (3, 3)
    assert (draft.report["ending"], draft.report["unmet"]) == ("best", [])


def test_leave_and_what_is_in_force_are_planned_around(day_shift: Shift) -> None:
    first, second = readers(2)
    RosterAssignmentFactory.create(
        shift=day_shift, radiologist=first, start_date=MONDAY, end_date=MONDAY
    )
    RosterOverride.objects.create(
        kind="leave", radiologist=first, start_date=MONDAY + DAY, end_date=MONDAY + DAY
    )

    draft = solved(asked([day_shift], [first, second], days=2))

    assert turns(draft) == [(str(MONDAY + DAY), "DAY", "DR_1")]


def test_hours_away_bar_the_turns_that_they_touch(day_shift: Shift) -> None:
    [person] = readers(1)
    RosterOverride.objects.create(
        kind="other_work",
        radiologist=person,
        start_date=MONDAY,
        end_date=MONDAY,
        start_local=time(15),
        end_local=time(17),
        time_zone="Australia/Brisbane",
    )

    draft = solved(asked([day_shift], [person], days=2))

    assert turns(draft) == [(str(MONDAY + DAY), "DAY", "DR_0")]
    assert draft.report["unmet"][0]["barred"] == {"away": ["DR_0"]}


def test_a_licence_that_ends_in_the_period_bars_what_follows() -> None:
    site = SiteFactory.create(code="SYD", jurisdiction="NSW", requires_licence=True)
    shift = shift_of("DAY", 8, 16, site)
    [person] = readers(1)
    person.licences.create(jurisdiction="NSW", end_date=MONDAY + DAY)

    draft = solved(asked([shift], [person], days=4))

    assert [on for on, _, _ in turns(draft)] == [str(MONDAY), str(MONDAY + DAY)]
    assert [one["barred"] for one in draft.report["unmet"]] == [{"competence": ["DR_0"]}] * 2


def test_a_planned_gap_stays_empty(day_shift: Shift) -> None:
    PlannedGap.objects.create(
        shift=day_shift, start_date=MONDAY, end_date=MONDAY, reason="Department day"
    )

    draft = solved(asked([day_shift], readers(1), days=2))

    assert turns(draft) == [(str(MONDAY + DAY), "DAY", "DR_0")]
    assert draft.report["unmet"] == []


def test_turns_on_other_shifts_count_or_not_as_is_asked(day_shift: Shift) -> None:
    night = shift_of("NIGHT", 22, 6)
    [person] = readers(1)
    RosterAssignmentFactory.create(
        shift=night, radiologist=person, start_date=MONDAY - DAY, end_date=MONDAY - DAY
    )

    counted = solved(asked([day_shift], [person], days=1))
    not_counted = solved(asked([day_shift], [person], days=1, others_count=False))

    assert (turns(counted), counted.report["unmet"][0]["barred"]) == ([], {"rest": ["DR_0"]})
    assert turns(not_counted) == [(str(MONDAY), "DAY", "DR_0")]


def test_why_a_run_stays_empty_is_said_in_words(manager: Client, day_shift: Shift) -> None:
    first, second = readers(2)
    RosterOverride.objects.create(
        kind="leave", radiologist=first, start_date=MONDAY, end_date=MONDAY
    )
    draft = solved(asked([day_shift], [first, second], days=1, readers={day_shift.pk: 2}))

    words = words_of(manager, address("draft", draft))

    assert "Day on Mon 9 Feb lacks 1: Dr Reader0 is away; Dr Reader1 is on it already." in words


def test_where_nobody_can_be_put_on_it_says_so_and_offers_nothing_to_publish(
    manager: Client, day_shift: Shift
) -> None:
    [person] = readers(1)
    RosterOverride.objects.create(
        kind="leave", radiologist=person, start_date=MONDAY, end_date=MONDAY
    )
    draft = solved(asked([day_shift], [person], days=1))

    words = words_of(manager, address("draft", draft))

    assert "No better roster is possible: this is proved." in words
    assert "could be better" not in words
    assert "Nothing is proposed, so there is nothing to publish." in words
    assert address("draft-publish", draft) not in (
        manager.get(address("draft", draft)).content.decode()
    )
    page = manager.get(address("draft-publish", draft)).content.decode()
    assert '<button type="submit" data-key="s">' not in page


@pytest.mark.parametrize(
    ("best", "bound", "expected"),
    [
        (10_000.0, 9_999.0, "A better one could be better by less than 0.1%."),
        (100.0, 80.0, "A better one could be better by 20.0% at most."),
        (100.0, 100.0, ""),
        (None, None, ""),
    ],
    ids=["hardly", "much", "not at all", "not known"],
)
def test_how_much_better_one_could_be_is_said_where_it_could(
    best: float | None, bound: float | None, expected: str
) -> None:
    assert gap_words({"best": best, "bound": bound}) == expected


def test_fixed_turns_stay_when_it_runs_again(day_shift: Shift) -> None:
    people = readers(2)
    draft = solved(asked([day_shift], people, days=2))
    DraftTurn.objects.all().delete()
    for ahead in range(2):
        draft.turns.create(
            shift=day_shift, radiologist=people[0], on=MONDAY + ahead * DAY, is_fixed=True
        )

    making.ask_again(draft_id=draft.pk)
    solved(draft)

    assert [who for _, _, who in turns(draft)] == ["DR_0", "DR_0"]


def test_nothing_to_fill_fails_with_words(manager: Client) -> None:
    weekday = shift_of("WEEKDAY", 8, 16, weekdays=[1])
    draft = asked([weekday], readers(1), days=1)
    RosterDraft.objects.update(start_date=MONDAY + DAY, end_date=MONDAY + DAY)

    solved(draft)

    assert draft.state == "failed"
    assert "No shift of the draft runs in these days." in words_of(
        manager, address("draft", draft)
    )


def test_a_draft_that_is_stopped_while_it_waits_is_never_worked_out(
    manager: Client, day_shift: Shift
) -> None:
    draft = asked([day_shift], readers(1))

    manager.post(address("draft-stop", draft))

    assert planning_tasks.plan_once() == 0
    assert RosterDraft.objects.get().state == "cancelled"


def test_a_draft_that_is_stopped_keeps_the_best_found(
    day_shift: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = asked([day_shift], readers(3), days=7)
    monkeypatch.setattr(planning_tasks, "_TELL_SECONDS", 0.0)
    tell = working.tell_progress

    def stopped_meanwhile(found: RosterDraft, progress: dict[str, object]) -> bool:
        RosterDraft.objects.update(state="cancelled")
        return tell(found, progress)

    monkeypatch.setattr(working, "tell_progress", stopped_meanwhile)
    solved(draft)

    assert (draft.state, draft.report["ending"], len(turns(draft))) == ("ready", "cancelled", 7)


def test_a_worker_that_is_told_to_end_leaves_the_draft_to_the_next(
    day_shift: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = asked([day_shift], readers(1))
    with monkeypatch.context() as ending:
        ending.setattr(slices, "is_stopping", lambda: True)
        solved(draft)
    assert (draft.state, draft.progress_row.attempt) == ("waiting", 0)

    assert solved(draft).state == "ready"


def test_a_draft_whose_process_dies_twice_has_failed(
    day_shift: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = asked([day_shift], readers(1))
    monkeypatch.setattr("apps.roster.planning.process._MODULE", "no_such_module")

    states = [solved(draft).state for _ in range(3)]

    assert states == ["solving", "solving", "failed"]
    assert "ended twice" in draft.report["failed"]
    assert planning_tasks.plan_once() == 0


def test_a_draft_deleted_while_it_is_worked_out_stays_deleted(
    day_shift: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked([day_shift], readers(1))
    monkeypatch.setattr(
        working, "tell_progress", lambda *_: bool(RosterDraft.objects.all().delete()) and False
    )

    planning_tasks.plan_once()

    assert not RosterDraft.objects.exists()


def test_progress_is_shown_while_it_is_worked_out(manager: Client, day_shift: Shift) -> None:
    draft = asked([day_shift], readers(1))
    RosterDraft.objects.update(state="solving")
    said = {"seconds": 12.4, "limit": 30, "filled": 80, "missing": 84}
    bounds = {"best": 64.0, "bound": 48.0, "is_sharing": True}
    DraftProgress.objects.create(draft=draft, said={**said, **bounds})

    answer = manager.get(address("draft", draft), **HTMX)
    words = words_of(manager, address("draft", draft))

    assert 'hx-trigger="every 1s"' in answer.content.decode()
    assert '<progress max="30" value="12.4"' in answer.content.decode()
    assert "Sharing out fairly" in words
    assert "Time 12 of 30 s Turns filled 80 of 84 Could be better by 25 % at most" in words


# -- without the solver ----------------------------------------------------------------------


@pytest.fixture
def not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "highspy", None)


@pytest.mark.usefixtures("not_installed")
def test_without_the_solver_the_pages_say_what_to_install(
    manager: Client, day_shift: Shift
) -> None:
    draft = asked([day_shift], readers(1))

    assert "make planning" in words_of(manager, reverse("drafts"))
    assert "make planning" in words_of(manager, reverse("draft-add"))
    assert manager.get(reverse("roster")).status_code == 200
    assert manager.post(reverse("draft-add"), {"name": "x"}).status_code == 422
    assert solved(draft).state == "failed"
    assert "make planning" in words_of(manager, address("draft", draft))


# -- asking ----------------------------------------------------------------------------------


def form_data(shift: Shift, people: list[Radiologist], /, **changes: object) -> dict[str, object]:
    return {
        "name": "March",
        "start_date": "2026-02-09",
        "end_date": "2026-02-10",
        "shifts": [shift.pk],
        "people": [person.pk for person in people],
        "rest_hours": "11",
        "nights_in_a_row": "",
        "days_in_a_row": "6",
        "hours_a_week": "40.5",
        "reads_all": "on",
        **{f"weigh_{name}": "1" for name in ("hours", "nights", "weekends", "wishes")},
        "days_wished": "DR_0 2026-02-09\nDR_1 2026-02-09 2026-02-10 on",
        "seconds": "30",
        f"readers_{shift.pk}": "2",
        **changes,
    }


def test_what_is_asked_is_kept_and_asked_again(manager: Client, day_shift: Shift) -> None:
    people = readers(2)

    answer = manager.post(reverse("draft-add"), form_data(day_shift, people))

    draft = RosterDraft.objects.get()
    wishes = Wishes.read(draft.wishes)
    assert answer.headers["Location"] == address("draft", draft)
    assert (draft.state, draft.made_by[:5]) == ("waiting", "user:")
    assert wishes.shifts == (day_shift.pk,)
    assert wishes.readers == {day_shift.pk: 2}
    assert (wishes.nights_in_a_row, wishes.hours_a_week, wishes.others_count) == (
        None,
        40.5,
        False,
    )
    assert [(wish.person, wish.is_off) for wish in wishes.days_wished] == [
        ("DR_0", True),
        ("DR_1", False),
    ]
    assert json.loads(json.dumps(draft.wishes)) == draft.wishes
    solved(draft)

    shown = manager.get(address("draft-ask", draft)).context["form"]
    assert shown["days_wished"].value() == "DR_0 2026-02-09\nDR_1 2026-02-09 2026-02-10 on"
    manager.post(address("draft-ask", draft), form_data(day_shift, people, name="April"))

    draft.refresh_from_db()
    assert (draft.name, draft.state) == ("April", "waiting")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"end_date": "2026-02-01"}, "end_date"),
        ({"end_date": "2026-09-01"}, "end_date"),
        ({"start_date": "2026-02-03"}, "start_date"),
        ({"shifts": []}, "shifts"),
        ({"people": ["DR_NOBODY"]}, "people"),
        ({"days_wished": "DR_NOBODY 2026-02-09"}, "days_wished"),
        ({"days_wished": "DR_0 9.2.2026"}, "days_wished"),
        ({"seconds": "3600"}, "seconds"),
    ],
)
def test_what_cannot_be_asked_is_refused_at_its_field(
    manager: Client, day_shift: Shift, changes: dict[str, object], field: str
) -> None:
    answer = manager.post(reverse("draft-add"), form_data(day_shift, readers(2), **changes))

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not RosterDraft.objects.exists()


# -- editing ---------------------------------------------------------------------------------


def day(draft: RosterDraft, who: str, on: date = MONDAY) -> str:
    return address("draft-day", draft, on, who)


def test_a_day_is_changed_by_hand_and_taken_back(manager: Client, day_shift: Shift) -> None:
    draft = solved(asked([day_shift], readers(2), days=1))
    [(_, _, who)] = turns(draft)
    other = "DR_1" if who == "DR_0" else "DR_0"

    manager.post(day(draft, who), {"seen": str(day_shift.pk)})
    answer = manager.post(
        day(draft, other), {"shift": day_shift.pk, "keep": "on", "seen": ""}, follow=True
    )

    [turn] = turns_of(draft)
    assert (turn.radiologist_id, turn.is_fixed) == (other, True)
    [message] = [one for one in answer.context["messages"] if other[-1] in str(one)]
    manager.post(reverse("undo", args=[message.extra_tags.removeprefix("undo:")]))
    assert turns(draft) == []


def test_a_day_that_somebody_changed_meanwhile_is_not_written_over(
    manager: Client, day_shift: Shift
) -> None:
    draft = solved(asked([day_shift], readers(1), days=1))

    answer = manager.post(day(draft, "DR_0"), {"seen": ""}, **HTMX)

    assert answer.status_code == 409
    assert answer.headers["HX-Retarget"] == "#dialog"
    assert "Somebody changed this day" in answer.content.decode()
    assert len(turns(draft)) == 1


def test_nobody_is_put_on_while_they_are_away(manager: Client, day_shift: Shift) -> None:
    people = readers(2)
    RosterOverride.objects.create(
        kind="leave", radiologist=people[0], start_date=MONDAY, end_date=MONDAY
    )
    draft = solved(asked([day_shift], people, days=1))

    answer = manager.post(day(draft, "DR_0"), {"shift": day_shift.pk, "seen": ""})

    assert answer.status_code == 409
    assert "Dr Reader0 is away." in answer.content.decode()
    assert [who for _, _, who in turns(draft)] == ["DR_1"]


def test_a_run_names_who_could_take_it_first(manager: Client, day_shift: Shift) -> None:
    people = readers(3)
    RosterOverride.objects.create(
        kind="leave", radiologist=people[0], start_date=MONDAY, end_date=MONDAY
    )
    draft = solved(asked([day_shift], people, days=1))
    DraftTurn.objects.update(radiologist=people[1])

    words = words_of(manager, address("draft-run", draft, day_shift.pk, MONDAY))

    assert "1 of 1 readers" in words
    assert words.index("Dr Reader2") < words.index("Dr Reader0 is away")


@pytest.mark.parametrize("name", ["draft-day", "draft-run"])
def test_a_day_outside_of_the_draft_is_none(manager: Client, day_shift: Shift, name: str) -> None:
    draft = solved(asked([day_shift], readers(1), days=1))
    key = (MONDAY + DAY, "DR_0") if name == "draft-day" else (day_shift.pk, MONDAY + DAY)

    assert manager.get(address(name, draft, *key)).status_code == 404


def test_a_published_draft_is_edited_no_more(manager: Client, day_shift: Shift) -> None:
    draft = solved(asked([day_shift], readers(1), days=1))
    RosterDraft.objects.update(state="published")

    assert manager.post(day(draft, "DR_0"), {"seen": str(day_shift.pk)}).status_code == 409
    assert manager.post(address("draft-again", draft)).status_code == 409
    assert manager.post(address("draft-stop", draft)).status_code == 409


# -- publishing ------------------------------------------------------------------------------


def ready(day_shift: Shift, people: list[Radiologist], *days: tuple[int, int]) -> RosterDraft:
    """Return a draft with turns of people (by number) on days (counted from Monday)."""
    draft = solved(asked([day_shift], people, days=14))
    draft.turns.all().delete()
    for person, ahead in days:
        draft.turns.create(shift=day_shift, radiologist=people[person], on=MONDAY + ahead * DAY)
    return draft


def publish_by(client: Client, draft: RosterDraft) -> HttpResponse:
    seen = client.get(address("draft-publish", draft)).context["seen"]
    return client.post(address("draft-publish", draft), {"seen": seen}, follow=True)


def test_publishing_makes_rows_of_days_that_follow_each_other_and_is_taken_back_as_a_whole(
    manager: Client, day_shift: Shift
) -> None:
    draft = ready(day_shift, readers(2), (0, 0), (0, 1), (1, 2), (0, 4))

    words = words_of(manager, address("draft-publish", draft))
    answer = publish_by(manager, draft)

    assert "2 people are put on shifts by 3 roster rows." in words
    assert "10 places stay empty." in words
    assert stored() == [
        ("DAY", "DR_0", "2026-02-09", "2026-02-10"),
        ("DAY", "DR_1", "2026-02-11", "2026-02-11"),
        ("DAY", "DR_0", "2026-02-13", "2026-02-13"),
    ]
    assert said(answer) == ["February is published: 3 roster rows."]
    [message] = answer.context["messages"]
    manager.post(reverse("undo", args=[message.extra_tags.removeprefix("undo:")]))
    draft.refresh_from_db()
    assert (stored(), draft.state, draft.published_at) == ([], "ready", None)


def test_where_a_row_lies_over_the_days_an_extra_turn_is_published(
    manager: Client, day_shift: Shift
) -> None:
    people = readers(1)
    RosterAssignmentFactory.create(
        shift=day_shift, radiologist=people[0], start_date=MONDAY, weekdays=[1]
    )
    draft = ready(day_shift, people, (0, 1), (0, 2))

    publish_by(manager, draft)

    [extra] = RosterOverride.objects.all()
    assert (extra.kind, extra.radiologist_id) == ("extra", "DR_0")
    assert (extra.start_date, extra.end_date) == (MONDAY + DAY, MONDAY + 2 * DAY)


def goes_on_leave(person: Radiologist, _shift: Shift) -> None:
    RosterOverride.objects.create(
        kind="leave", radiologist=person, start_date=MONDAY, end_date=MONDAY
    )


def is_put_on(person: Radiologist, shift: Shift) -> None:
    RosterAssignmentFactory.create(
        shift=shift, radiologist=person, start_date=MONDAY, end_date=MONDAY
    )


def is_put_elsewhere(person: Radiologist, _shift: Shift) -> None:
    is_put_on(person, shift_of("OTHER", 12, 20))


def works_the_night_before(person: Radiologist, _shift: Shift) -> None:
    RosterAssignmentFactory.create(
        shift=shift_of("NIGHT", 22, 6),
        radiologist=person,
        start_date=MONDAY - DAY,
        end_date=MONDAY - DAY,
    )


def is_switched_off(person: Radiologist, _shift: Shift) -> None:
    Radiologist.objects.filter(pk=person.pk).update(is_active=False)


def runs_no_more(_person: Radiologist, shift: Shift) -> None:
    Shift.objects.filter(pk=shift.pk).update(weekdays=[2])


@pytest.mark.parametrize(
    ("meanwhile", "words"),
    [
        (goes_on_leave, "Dr Reader0, DAY on Mon 9 Feb: is away."),
        (is_put_on, "Dr Reader0, DAY on Mon 9 Feb: is on it already."),
        (is_put_elsewhere, "Dr Reader0, DAY on Mon 9 Feb: is on another shift then."),
        (works_the_night_before, "Dr Reader0, DAY on Mon 9 Feb: would not have rested."),
        (is_switched_off, "DAY on Mon 9 Feb: Dr Reader0 is switched off."),
        (runs_no_more, "DAY on Mon 9 Feb: does not run any more."),
    ],
)
def test_a_roster_that_changed_meanwhile_refuses_the_draft_with_words(
    manager: Client,
    day_shift: Shift,
    meanwhile: Callable[[Radiologist, Shift], None],
    words: str,
) -> None:
    people = readers(2)
    draft = ready(day_shift, people, (0, 0))
    seen = manager.get(address("draft-publish", draft)).context["seen"]
    meanwhile(people[0], day_shift)
    before = stored()

    answer = manager.post(address("draft-publish", draft), {"seen": seen})

    assert answer.status_code == 409
    assert words in [effect.words for effect in answer.context["effects"]]
    assert stored() == before
    assert RosterDraft.objects.get().state == "ready"


def test_what_a_person_fixed_against_a_rule_is_told_and_published(
    manager: Client, day_shift: Shift
) -> None:
    people = readers(1)
    works_the_night_before(people[0], day_shift)
    draft = ready(day_shift, people, (0, 0))
    DraftTurn.objects.update(is_fixed=True)

    words = words_of(manager, address("draft-publish", draft))
    publish_by(manager, draft)

    assert "would not have rested. A person decided so." in words
    assert ("DAY", "DR_0", "2026-02-09", "2026-02-09") in stored()


def test_a_draft_that_was_changed_after_it_was_shown_is_not_published(
    manager: Client, day_shift: Shift
) -> None:
    draft = ready(day_shift, readers(2), (0, 0))
    seen = manager.get(address("draft-publish", draft)).context["seen"]
    DraftTurn.objects.update(radiologist="DR_1")

    answer = manager.post(address("draft-publish", draft), {"seen": seen})

    assert (answer.status_code, stored()) == (409, [])
    assert "Somebody changed the draft" in answer.content.decode()


def test_of_two_who_publish_the_same_draft_one_is_told(day_shift: Shift) -> None:
    draft = ready(day_shift, readers(1), (0, 0))
    seen = version_of(draft, turns_of(draft))
    publishing.publish(draft_id=draft.pk, seen=seen, scope=EVERYWHERE, at=clock.now())

    with pytest.raises(making.NotInThatStateError):
        publishing.publish(draft_id=draft.pk, seen=seen, scope=EVERYWHERE, at=clock.now())

    assert len(stored()) == 1


def test_discarding_a_draft_leaves_the_roster_alone_and_is_taken_back(
    manager: Client, day_shift: Shift
) -> None:
    draft = ready(day_shift, readers(1), (0, 0))

    answer = manager.post(address("draft-discard", draft), follow=True)

    assert not RosterDraft.objects.exists()
    [message] = answer.context["messages"]
    manager.post(reverse("undo", args=[message.extra_tags.removeprefix("undo:")]))
    assert turns(RosterDraft.objects.get()) == [("2026-02-09", "DAY", "DR_0")]


# -- who may ---------------------------------------------------------------------------------


@pytest.fixture
def site() -> Site:
    return SiteFactory.create(code="ROBINA")


def test_a_local_manager_plans_their_own_shifts_and_sees_no_other_drafts(site: Site) -> None:
    own, foreign = shift_of("OWN", 8, 16, site), shift_of("FOREIGN", 8, 16, SiteFactory.create())
    everybodys, people = shift_of("ALL", 8, 16), readers(1, site)
    local = signed_in(Role.MANAGER, site=site)

    refused = local.post(reverse("draft-add"), form_data(foreign, people))
    local.post(reverse("draft-add"), form_data(own, people, days_wished=""))
    hidden = [
        asked([foreign], people),
        asked([own, foreign], people),
        asked([everybodys], people),
    ]

    assert next(iter(refused.context["form"].errors)) == "shifts"
    page = local.get(reverse("drafts")).context["page"]
    assert [draft.name for draft in page.rows] == ["March"]
    assert page.rows[0].site == site
    for draft in hidden:
        assert local.get(address("draft", draft)).status_code == 404
        assert local.post(address("draft-publish", draft), {"seen": ""}).status_code == 404


@pytest.mark.parametrize("role", [Role.RADIOLOGIST, Role.AUDITOR, None])
def test_who_may_not_change_the_roster_sees_no_drafts(role: Role | None) -> None:
    client = signed_in(role) if role else signed_in()

    assert client.get(reverse("drafts")).status_code == 403


# -- what it costs ---------------------------------------------------------------------------


def reads(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def test_the_list_costs_the_same_with_many_drafts(manager: Client, day_shift: Shift) -> None:
    people = readers(1)
    asked([day_shift], people)
    few = reads(manager, reverse("drafts"))
    for _ in range(99):
        asked([day_shift], people)

    assert reads(manager, reverse("drafts")) == few <= 15


def test_the_grid_costs_the_same_with_many_people(manager: Client, day_shift: Shift) -> None:
    few = solved(asked([day_shift], readers(1), days=2))
    cost = reads(manager, address("draft", few))
    more = [day_shift, shift_of("EVENING", 14, 22), shift_of("NIGHT", 22, 6)]
    many = solved(asked(more, RadiologistFactory.create_batch(30), days=14))

    assert reads(manager, address("draft", many)) == cost <= 25


def test_no_drafts_yet_says_what_to_do(manager: Client) -> None:
    assert "There are no drafts yet." in words_of(manager, reverse("drafts"))

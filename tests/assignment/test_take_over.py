from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from time_machine import TimeMachineFixture

from apps.assignment.desk.take_over import Became
from apps.assignment.exceptions import NotPossibleError, ReasonNeededError
from apps.assignment.queries.take_over import NO_SHIFT, Asked, Places, TakeOver, look, scene_of
from apps.assignment.services import by_hand, reading
from apps.assignment.services.take_over import StaleTakeOverError, take_over
from apps.assignment.snapshot.ahead import with_overrides
from apps.assignment.snapshot.cache import current_view
from apps.assignment.snapshot.load import load_config
from apps.assignment.snapshot.versions import decision_versions, read_versions
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.access import EVERYWHERE, Scope
from apps.engine.replay import config_to_json
from apps.roster.models import Licence, RadiologistSite, RosterOverride, Shift, ShiftSite
from apps.roster.queries.take_over import Period, Until
from tests import factories
from tests.assignment.hand import MANAGER, act, history, loads_are_exact, state, told
from tests.support.department import Department, order, readers, result, send

pytestmark = pytest.mark.db

NOW = datetime(2026, 2, 4, 2, 30, 20, tzinfo=UTC)
"""Wednesday 12:30 in Brisbane."""
ZONE = "Australia/Brisbane"
ALL = Places(EVERYWHERE, EVERYWHERE)


@pytest.fixture(autouse=True)
def _now(time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def given(department: Department) -> Department:
    """P1, P2 and P3 are DR_ILL's on the day shift; DR_WELL is off, on another shift."""
    department.shift.delete()
    department.shift = department.add_shift(
        "DAY", modality="MR", start_local=time(8), end_local=time(18)
    )
    department.add_reader("DR_ILL", family_name="Ill")
    for number in (1, 2, 3):
        send(*order(placer=f"P{number}", mrn=f"M{number}"))
    other = department.add_shift("CT", modality="CT", start_local=time(8), end_local=time(18))
    department.add_reader("DR_WELL", shift=other, family_name="Well")
    return department


def asked(department: Department, *takers: str, until: Until = Until.TURN, **values: Any) -> Asked:
    named: dict[str, Any] = {"reason": "Taken ill", "takers": {department.shift.pk: takers}}
    period = {name: values.pop(name) for name in ("from_on", "until_on") if name in values}
    return Asked("DR_ILL", Period(clock.now(), ZONE, until, **period), **(named | values))


def seen(wish: Asked, places: Places = ALL) -> TakeOver:
    return look(wish, scene_of(wish, places), current_view(read_versions()), actor=MANAGER)


def do(wish: Asked, token: str | None = None, places: Places = ALL) -> TakeOver:
    return take_over(
        wish, places, token=seen(wish, places).token if token is None else token, actor=MANAGER
    )


def became(done: TakeOver) -> dict[str, tuple[str, str]]:
    return {one.before.accession: (one.became.value, one.reader) for one in done.fates}


def records() -> list[tuple[object, ...]]:
    names = ("kind", "radiologist_id", "taker_id", "start_date", "end_date")
    return [
        (
            *row[:3],
            f"{row[3]:%d}",
            f"{row[4]:%d}",
            *(f"{at:%H:%M}" if at else "" for at in row[5:]),
        )
        for row in RosterOverride.objects.order_by("pk").values_list(
            *names, "start_local", "end_local"
        )
    ]


class TestOneConfirm:
    def test_turn_and_studies_go_to_the_taker_from_now_until_its_end(
        self, given: Department
    ) -> None:
        done = do(asked(given, "DR_WELL"))

        assert became(done) == dict.fromkeys(("P1", "P2", "P3"), ("moves", "DR_WELL"))
        assert readers() == dict.fromkeys(("P1", "P2", "P3"), "DR_WELL")
        assert records() == [
            ("leave", "DR_ILL", None, "04", "04", "12:30", "18:00"),
            ("swap", "DR_ILL", "DR_WELL", "04", "04", "12:30", "18:00"),
        ]
        assert history("P1") == [
            ("DR_ILL", "LOAD_BALANCED", "reassigned"),
            ("DR_WELL", "MANUAL", ""),
        ]
        assert [row[:2] for row in told()[-3:]] == [("reassigned", "DR_WELL")] * 3
        assert loads_are_exact()

    def test_an_order_that_comes_right_after_goes_to_the_taker(self, given: Department) -> None:
        do(asked(given, "DR_WELL"))

        send(*order(placer="P4", mrn="M4"))

        assert readers()["P4"] == "DR_WELL"

    def test_the_preview_writes_nothing_and_says_what_is_done(self, given: Department) -> None:
        shown = seen(asked(given, "DR_WELL"))

        assert RosterOverride.objects.count() == 0
        assert set(readers().values()) == {"DR_ILL"}
        assert loads_are_exact()
        assert became(do(asked(given, "DR_WELL"))) == became(shown)

    def test_the_trail_holds_it_together(self, given: Department) -> None:
        do(asked(given, "DR_WELL"))

        (line,) = AuditEvent.objects.filter(action="take_over")
        assert (line.entity, line.entity_id, line.actor) == (
            "roster_radiologist",
            "DR_ILL",
            MANAGER,
        )
        assert line.new_values == {
            "reason": "Taken ill",
            "takers": ["DR_WELL"],
            "records": 2,
            "turns": 1,
            "studies": {"moves": 3},
        }
        by_hand_lines = AuditEvent.objects.filter(action="assign_by_hand")
        assert [row.new_values["reason"] for row in by_hand_lines] == ["Taken ill"] * 3

    def test_what_is_decided_from_is_what_is_stored(self, given: Department) -> None:
        base = current_view(read_versions())
        done = do(asked(given, "DR_WELL", until=Until.DATE, until_on=date(2026, 2, 9)))

        versions = decision_versions(read_versions())
        ahead = with_overrides(base, done.handed.records, versions=versions)

        assert ahead.as_json == config_to_json(load_config(versions))


class TestWhoGetsWhat:
    def test_a_full_taker_gets_nothing_more_unless_it_is_ticked(self, given: Department) -> None:
        given.add_reader("DR_FULL", max_concurrent_studies=1)
        wish = asked(given, "DR_FULL", decide_rest=False)

        assert list(became(seen(wish)).values()) == [
            ("moves", "DR_FULL"),
            ("stays", "DR_ILL"),
            ("stays", "DR_ILL"),
        ]
        done = do(replace(wish, past_limits=True))

        assert set(became(done).values()) == {("moves", "DR_FULL")}
        assert [one.is_full for one in done.fates] == [False, True, True]
        assert loads_are_exact()

    def test_credentials_are_never_relaxed(self, given: Department) -> None:
        site = given.site
        site.requires_licence, site.jurisdiction = True, "QLD"
        site.save()
        Licence.objects.create(radiologist_id="DR_ILL", jurisdiction="QLD")
        wish = asked(given, "DR_WELL", past_limits=True, decide_rest=False)

        shown = seen(wish)

        assert set(became(shown).values()) == {("stays", "DR_ILL")}
        assert "has no valid licence" in shown.fates[0].why
        with pytest.raises(NotPossibleError, match="Well on DAY: has no valid licence"):
            do(wish)

    def test_what_no_taker_can_take_is_decided_again_and_never_comes_back(
        self, given: Department
    ) -> None:
        given.add_reader("DR_COLLEAGUE")

        done = do(asked(given))

        assert set(became(done).values()) == {("decided", "DR_COLLEAGUE")}
        assert {row[:2] for row in history("P1")[1:]} == {("DR_COLLEAGUE", "LOAD_BALANCED")}

    def test_where_nobody_is_found_the_study_waits(self, given: Department) -> None:
        done = do(asked(given))

        assert {one.became for one in done.fates} == {Became.WAITS}
        assert done.fates[0].why == "the engine: nobody is on the shift"
        assert readers() == {}

    def test_what_is_being_read_moves_only_when_ticked(self, given: Department) -> None:
        act(reading.start, state("P2"), radiologist_id="DR_ILL")

        shown = seen(asked(given, "DR_WELL"))
        assert became(shown)["P2"] == ("reading", "DR_ILL")

        ticked = frozenset({state("P2").order_id})
        do(asked(given, "DR_WELL", ticked=ticked))
        assert readers() == dict.fromkeys(("P1", "P2", "P3"), "DR_WELL")

    def test_several_takers_share_by_load(self, given: Department) -> None:
        given.add_reader("DR_TWO")

        done = do(asked(given, "DR_WELL", "DR_TWO"))

        given_to = [reader for _, reader in became(done).values()]
        assert {given_to.count("DR_WELL"), given_to.count("DR_TWO")} == {1, 2}
        assert loads_are_exact()

    def test_held_studies_stay_and_are_decided_anew_when_released(self, given: Department) -> None:
        act(by_hand.hold, state("P1"), reason="scanner is down")

        do(asked(given, "DR_WELL"))
        act(by_hand.release, state("P1"))

        assert readers()["P1"] == "DR_WELL"


class TestMeanwhile:
    def test_a_study_completed_since_the_preview(self, given: Department) -> None:
        wish = asked(given, "DR_WELL")
        token = seen(wish).token
        send(*result(status="F", placer="P1"))

        with pytest.raises(StaleTakeOverError):
            do(wish, token)

        assert RosterOverride.objects.count() == 0
        assert readers()["P2"] == "DR_ILL"

    def test_a_study_that_came_since_the_preview(self, given: Department) -> None:
        wish = asked(given, "DR_WELL")
        token = seen(wish).token
        send(*order(placer="P4", mrn="M4"))

        with pytest.raises(StaleTakeOverError):
            do(wish, token)

    def test_the_taker_went_on_leave_since_the_preview(self, given: Department) -> None:
        wish = asked(given, "DR_WELL")
        token = seen(wish).token
        RosterOverride.objects.create(
            kind="leave", radiologist_id="DR_WELL", start_date=NOW.date(), end_date=NOW.date()
        )

        with pytest.raises(StaleTakeOverError):
            do(wish, token)
        with pytest.raises(NotPossibleError, match="DR Rae Well is away on DAY"):
            do(wish)

    def test_a_minute_that_passed_is_no_change(
        self, given: Department, time_machine: TimeMachineFixture
    ) -> None:
        token = seen(asked(given, "DR_WELL")).token
        time_machine.move_to(NOW + timedelta(minutes=7), tick=False)

        do(asked(given, "DR_WELL"), token)

        assert records()[1][-2:] == ("12:37", "18:00")

    def test_the_second_manager_finds_nothing_left(self, given: Department) -> None:
        wish = asked(given, "DR_WELL")
        token = do(wish).token

        with pytest.raises(StaleTakeOverError):
            do(wish, token)
        with pytest.raises(NotPossibleError, match="nothing to hand over"):
            do(replace(wish, takers={}))

    def test_a_failing_audit_line_undoes_everything(
        self, given: Department, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_values: object) -> dict[str, object]:
            return {"at": None}

        monkeypatch.setattr("apps.assignment.services.take_over._line", fail)
        wish = asked(given, "DR_WELL")
        token = seen(wish).token

        with pytest.raises(Exception, match="null value"):
            do(wish, token)

        assert RosterOverride.objects.count() == 0
        assert set(readers().values()) == {"DR_ILL"}

    def test_without_a_reason_nothing_happens(self, given: Department) -> None:
        with pytest.raises(ReasonNeededError):
            do(asked(given, "DR_WELL", reason="ill "))


class TestPlaces:
    def test_studies_and_turns_elsewhere_are_left_alone(self, given: Department) -> None:
        away = factories.SiteFactory(code="AWAY")
        here = Scope(site_ids=frozenset({away.pk}))
        RadiologistSite.objects.create(radiologist_id="DR_ILL", site=away)
        RadiologistSite.objects.create(radiologist_id="DR_ILL", site=given.site)

        shown = seen(asked(given, "DR_WELL"), Places(here, here))

        assert (shown.fates, shown.handed.records, shown.scene.elsewhere) == ([], [], 3)
        with pytest.raises(NotPossibleError):
            do(asked(given, "DR_WELL"), places=Places(here, here))

    @pytest.mark.parametrize("reads", ["turn", "studies"])
    def test_nobody_takes_over_who_is_out_of_sight(self, given: Department, reads: str) -> None:
        """A posted id of another site's reader is as good as none."""
        here = Scope(site_ids=frozenset({given.site.pk}))
        away = factories.SiteFactory(code="AWAY")
        homes = {"DR_ILL": given.site, "DR_WELL": away}
        for id_, site in homes.items():
            RadiologistSite.objects.create(radiologist_id=id_, site=site)
        if reads == "turn":
            Shift.objects.filter(pk=given.shift.pk).update(all_sites=False)
            ShiftSite.objects.create(shift=given.shift, site=given.site)
        group = given.shift.pk if reads == "turn" else NO_SHIFT
        wish = asked(given, takers={group: ["DR_WELL"]}, decide_rest=False)

        shown = seen(wish, Places(here, here))
        done = do(wish, shown.token, Places(here, here))

        assert done.handed.takers == {group: []}
        assert {row.taker_id for row in done.handed.records} == {None}
        assert set(readers().values()) == {"DR_ILL"}


class TestLater:
    def test_from_a_later_day_on_only_turns_change_hands(self, given: Department) -> None:
        wish = asked(
            given,
            "DR_WELL",
            until=Until.DATE,
            from_on=date(2026, 2, 6),
            until_on=date(2026, 2, 9),
        )

        done = do(wish)

        assert done.fates == []
        assert records() == [
            ("leave", "DR_ILL", None, "06", "09", "", ""),
            ("swap", "DR_ILL", "DR_WELL", "06", "09", "", ""),
        ]
        assert set(readers().values()) == {"DR_ILL"}

    def test_until_a_day_hours_today_and_whole_days_then(self, given: Department) -> None:
        do(asked(given, "DR_WELL", until=Until.DATE, until_on=date(2026, 2, 5)))

        assert records() == [
            ("leave", "DR_ILL", None, "04", "04", "12:30", "00:00"),
            ("leave", "DR_ILL", None, "05", "05", "", ""),
            ("swap", "DR_ILL", "DR_WELL", "04", "04", "12:30", "18:00"),
            ("swap", "DR_ILL", "DR_WELL", "05", "05", "", ""),
        ]

    def test_studies_of_a_turn_that_is_over_go_to_whom_one_chooses(
        self, given: Department, time_machine: TimeMachineFixture
    ) -> None:
        time_machine.move_to(NOW + timedelta(hours=9), tick=False)

        done = do(asked(given, until=Until.TODAY, takers={NO_SHIFT: ["DR_WELL"]}))

        assert set(became(done).values()) == {("moves", "DR_WELL")}

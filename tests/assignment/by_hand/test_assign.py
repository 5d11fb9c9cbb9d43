"""Giving a study to a reader by hand, and how that is explained."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from apps.assignment.exceptions import (
    NotFitError,
    NotPossibleError,
    OverrideNeededError,
    ReasonNeededError,
)
from apps.assignment.explanation import sentences
from apps.assignment.models import Assignment
from apps.assignment.services import by_hand, reading
from apps.assignment.services.replay import replay_stored
from apps.core import clock
from apps.orders.models import Order
from apps.roster.models import Radiologist, RosterOverride, Workload
from tests import factories
from tests.assignment.hand import (
    MANAGER,
    act,
    history,
    lines,
    loads_are_exact,
    open_studies,
    state,
    told,
)
from tests.support.department import (
    Department,
    order,
    readers,
    reasons,
    send,
)

pytestmark = pytest.mark.db


class TestAssign:
    @pytest.mark.usefixtures("waiting")
    def test_first_assignment_of_a_study_that_no_shift_reads(self) -> None:
        after = act(by_hand.assign, radiologist_id="DR_A", reason="covers CT today")

        made = Assignment.objects.get()
        assert after == state()
        assert (after.status, after.radiologist_id, after.shift_code) == ("assigned", "DR_A", "")
        assert (made.strategy, made.made_by, made.made_note) == (
            "MANUAL",
            MANAGER,
            "covers CT today",
        )
        assert (reasons(), open_studies()) == ({}, {"DR_A": 1})
        assert told() == [("assigned", "DR_A", "MANUAL")]

    @pytest.mark.usefixtures("given")
    def test_reassignment_frees_the_former_reader_and_tells_destinations(self) -> None:
        after = act(by_hand.assign, radiologist_id="DR_B")

        assert (after.radiologist_id, after.shift_code) == ("DR_B", "MRI_MSK")
        assert history() == [("DR_A", "LOAD_BALANCED", "reassigned"), ("DR_B", "MANUAL", "")]
        assert open_studies() == {"DR_A": 0, "DR_B": 1, "DR_OFF": 0}
        assert told()[1:] == [("reassigned", "DR_B", "MANUAL")]

    @pytest.mark.usefixtures("given")
    def test_trail_names_who_chose_whom_in_whose_place_and_why(self) -> None:
        seen = state()

        act(by_hand.assign, radiologist_id="DR_B", reason="  asked by\n the ward ")

        (line,) = lines("assign_by_hand")
        assert (line.actor, line.entity, line.entity_id) == (
            MANAGER,
            "orders_order",
            str(seen.order_id),
        )
        common = {"status": "assigned", "shift_code": "MRI_MSK", "urgency": "ROUTINE"}
        assert line.old_values == {**common, "radiologist_id": "DR_A"}
        assert line.new_values == {
            **common,
            "radiologist_id": "DR_B",
            "accession": "P1",
            "reason": "asked by the ward",
            "last_message_id": Order.objects.get().last_message_id,
        }
        assert [row.actor for row in lines("assign")] == ["system:hl7", MANAGER]

    def test_reader_reads_it_on_the_most_specific_shift_that_does_the_work(
        self, given: Department
    ) -> None:
        knees = given.add_shift("Z_KNEES", modality="MR")
        knees.work_types.update(body_part="KNEE")
        ct = given.add_shift("A_CT", modality="CT")
        for shift in (knees, ct):
            factories.RosterAssignmentFactory(
                shift=shift, radiologist=Radiologist.objects.get(pk="DR_B")
            )

        assert act(by_hand.assign, radiologist_id="DR_B").shift_code == "Z_KNEES"

    def test_shift_whose_specialty_the_reader_lacks_is_not_theirs(self, given: Department) -> None:
        spine = given.add_shift("SPINE", modality="MR", required_subspecialty="spine")
        given.add_reader("DR_C", shift=spine)

        assert act(by_hand.assign, radiologist_id="DR_C").shift_code == ""

    @pytest.mark.usefixtures("given")
    def test_offline_reader_may_be_given_it(self) -> None:
        Workload.objects.filter(pk="DR_B").update(presence="offline")

        act(by_hand.assign, radiologist_id="DR_B")

        assert readers() == {"P1": "DR_B"}

    @pytest.mark.parametrize(
        ("lack", "words"),
        [
            ("credential", "DR Rae Reader: lacks the credential MSK_FELLOW."),
            ("licence", "DR Rae Reader: has no valid licence for QLD."),
            ("privilege", "DR Rae Reader: has no valid privilege for ROBINA, MR, KNEE."),
            ("inactive", "DR Rae Reader: not active."),
            ("leave", "DR Rae Reader: on leave."),
            ("unknown", "DR_NOBODY: not a known radiologist."),
        ],
    )
    def test_no_reason_replaces_what_a_reader_lacks(
        self, given: Department, lack: str, words: str
    ) -> None:
        chosen = "DR_NOBODY" if lack == "unknown" else "DR_B"
        _LACKS[lack](given)

        with pytest.raises(NotFitError) as raised:
            act(by_hand.assign, radiologist_id=chosen, reason="nobody else is here tonight")

        assert str(raised.value) == words
        assert readers() == {"P1": "DR_A"}
        assert loads_are_exact()

    @pytest.mark.parametrize("reason", ["", "    ", "ok", "a  b "])
    @pytest.mark.usefixtures("given")
    def test_full_reader_needs_a_typed_reason(self, reason: str) -> None:
        Radiologist.objects.filter(pk="DR_B").update(max_concurrent_studies=0)

        with pytest.raises(OverrideNeededError, match="full, 0 of 0 studies open") as raised:
            act(by_hand.assign, radiologist_id="DR_B", reason=reason)

        assert "at least 5 letters" in str(raised.value)
        assert readers() == {"P1": "DR_A"}

    @pytest.mark.parametrize("limit", ["max_concurrent_studies", "max_studies_per_hour"])
    @pytest.mark.usefixtures("given")
    def test_full_reader_gets_it_with_a_typed_reason(self, limit: str) -> None:
        Radiologist.objects.filter(pk="DR_B").update(**{limit: 0})

        act(by_hand.assign, radiologist_id="DR_B", reason="they know the patient")

        assert readers() == {"P1": "DR_B"}
        assert loads_are_exact()

    @pytest.mark.usefixtures("given")
    def test_study_that_is_being_read_moves_with_a_reason_alone(self) -> None:
        act(reading.start, radiologist_id="DR_A")

        with pytest.raises(ReasonNeededError, match="It is being read") as raised:
            act(by_hand.assign, radiologist_id="DR_B")
        assert not isinstance(raised.value, OverrideNeededError)

        after = act(by_hand.assign, radiologist_id="DR_B", reason="taken ill")
        former = Assignment.objects.get(radiologist="DR_A")
        assert (after.status, after.radiologist_id) == ("assigned", "DR_B")
        assert (former.end_reason, former.end_note) == ("reassigned", "taken ill")

    @pytest.mark.usefixtures("given")
    def test_long_reason_is_kept_as_far_as_there_is_room(self) -> None:
        act(by_hand.assign, radiologist_id="DR_B", reason="because " * 100)

        kept = ("because " * 100)[:200]
        assert Assignment.objects.get(is_current=True).made_note == kept
        assert Assignment.objects.get(is_current=False).end_note == kept

    @pytest.mark.usefixtures("given")
    def test_present_reader_is_not_given_it_again(self) -> None:
        with pytest.raises(NotPossibleError, match="DR Rae Reader has it already"):
            act(by_hand.assign, radiologist_id="DR_A")

        assert len(told()) == 1

    @pytest.mark.usefixtures("given")
    def test_held_study_is_released_first(self) -> None:
        act(by_hand.hold, reason="prior films missing")

        with pytest.raises(NotPossibleError) as raised:
            act(by_hand.assign, radiologist_id="DR_B")

        assert str(raised.value) == "It is held (prior films missing): release it first."

    @pytest.mark.usefixtures("given")
    def test_study_of_an_unknown_site_has_no_fit_reader(self) -> None:
        send(*order(placer="P2", site="NOWHERE", facility="NOWHERE"))

        with pytest.raises(NotFitError, match="the order's site is unknown"):
            act(by_hand.assign, state("P2"), radiologist_id="DR_A", reason="a good reason")


_LACKS = {
    "credential": lambda _: _require_credential(),
    "licence": lambda given: _require(given, requires_licence=True, jurisdiction="QLD"),
    "privilege": lambda given: _require(given, requires_privilege=True),
    "inactive": lambda _: Radiologist.objects.filter(pk="DR_B").update(is_active=False),
    "leave": lambda _: RosterOverride.objects.create(
        kind="leave",
        radiologist_id="DR_B",
        start_date=clock.now().date() - timedelta(days=2),
        end_date=clock.now().date() + timedelta(days=2),
    ),
    "unknown": lambda _: None,
}


def _require_credential() -> None:
    procedure = factories.ProcedureFactory(code="MRI KNEE", required_credentials=["MSK_FELLOW"])
    Order.objects.update(procedure=procedure)


def _require(given: Department, **values: object) -> None:
    for name, value in values.items():
        setattr(given.site, name, value)
    given.site.save()


class TestExplained:
    @pytest.mark.usefixtures("given")
    def test_choice_is_told_in_words(self) -> None:
        Radiologist.objects.filter(pk="DR_B").update(max_concurrent_studies=0)
        act(by_hand.assign, radiologist_id="DR_B", reason="they know the patient")

        said = sentences(Assignment.objects.get(is_current=True).trace)

        assert said[0].startswith("Order P1 (MR KNEE, ROUTINE, site ROBINA) at ")
        assert said[2:] == [
            "Looked at who is on a shift for it, and at whom the person chose.",
            "DR_B: full, 0 of 0 studies open.",
            "DR_A: fit, 1 RVU open for 100 seats.",
            (
                "Given to DR_B on MRI_MSK by hand, by user:manager, though full, 0 of 0 "
                "studies open: they know the patient."
            ),
        ]

    def test_choice_off_shift_needs_no_reason_and_says_so(self, given: Department) -> None:
        del given
        act(by_hand.assign, radiologist_id="DR_OFF")

        said = sentences(Assignment.objects.get(is_current=True).trace)

        assert said[-1] == "Given to DR_OFF, off shift, by hand, by user:manager."

    def test_choice_replays_byte_for_byte_after_everything_was_edited(
        self, given: Department
    ) -> None:
        Radiologist.objects.filter(pk="DR_B").update(max_concurrent_studies=0)
        act(by_hand.assign, radiologist_id="DR_B", reason="they know the patient")
        stored = Assignment.objects.get(is_current=True).trace
        Radiologist.objects.update(max_concurrent_studies=7)
        given.shift.delete()

        again = replay_stored(stored)

        assert (again.strategy, again.radiologist, again.shift) == ("MANUAL", "DR_B", "MRI_MSK")
        assert json.dumps(again.trace, sort_keys=True) == json.dumps(stored, sort_keys=True)

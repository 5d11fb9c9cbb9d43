"""Steps 1 and 2: which shifts fit, how pools follow one another, which shift a reader takes."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from apps.engine.codes import Outcome, Presence, Reason, Strategy, Urgency
from apps.engine.rota import LeaveFacts, ShiftFacts, WorkType
from tests.engine.build import (
    AT,
    FAR,
    ROBINA,
    config,
    decided,
    department,
    load,
    on,
    order,
    reader,
    refusals,
    shift,
)
from tests.engine.test_coverage import TODAY


def reads(work: WorkType, **facts: object) -> bool:
    made = department("A", shifts=(shift(work_types=(work,)),))
    return decided(made, order(**facts)).outcome is Outcome.ASSIGNED


@pytest.mark.parametrize(
    ("work", "facts", "expected"),
    [
        (WorkType(), {}, True),
        (WorkType("MR"), {}, True),
        (WorkType("CT"), {}, False),
        (WorkType("MR", "KNEE"), {}, True),
        (WorkType("MR", "MSK"), {}, True),
        (WorkType("MR", "HIP"), {}, False),
        (WorkType("MR", "KNEE"), {"body_part": "MSK"}, False),
        (WorkType("MR", "MSK"), {"body_part": ""}, False),
        (WorkType("MR"), {"body_part": ""}, True),
        (WorkType("", "MSK"), {"modality": "DX"}, True),
        (WorkType("MR", "", "musculoskeletal"), {}, True),
        (WorkType("MR", "", "neuroradiology"), {}, False),
        (WorkType("MR", "BRAIN", "musculoskeletal"), {}, True),
        (WorkType("MR", "", "paediatric"), {"subspecialty": "paediatric"}, True),
        (WorkType("MR", "", "musculoskeletal"), {"subspecialty": "paediatric"}, False),
        (WorkType("MR", urgency="STAT"), {}, False),
        (WorkType("MR", urgency="STAT"), {"urgency": Urgency.STAT}, True),
        (WorkType("MR"), {"modality": ""}, False),
        (WorkType(), {"modality": "", "body_part": ""}, True),
    ],
)
def test_a_work_type_matches(work: WorkType, facts: dict[str, object], expected: bool) -> None:
    assert reads(work, **facts) is expected


def test_regions_of_the_configuration_replace_the_default_ones() -> None:
    made = department("A", regions={"MSK": frozenset({"ELBOW"})})

    assert decided(made).reason is Reason.NO_SHIFT
    assert decided(made, order(body_part="ELBOW")).radiologist == "A"


@pytest.mark.parametrize(
    ("sites", "expected"),
    [
        (None, Outcome.ASSIGNED),
        (frozenset({"ROBINA"}), Outcome.ASSIGNED),
        (frozenset({"FAR"}), Outcome.UNASSIGNED),
        (frozenset(), Outcome.UNASSIGNED),
    ],
    ids=["every site", "this site", "another site", "every listed site was removed"],
)
def test_the_sites_of_a_shift(sites: frozenset[str] | None, expected: Outcome) -> None:
    made = department("A", shifts=(shift(sites=sites),))

    assert decided(made).outcome is expected


def test_an_unknown_site_is_said() -> None:
    decision = decided(department("A"), order(site="NOWHERE"))

    assert (decision.outcome, decision.reason) == (Outcome.UNASSIGNED, Reason.UNKNOWN_SITE)


def test_the_highest_level_goes_first_and_falls_through_when_nobody_is_fit() -> None:
    shifts = (shift("LOW", priority_level=0), shift("HIGH", priority_level=5))
    made = config(shifts, (reader("A"), reader("B")), on("LOW", "A") + on("HIGH", "B"))

    first = decided(made)
    second = decided(made, order(), load("B", presence=Presence.OFFLINE))

    assert (first.radiologist, first.shift) == ("B", "HIGH")
    assert (second.radiologist, second.shift) == ("A", "LOW")
    assert [tried["level"] for tried in second.trace["tries"]] == [5, 0]


def test_a_negative_level_is_never_automatic() -> None:
    made = department("A", shifts=(shift(priority_level=-1),))

    assert decided(made).reason is Reason.NO_SHIFT


def pool_of(*shifts: ShiftFacts) -> tuple[str | None, Strategy | None]:
    """Return the shift and strategy when one reader is on every shift."""
    rows = tuple(row for one in shifts for row in on(one.code, "A"))
    decision = decided(config(shifts, (reader("A"),), rows))
    return decision.shift, decision.strategy


@pytest.mark.parametrize(
    ("special", "general"),
    [
        (shift("Z", sites=frozenset({"ROBINA"})), shift("A", sites=None)),
        (
            shift("Z", sites=frozenset({"ROBINA"}), work_types=(WorkType("MR"),)),
            shift("A", sites=None, work_types=(WorkType("MR", "KNEE"),)),
        ),
        (shift("Z"), shift("A", work_types=(WorkType("MR"),))),
        (shift("Z"), shift("A", work_types=(WorkType("MR", "", "musculoskeletal"),))),
        (
            shift("Z", work_types=(WorkType("MR", "", "musculoskeletal"),)),
            shift("A", work_types=(WorkType("MR"),)),
        ),
        (shift("Z", work_types=(WorkType("MR"),)), shift("A", work_types=(WorkType(),))),
        (
            shift("Z", work_types=(WorkType("CT"), WorkType("MR", "KNEE"))),
            shift("A", work_types=(WorkType("MR"),)),
        ),
        (shift("A"), shift("B")),
    ],
    ids=[
        "sites before all sites",
        "sites before body part",
        "body part before modality",
        "body part before subspecialty",
        "subspecialty before modality",
        "modality before open",
        "by the work type that matches",
        "code",
    ],
)
def test_the_most_specific_shift_and_its_strategy_count(
    special: ShiftFacts, general: ShiftFacts
) -> None:
    chief = shift(
        special.code,
        sites=special.sites,
        work_types=special.work_types,
        strategy=Strategy.ROUND_ROBIN,
    )

    assert pool_of(chief, general) == (special.code, Strategy.ROUND_ROBIN)
    assert pool_of(general, chief) == (special.code, Strategy.ROUND_ROBIN)


def test_each_reader_takes_a_shift_of_their_own() -> None:
    shifts = (shift("A", sites=None, strategy=Strategy.SCORED), shift("B"))
    made = config(shifts, (reader("X"), reader("Y")), on("A", "X") + on("B", "Y"))

    decision = decided(made, order(), load("Y", "5"))

    assert (decision.radiologist, decision.shift) == ("X", "A")
    # The pool's strategy is that of B, which names the site.
    assert decision.strategy is Strategy.LOAD_BALANCED


@pytest.mark.parametrize(
    ("presence", "expected"),
    [
        (Presence.UNKNOWN, Outcome.ASSIGNED),
        (Presence.ONLINE, Outcome.ASSIGNED),
        (Presence.AWAY, Outcome.ASSIGNED),
        (Presence.OFFLINE, Outcome.UNASSIGNED),
    ],
)
def test_only_offline_counts_as_not_there(presence: Presence, expected: Outcome) -> None:
    decision = decided(department("A"), order(), load("A", presence=presence))

    assert decision.outcome is expected


def test_who_is_not_there_is_named_with_the_reason() -> None:
    made = department(
        "AWAY",
        "GONE",
        "OFF",
        readers=(reader("AWAY"), reader("GONE", is_active=False), reader("OFF")),
        roster=on("MRI_MSK", "AWAY", "GONE", "OFF", "STRANGER"),
        leaves=(LeaveFacts("AWAY", TODAY, TODAY),),
    )

    decision = decided(made, order(), load("OFF", presence=Presence.OFFLINE))

    assert decision.reason is Reason.NO_ROSTER
    assert refusals(decision) == {
        "AWAY": ["roster", "on_leave"],
        "GONE": ["roster", "inactive"],
        "OFF": ["roster", "offline"],
        "STRANGER": ["roster", "unknown_radiologist"],
    }


def test_leave_from_last_nights_run_leaves_todays_shift() -> None:
    # 22:05 in Brisbane: LONG began yesterday at 23:00, on the leave; DAY today.
    made = config(
        (shift("DAY"), shift("A_LONG", start_local=time(23), end_local=time(23))),
        (reader("A"),),
        on("DAY", "A") + on("A_LONG", "A"),
        leaves=(LeaveFacts("A", TODAY - timedelta(days=1), TODAY - timedelta(days=1)),),
    )

    assert decided(made).shift == "DAY"


def test_the_vendor_order_is_assigned() -> None:
    made = department("DR_SMITH_ID", sites=(ROBINA, FAR))

    decision = decided(made, order(body_part="MSK", urgency=Urgency.STAT), at=AT)

    assert (decision.radiologist, decision.shift, decision.urgency) == (
        "DR_SMITH_ID",
        "MRI_MSK",
        Urgency.STAT,
    )

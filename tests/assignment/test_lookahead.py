"""What the end of a competency costs, judged against the engine asked the long way round."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.assignment.lookahead import Lookahead, Work, lacking
from apps.engine.competency import Demand, competency_refusal
from apps.engine.facts import Credential, Dated, RadiologistFacts, SiteFacts
from apps.engine.vocabulary import REGIONS

TODAY = date(2026, 11, 23)
END = TODAY + timedelta(days=30)
AFTER = END + timedelta(days=1)
NONE: frozenset[str] = frozenset()
ROBINA = SiteFacts("ROBINA", "GC", "Australia/Brisbane", "QLD", requires_licence=True)
TWEED = SiteFacts("TWEED", "GC", "Australia/Sydney", "NSW", requires_licence=True)
PRIVATE = SiteFacts(
    "PRIVATE", "GC", "Australia/Brisbane", "QLD", requires_licence=True, requires_privilege=True
)
OPEN = SiteFacts("OPEN", "GC", "Australia/Brisbane")


def work(site: SiteFacts, per_day: str = "1", **asked: object) -> Work:
    values = {"modality": "MR", "body_part": "", "credentials": NONE, "subspecialty": ""} | asked
    return Work(site=site, per_day=Decimal(per_day), **values)  # type: ignore[arg-type] # a test's


def licence(jurisdiction: str, end_on: date | None = None, start_on: date | None = None) -> Dated:
    return Dated(jurisdiction=jurisdiction, start_on=start_on, end_on=end_on)


def reader(id_: str, *items: Credential | Dated, active: bool = True) -> RadiologistFacts:
    return RadiologistFacts(
        id=id_,
        name=id_,
        is_active=active,
        credentials=tuple(item for item in items if isinstance(item, Credential)),
        licences=tuple(item for item in items if isinstance(item, Dated) and item.jurisdiction),
        privileges=tuple(
            item for item in items if isinstance(item, Dated) and not item.jurisdiction
        ),
    )


def cost(people: Sequence[RadiologistFacts], works: Sequence[Work]) -> dict[int, Decimal]:
    """Return what the end of the first person's first item costs."""
    first = people[0]
    item = next(iter((*first.credentials, *first.licences, *first.privileges)))
    return dict(Lookahead(people, works, REGIONS).cost_of_end(first, item).by_others)


def test_the_only_reader_is_told_from_one_of_several() -> None:
    lee = reader("LEE", licence("QLD", END), licence("NSW"))
    kim = reader("KIM", licence("QLD"), Dated(site="ROBINA"))
    works = [work(ROBINA, "12.5"), work(PRIVATE, "38"), work(TWEED, "5"), work(OPEN, "100")]
    privileged = reader("LEE", licence("QLD", END), licence("NSW"), Dated(site="PRIVATE"))

    assert cost([lee, kim], works) == {1: Decimal("12.5")}
    assert cost([privileged, kim], works) == {0: Decimal(38), 1: Decimal("12.5")}


def test_who_lapses_before_is_no_reader_any_more() -> None:
    lee = reader("LEE", licence("QLD", END))
    before = reader("KIM", licence("QLD", END - timedelta(days=1)))
    same_day = reader("KIM", licence("QLD", END))
    from_then = reader("KIM", licence("QLD", None, AFTER))
    gone = reader("KIM", licence("QLD"), active=False)

    assert [cost([lee, kim], [work(ROBINA)]) for kim in (before, same_day, from_then, gone)] == [
        {0: Decimal(1)},
        {0: Decimal(1)},
        {1: Decimal(1)},
        {0: Decimal(1)},
    ]


def test_a_renewal_costs_nothing_and_a_gap_does() -> None:
    renewed = reader("LEE", licence("QLD", END), licence("QLD", None, AFTER))
    late = reader("LEE", licence("QLD", END), licence("QLD", None, AFTER + timedelta(days=1)))

    assert cost([renewed], [work(ROBINA)]) == {}
    assert cost([late], [work(ROBINA)]) == {0: Decimal(1)}


def test_only_what_ends_is_blamed() -> None:
    lee = reader("LEE", licence("QLD", END), licence("NSW", END))
    needs_both = reader("KIM", Credential("CARDIAC_CT", end_on=END), licence("QLD", END))

    assert cost([lee], [work(ROBINA, "2"), work(TWEED, "3")]) == {0: Decimal(2)}
    works = [work(ROBINA, "2"), work(ROBINA, "7", credentials=frozenset({"CARDIAC_CT"}))]
    assert cost([needs_both], works) == {0: Decimal(7)}


def test_what_has_ended_costs_what_it_would_allow_today() -> None:
    ended = licence("QLD", TODAY - timedelta(days=1))
    lee, kim = reader("LEE", ended), reader("KIM", licence("QLD"))
    works = [work(ROBINA, "4"), work(TWEED, "9"), work(OPEN, "20")]
    ahead = Lookahead([lee, kim], works, REGIONS)

    assert dict(ahead.cost_of_ended(lee, ended, TODAY).by_others) == {1: Decimal(4)}


def test_the_work_that_loses_most_is_named_first() -> None:
    lee = reader("LEE", licence("QLD", END), Dated(site="PRIVATE"))
    kim = reader("KIM", licence("QLD"))
    works = [work(ROBINA, "90"), work(PRIVATE, "2"), work(PRIVATE, "3", modality="CT")]
    found = Lookahead([lee, kim], works, REGIONS).cost_of_end(lee, lee.licences[0])

    assert [(one.site.code, one.modality, others) for one, others in found.works] == [
        ("PRIVATE", "CT", 0),
        ("PRIVATE", "MR", 0),
        ("ROBINA", "MR", 1),
    ]
    assert (found.alone, found.per_day) == (Decimal(5), Decimal(95))


days = st.none() | st.sampled_from(
    [END - timedelta(days=1), END, AFTER, AFTER + timedelta(days=1)]
)
items = st.one_of(
    st.builds(Credential, st.sampled_from(["C1", "C2"]), days, days),
    st.builds(licence, st.sampled_from(["QLD", "NSW"]), days, days),
    st.builds(
        Dated,
        site=st.sampled_from(["", "PRIVATE"]),
        modality=st.sampled_from(["", "MR"]),
        body_part=st.sampled_from(["", "MSK"]),
        start_on=days,
        end_on=days,
    ),
)
works_ = st.builds(
    Work,
    site=st.sampled_from([ROBINA, TWEED, PRIVATE, OPEN]),
    modality=st.sampled_from(["MR", "CT"]),
    body_part=st.sampled_from(["", "KNEE"]),
    credentials=st.frozensets(st.sampled_from(["C1", "C2"])),
    subspecialty=st.sampled_from(["", "neuroradiology"]),
    per_day=st.sampled_from([Decimal(1), Decimal("0.5")]),
)


def may(person: RadiologistFacts, one: Work, on: date) -> bool:
    demand = Demand(one.site, one.modality, one.body_part, one.credentials, one.subspecialty, on)
    return person.is_active and competency_refusal(person, demand, REGIONS) is None


@settings(max_examples=300, deadline=None)
@given(
    mine=st.lists(items, min_size=1, max_size=4, unique=True),
    others=st.lists(st.lists(items, max_size=4), max_size=3),
    works=st.lists(works_, max_size=5),
)
def test_parts_say_what_the_whole_demand_says(
    mine: list[Credential | Dated], others: list[list[Credential | Dated]], works: list[Work]
) -> None:
    dated = [item for item in mine if item.end_on == END]
    people = [reader("A", *mine), *(reader(f"B{n}", *held) for n, held in enumerate(others))]
    ahead = Lookahead(people, works, REGIONS)
    for item in dated:
        expected: dict[int, Decimal] = {}
        for one in works:
            is_thanks_to_it = may(people[0], one, END) and not may(
                lacking(people[0], item), one, END
            )
            if is_thanks_to_it and not may(people[0], one, AFTER):
                left = sum(may(other, one, AFTER) for other in people[1:])
                expected[left] = expected.get(left, Decimal(0)) + one.per_day
        assert dict(ahead.cost_of_end(people[0], item).by_others) == expected

"""What is taken over from the configuration before an edit never makes a sweep say otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from apps.engine.compiled import compile_config
from apps.engine.facts import Config, Dated
from apps.engine.rota import RosterRow
from apps.engine.timeline.facts import Asked, Intents
from apps.engine.timeline.sweep import Swept, sweep
from tests.engine.timeline.test_same_as_decisions import REACH, dense_world, intents_of
from tests.engine.worlds import IDS

Edit = Callable[[Config], Config]


def _row_put_in(config: Config) -> Config:
    start_on = min(config.calendars["CAL"]) - timedelta(days=9)
    rows = [RosterRow(shift.code, IDS[0], start_on, None) for shift in config.shifts[:2]]
    return replace(config, roster=(*rows, *config.roster))


def _licences_ended(config: Config) -> Config:
    people = (replace(one, licences=one.licences[1:]) for one in config.radiologists)
    return replace(config, radiologists=tuple(people))


def _privileges_given(config: Config) -> Config:
    people = (replace(one, privileges=(Dated(),)) for one in config.radiologists)
    return replace(config, radiologists=tuple(people))


def _shifts_at_one_site(config: Config) -> Config:
    shifts = (replace(one, sites=frozenset({"S1"})) for one in config.shifts)
    return replace(config, shifts=tuple(shifts))


EDITS: dict[str, Edit] = {
    "a row put in": _row_put_in,
    "rows taken off": lambda config: replace(config, roster=config.roster[::2]),
    "leave taken back": lambda config: replace(config, leaves=()),
    "swaps taken back": lambda config: replace(config, swaps=()),
    "extras taken off": lambda config: replace(config, extras=()),
    "turns reversed": lambda config: replace(
        config,
        rotations=tuple(replace(one, people=one.people[::-1]) for one in config.rotations),
    ),
    "licences ended": _licences_ended,
    "privileges given": _privileges_given,
    "people switched off": lambda config: replace(
        config, radiologists=tuple(replace(one, is_active=False) for one in config.radiologists)
    ),
    "shifts at one site": _shifts_at_one_site,
    "no holidays": lambda config: replace(
        config, calendars=dict.fromkeys(config.calendars, frozenset())
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_after_an_edit_the_sweep_says_what_it_would_say_of_the_new_roster_alone(name: str) -> None:
    differing = 0
    for seed in range(0, 400, 13):
        before, at = dense_world(seed)
        after, intents = EDITS[name](before), intents_of(before, seed)
        known = compile_config(before)
        first = _said(sweep(known, at - REACH, at + REACH, intents))

        edited = compile_config(after, known)
        said = _said(sweep(edited, at - REACH, at + REACH, intents))
        back = _said(sweep(compile_config(before, edited), at - REACH, at + REACH, intents))

        assert said == _said(sweep(compile_config(after), at - REACH, at + REACH, intents)), seed
        assert back == first, seed
        differing += said != first
    assert differing


def test_what_the_department_means_may_change_alone() -> None:
    config, at = dense_world(3)
    compiled = compile_config(config)
    meanings = [Intents(), intents_of(config, 3), intents_of(config, 4), Intents()]

    said = [_said(sweep(compiled, at, at + REACH, meant)) for meant in meanings]

    assert said == [
        _said(sweep(compile_config(config), at, at + REACH, meant)) for meant in meanings
    ]


def test_other_sites_and_spans_are_other_questions() -> None:
    config, at = dense_world(5)
    compiled = compile_config(config)
    questions = [
        (at + timedelta(hours=ahead), Asked(sites))
        for sites in (None, frozenset({"S1"}))
        for ahead in range(9)
    ]

    said = [_said(sweep(compiled, start, start + REACH, asked=one)) for start, one in questions]

    assert said == [
        _said(sweep(compile_config(config), start, start + REACH, asked=one))
        for start, one in questions
    ]


def test_the_rules_are_compiled_once_for_as_long_as_nobody_edits_them() -> None:
    config, _at = dense_world(7)
    known = compile_config(config)

    assert compile_config(_row_put_in(config), known).rules is known.rules
    ruled_anew = replace(config, rules=tuple(replace(one) for one in config.rules))
    assert compile_config(ruled_anew, known).rules is not known.rules


def _said(swept: Swept) -> object:
    rows = [(row.work, row.urgencies, row.sites, row.shifts, row.segments()) for row in swept.rows]
    return rows, list(swept.skipped)

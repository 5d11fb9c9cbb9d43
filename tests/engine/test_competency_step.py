"""Step 4: credentials, subspecialty, licence and privilege on the site's own date."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from apps.engine.codes import ActionType, Reason
from apps.engine.facts import Credential, Dated, SiteFacts
from tests.engine.build import AT, decided, department, order, reader, refusals, rule, shift

TODAY = date(2026, 2, 4)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
STRICT_SITE = SiteFacts(
    "ROBINA",
    "GOLD_COAST",
    "Australia/Brisbane",
    jurisdiction="QLD",
    requires_licence=True,
    requires_privilege=True,
)
LICENCE = Dated(jurisdiction="QLD")
ANY = Dated()


def outcome(person: dict[str, Any], facts: dict[str, Any], **changes: Any) -> list[Any] | None:
    """Return None when the reader gets the order, else the code and its figures."""
    made = department("A", readers=(reader("A", **person),), **changes)
    decision = decided(made, order(**facts))
    if decision.radiologist == "A":
        return None
    assert decision.reason is Reason.NO_COMPETENCY
    step, *code = refusals(decision)["A"]
    assert step == "competency"
    return code


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ((), ["credential_missing", "CARDIAC_CT", "MR_B"]),
        ((Credential("MR_B"),), ["credential_missing", "CARDIAC_CT"]),
        ((Credential("MR_B"), Credential("CARDIAC_CT")), None),
        ((Credential("MR_B"), Credential("CARDIAC_CT", TODAY, TODAY)), None),
        (
            (Credential("MR_B"), Credential("CARDIAC_CT", None, YESTERDAY)),
            ["credential_missing", "CARDIAC_CT"],
        ),
        (
            (Credential("MR_B"), Credential("CARDIAC_CT", TOMORROW)),
            ["credential_missing", "CARDIAC_CT"],
        ),
        (
            (Credential("MR_B", None, YESTERDAY), Credential("MR_B"), Credential("CARDIAC_CT")),
            None,
        ),
    ],
)
def test_every_required_credential_must_be_valid_today(
    held: tuple[Credential, ...], expected: list[str] | None
) -> None:
    facts = {"required_credentials": frozenset({"MR_B", "CARDIAC_CT"})}

    assert outcome({"credentials": held}, facts) == expected


def test_a_required_subspecialty_filters_and_another_does_not() -> None:
    msk = {"specialties": frozenset({"musculoskeletal"})}

    assert outcome({}, {"subspecialty": "musculoskeletal"}) is None
    assert outcome(msk, {"required_subspecialty": "musculoskeletal"}) is None
    assert outcome({}, {"required_subspecialty": "musculoskeletal"}) == [
        "subspecialty_missing",
        "musculoskeletal",
    ]


def test_a_shift_may_require_a_subspecialty() -> None:
    shifts = (shift(required_subspecialty="musculoskeletal"),)

    assert outcome({}, {}, shifts=shifts) == ["subspecialty_missing", "musculoskeletal"]
    assert outcome({"specialties": frozenset({"musculoskeletal"})}, {}, shifts=shifts) is None


@pytest.mark.parametrize(
    ("licences", "expected"),
    [
        ((), ["licence_missing", "QLD"]),
        ((Dated(jurisdiction="NSW"),), ["licence_missing", "QLD"]),
        ((LICENCE,), None),
        ((Dated(jurisdiction="QLD", start_on=TODAY, end_on=TODAY),), None),
        ((Dated(jurisdiction="QLD", end_on=YESTERDAY),), ["licence_missing", "QLD"]),
        ((Dated(jurisdiction="QLD", start_on=TOMORROW),), ["licence_missing", "QLD"]),
    ],
)
def test_a_licence_for_the_jurisdiction(
    licences: tuple[Dated, ...], expected: list[str] | None
) -> None:
    person = {"licences": licences, "privileges": (ANY,)}

    assert outcome(person, {}, sites=(STRICT_SITE,)) == expected


@pytest.mark.parametrize(
    ("privilege", "is_covered"),
    [
        (ANY, True),
        (Dated(site="ROBINA"), True),
        (Dated(site="FAR"), False),
        (Dated(modality="MR"), True),
        (Dated(modality="CT"), False),
        (Dated(body_part="KNEE"), True),
        (Dated(body_part="MSK"), True),
        (Dated(body_part="HIP"), False),
        (Dated(site="ROBINA", modality="MR", body_part="MSK"), True),
        (Dated(site="ROBINA", modality="CT", body_part="MSK"), False),
        (Dated(end_on=YESTERDAY), False),
        (Dated(start_on=TODAY, end_on=TODAY), True),
    ],
)
def test_a_privilege_for_site_modality_and_work(privilege: Dated, is_covered: bool) -> None:
    person = {"licences": (LICENCE,), "privileges": (privilege,)}
    expected = None if is_covered else ["privilege_missing", "ROBINA", "MR", "KNEE"]

    assert outcome(person, {}, sites=(STRICT_SITE,)) == expected


def test_sites_that_ask_for_neither_take_everybody() -> None:
    assert outcome({}, {}) is None


def test_the_date_is_the_sites_not_utcs() -> None:
    # 12:05 UTC on the 4th is the 5th in Kiritimati.
    east = SiteFacts("ROBINA", "X", "Pacific/Kiritimati", "QLD", requires_licence=True)
    until_today = {"licences": (Dated(jurisdiction="QLD", end_on=TODAY),)}

    assert outcome(until_today, {}, sites=(east,)) == ["licence_missing", "QLD"]


def test_neither_a_rule_nor_escalation_relaxes_it() -> None:
    person = reader("A", max_concurrent_studies=20)
    for action in (
        ActionType.ESCALATE,
        ActionType.ASSIGN_TO_RADIOLOGIST,
        ActionType.ASSIGN_TO_SHIFT,
    ):
        target = {"ASSIGN_TO_SHIFT": "MRI_MSK"}.get(action, "A")
        made = department(
            "A", readers=(person,), sites=(STRICT_SITE,), rules=(rule(1, action, target),)
        )
        assert decided(made, widen=True).reason is Reason.NO_COMPETENCY


def test_one_unfit_reader_never_blocks_a_fit_one() -> None:
    made = department(
        "A",
        "B",
        readers=(reader("A"), reader("B", licences=(LICENCE,), privileges=(ANY,))),
        sites=(STRICT_SITE,),
    )

    decision = decided(made, at=AT)

    assert decision.radiologist == "B"
    assert refusals(decision) == {"A": ["competency", "licence_missing", "QLD"]}

"""The starter set keeps its promises: enough, known words, and texts that say what they are."""

from __future__ import annotations

import csv
import io
from collections import Counter
from decimal import Decimal

from apps.catalog.choices import ImportMode, UrgencyChoices
from apps.catalog.queries.starter import starter_file
from apps.catalog.services.importing.files import read_sheet
from apps.catalog.services.importing.known import Known
from apps.catalog.services.importing.planning import plan_import
from apps.engine.vocabulary import Specialty
from apps.hl7v2.vocabulary import BODY_PARTS, MODALITIES, guess_from_words

ROWS = list(csv.DictReader(io.StringIO(starter_file().decode())))


def test_there_are_enough_of_every_kind() -> None:
    assert len(ROWS) >= 180
    kinds = Counter(row["modality"] for row in ROWS)
    assert set(kinds) == {"CT", "MR", "DX", "US", "MG", "NM", "PT", "RF", "XA", "BMD"}
    assert min(kinds.values()) >= 4


def test_every_row_is_taken_by_an_empty_table() -> None:
    plan = plan_import(read_sheet(starter_file()), ImportMode.ADD, Known({}, {}, {}, {}))
    assert (len(plan.new), plan.refused, plan.unused) == (len(ROWS), [], [])


def test_codes_and_descriptions_are_unique_and_codes_are_our_own() -> None:
    assert len({row["code"].upper() for row in ROWS}) == len(ROWS)
    assert len({row["description"].upper() for row in ROWS}) == len(ROWS)
    # A code of another table is a number, with or without letters around it.
    assert [row["code"] for row in ROWS if sum(map(str.isdigit, row["code"])) > 1] == []


def test_every_word_is_one_that_orders_and_shifts_know() -> None:
    assert {row["modality"] for row in ROWS} <= set(MODALITIES)
    assert {row["body part"] for row in ROWS} <= BODY_PARTS
    assert {row["subspecialty"] for row in ROWS} <= {one.value for one in Specialty}
    assert {row["default urgency"] for row in ROWS} <= set(UrgencyChoices.values)


def test_weights_lie_on_the_scale() -> None:
    weights = [Decimal(row["rvu"]) for row in ROWS]
    assert (min(weights), max(weights)) == (Decimal("0.20"), Decimal("2.50"))
    plain = {row["rvu"] for row in ROWS if row["code"] in ("DX-CHEST", "DX-KNEE", "DX-HAND")}
    assert plain == {"0.30"}


def test_the_descriptions_say_modality_and_body_part_to_who_only_reads_them() -> None:
    guesses = [(row, *guess_from_words(row["description"])) for row in ROWS]
    wrong_modality = [row["code"] for row, modality, _ in guesses if modality != row["modality"]]
    wrong_part = [row["code"] for row, _, part in guesses if part != row["body part"]]
    assert len(wrong_modality) <= 0.05 * len(ROWS), wrong_modality
    assert len(wrong_part) <= 0.15 * len(ROWS), wrong_part


def test_pregnancy_is_sensitive_and_the_breast_is_not() -> None:
    sensitive = {row["code"]: row["sensitive"] == "yes" for row in ROWS}
    assert all(sensitive[row["code"]] for row in ROWS if "pregnan" in row["description"])
    assert not any(sensitive[row["code"]] for row in ROWS if row["body part"] == "BREAST")

"""OBR-4's alternate identifier, and a procedure that is named in words alone."""

from __future__ import annotations

import pytest

from apps.catalog.models import ProcedureAlias
from apps.core.access import EVERYWHERE
from apps.intake.models import UnknownCode
from apps.intake.queries.code_plan import Answer
from apps.intake.queries.codes import CodeFilter, codes, rows_of
from apps.intake.services.codes import accept
from apps.orders.models import Order
from tests import factories
from tests.support.department import Department, order, reasons, send, settle, statuses

pytestmark = pytest.mark.db


@pytest.fixture(autouse=True)
def _all_read(department: Department) -> None:
    shift = department.add_shift("ALL")
    department.add_reader("DR_A", shift=shift)
    factories.ProcedureFactory(code="HEAD1", modality="CT", body_part="HEAD")


@pytest.mark.parametrize(
    "said",
    [
        "^^^HEAD1^Something^L",
        "70450^WIBBLE^C4^HEAD1^WOBBLE^L",
        "HEAD1^WIBBLE",
        "^HEAD1",
    ],
    ids=["alternate alone", "alternate known", "usual", "text that is a code"],
)
def test_first_known_code_counts(said: str) -> None:
    done = send(*order(code=said, modality=""))

    placed = Order.objects.get()
    assert (placed.procedure and placed.procedure.code, placed.modality) == ("HEAD1", "CT")
    assert placed.status == "assigned"
    assert done.flags == []
    assert not UnknownCode.objects.exists()


def test_usual_code_goes_before_the_alternate_one() -> None:
    factories.ProcedureFactory(code="KNEE1", modality="MR", body_part="KNEE")

    send(*order(code="KNEE1^Knee^L^HEAD1^Head^L", modality=""))

    assert Order.objects.get().modality == "MR"


def test_each_code_is_looked_up_with_its_own_system() -> None:
    local = factories.ProcedureFactory(code="LOCAL", modality="US")
    ProcedureAlias.objects.create(procedure=local, coding_system="L", local_code="70450")

    send(*order(code="70450^Wibble^C4^71^Wobble^L", modality=""))
    send(*order(placer="P2", code="71^Wobble^C4^70450^Wibble^L", modality=""))

    assert dict(Order.objects.values_list("accession", "modality")) == {"P1": "", "P2": "US"}


def test_without_any_known_code_the_first_one_is_unknown() -> None:
    send(*order(code="70450^Wibble^C4^71^Wobble^L", modality=""))

    assert list(UnknownCode.objects.values_list("code", "coding_system", "text")) == [
        ("70450", "C4", "Wibble")
    ]


def test_system_of_the_alternate_code_is_not_that_of_the_usual() -> None:
    send(*order(code="70450^Wibble^^71^Wobble^L", modality=""))

    assert UnknownCode.objects.get().coding_system == ""


def test_text_without_a_code_is_mapped_like_a_code() -> None:
    send(*order(code="^WIBBLE WOBBLE", modality=""))
    send(*order(placer="P2", code="^wibble wobble", modality=""))
    assert reasons() == {"P1": "unknown_modality", "P2": "unknown_modality"}
    (row,) = codes(CodeFilter())
    assert (row.code, row.count) == ("WIBBLE WOBBLE", 2)
    (shown,) = rows_of([row], scope=EVERYWHERE)
    assert shown.waiting == 2

    head = factories.ProcedureFactory(code="CT1", modality="CT")
    accept([Answer(row.pk, head.pk)], scope=EVERYWHERE)
    settle()

    assert statuses() == {"P1": "assigned", "P2": "assigned"}
    assert list(codes(CodeFilter())) == []


def test_words_that_say_what_it_is_are_no_unknown_code() -> None:
    send(*order(code="^CT HEAD W/O CONTRAST", modality=""))

    assert statuses() == {"P1": "assigned"}
    assert not UnknownCode.objects.exists()

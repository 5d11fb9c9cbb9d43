"""Files into the procedure table: shown first, bound to who sent them, applied as shown."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.audit.models import AuditEvent
from apps.catalog.choices import ImportKind
from apps.catalog.exceptions import StaleImportError
from apps.catalog.models import Procedure, ProcedureAlias, WaitingFile
from apps.catalog.services.importing import waiting
from apps.core.actor import Actor
from apps.core.models import ConfigVersion
from tests.catalog.sheets import csv_of, xlsx_of
from tests.factories import ProcedureFactory, SiteFactory
from tests.records.racing import race
from tests.support.pages import words_of
from tests.support.people import client_of, person, signed_in

pytestmark = pytest.mark.db

IMPORT, CHECK = "/procedures/import/", "/procedures/import/check/"
RVU, RVU_CHECK = "/procedures/rvu/", "/procedures/rvu/check/"


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)


def send(
    client: Client, data: bytes, path: str = IMPORT, name: str = "ours.csv", mode: str = "update"
) -> HttpResponse:
    return client.post(path, {"file": SimpleUploadedFile(name, data), "mode": mode})


def digest_of(client: Client, path: str = CHECK) -> str:
    return str(client.get(path).context["plan"].digest)


def apply(client: Client, path: str = CHECK, digest: str | None = None) -> HttpResponse:
    seen = digest_of(client, path) if digest is None else digest
    return client.post(path, {"apply": "1", "digest": seen})


def codes() -> list[str]:
    return list(Procedure.objects.order_by("code").values_list("code", flat=True))


# -- who -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [IMPORT, CHECK, RVU, RVU_CHECK])
def test_who_may_not_change_procedures_everywhere_gets_nothing(path: str) -> None:
    auditor, local = signed_in(Role.AUDITOR), signed_in(Role.MANAGER, site=SiteFactory.create())
    for client in (auditor, local):
        assert client.get(path).status_code == 403
        assert send(client, csv_of("A,CT head,CT"), path).status_code == 403
    assert WaitingFile.objects.count() == 0
    assert "upload_file Import" not in words_of(auditor, "/procedures/")
    assert "The whole table as CSV or XLSX" in words_of(auditor, "/procedures/")


def test_a_waiting_file_is_seen_and_applied_only_by_who_sent_it(manager: Client) -> None:
    send(manager, csv_of("A,CT head,CT"))
    other = signed_in(Role.ADMINISTRATOR)
    assert other.get(CHECK)["Location"] == IMPORT
    assert apply(other, digest=digest_of(manager))["Location"] == IMPORT
    assert codes() == []


def test_the_starter_set_is_not_loaded_by_a_link(manager: Client) -> None:
    assert manager.get("/procedures/import/starter/").status_code == 405


# -- looking and applying --------------------------------------------------------------------


def test_nothing_is_written_until_apply_and_then_all_of_it_in_one_request(manager: Client) -> None:
    old = ProcedureFactory.create(code="OLD", rvu="1.00")
    data = csv_of(
        "NEW,CT head,CT,", "OLD,MRI knee,MR,2", "BAD,x,XX,", header="code,name,modality,rvu"
    )
    assert send(manager, data)["Location"] == CHECK
    words = words_of(manager, CHECK)
    assert "New 1 Changed 1 Left out 1" in words
    assert "1 row would be left out; the others are applied." in words
    assert codes() == ["OLD"]
    assert apply(manager)["Location"] == "/procedures/"
    old.refresh_from_db()
    assert (codes(), old.rvu) == (["NEW", "OLD"], Decimal("2.00"))
    assert "1 procedure added and 1 procedure changed." in words_of(manager, "/procedures/")
    assert manager.get(CHECK)["Location"] == IMPORT


def test_a_row_is_shown_field_by_field_and_left_out_ones_with_their_column(
    manager: Client,
) -> None:
    ProcedureFactory.create(code="OLD", rvu="1.00", body_part="KNEE")
    send(manager, csv_of("OLD,Hip,2", "BAD,HIP,-2", header="code,body part,rvu"))
    assert "2 OLD MRI knee Body part KNEE becomes → HIP RVU 1.00 becomes → 2.00" in words_of(
        manager, CHECK
    )
    assert "3 BAD rvu “-2” is no number from 0 to 1,000." in words_of(
        manager, f"{CHECK}?show=refused"
    )


def test_html_in_a_file_is_text_on_the_page(manager: Client) -> None:
    send(manager, csv_of("A,<script>alert(1)</script>,CT"), name="<b>x</b>\x00.csv")
    page = manager.get(CHECK).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "<b>x" not in page


def test_a_table_that_changed_meanwhile_is_shown_anew_and_not_written(manager: Client) -> None:
    send(manager, csv_of("OLD,MRI hip,MR"))
    digest = digest_of(manager)
    ProcedureFactory.create(code="OLD")
    answer = apply(manager, digest=digest)
    assert answer.status_code == 409
    assert "Nothing was written: look again." in answer.content.decode()
    assert Procedure.objects.get().description == "MRI knee"
    assert apply(manager).status_code == 302
    assert Procedure.objects.get().description == "MRI hip"


def test_a_change_elsewhere_does_not_make_it_stale(manager: Client) -> None:
    send(manager, csv_of("NEW,MRI hip,MR"))
    digest = digest_of(manager)
    ProcedureFactory.create(code="OTHER")
    SiteFactory.create()
    assert apply(manager, digest=digest).status_code == 302


def test_a_second_file_in_another_tab_makes_the_first_page_stale(manager: Client) -> None:
    send(manager, csv_of("FIRST,MRI hip,MR"))
    digest = digest_of(manager)
    send(manager, csv_of("SECOND,MRI hip,MR"))
    assert apply(manager, digest=digest).status_code == 409
    assert codes() == []


@pytest.mark.parametrize("digest", ["", "x", "0" * 32])
def test_without_having_seen_it_nothing_is_applied(manager: Client, digest: str) -> None:
    send(manager, csv_of("NEW,MRI hip,MR"))
    assert apply(manager, digest=digest).status_code == 409
    assert codes() == []


def test_what_it_may_do_can_be_chosen_on_the_page(manager: Client) -> None:
    ProcedureFactory.create(code="OLD", body_part="KNEE")
    send(manager, csv_of("OLD,,MRI knee", header="code,body part,name"))
    assert "The table says all of this already." in words_of(manager, CHECK)
    assert manager.post(CHECK, {"mode": "exact"})["Location"] == CHECK
    assert "Body part KNEE becomes → nothing" in words_of(manager, CHECK)
    assert manager.post(CHECK, {"mode": "delete"}).status_code == 422


def test_a_file_that_is_discarded_is_gone(manager: Client) -> None:
    send(manager, csv_of("NEW,MRI hip,MR"))
    assert manager.post(CHECK, {"drop": "1"})["Location"] == IMPORT
    assert WaitingFile.objects.count() == 0
    assert "ours.csv was discarded; nothing was changed." in words_of(manager, IMPORT)


def test_a_file_that_waits_is_told_where_one_sends_another(manager: Client) -> None:
    send(manager, csv_of("NEW,MRI hip,MR"))
    assert "ours.csv waits to be looked at" in words_of(manager, IMPORT)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.csv", b"nothing", "a.csv: No row has headings."),
        ("a.xlsx", b"PK\x03\x04broken", "a.xlsx: This is not an Excel workbook (.xlsx)."),
        ("big.csv", b"x" * (5 * 1024 * 1024 + 1), "The file is larger than 5 MB. Divide it."),
        ("empty.csv", b"", "The submitted file is empty."),
    ],
)
def test_a_file_that_cannot_be_taken_is_named(
    manager: Client, name: str, data: bytes, words: str
) -> None:
    answer = send(manager, data, name=name)
    assert answer.status_code == 422
    assert words in answer.content.decode()


# -- trail and undo --------------------------------------------------------------------------


def test_an_import_is_taken_back_as_one(manager: Client) -> None:
    old = ProcedureFactory.create(code="OLD", rvu="1.00")
    ProcedureAlias.objects.create(procedure=old, local_code="GONE")
    header = "code,name,modality,rvu,aliases"
    data = csv_of("OLD,MRI knee,MR,2,NEXT", "NEW,CT head,CT,,N1", header=header)
    send(manager, data, mode="exact")
    before = list(ProcedureAlias.objects.values())
    apply(manager)
    request_id = AuditEvent.objects.order_by("-id").values_list("request_id", flat=True)[0]
    manager.post(f"/undo/{request_id}/")
    old.refresh_from_db()
    assert (codes(), old.rvu) == (["OLD"], Decimal("1.00"))
    assert list(ProcedureAlias.objects.values()) == before


def test_the_page_says_what_undo_reaches_and_undo_reaches_it(
    manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("audit.services.undo", "catalog.services.importing.plans"):
        monkeypatch.setattr(f"apps.{place}.MOST_UNDONE", 500)
    monkeypatch.setattr("apps.catalog.views.import_page.MOST_UNDONE", 500)
    rows = [f"P{n:03},CT head,CT" for n in range(500)]
    send(manager, csv_of(*rows))
    assert "Can be taken back with Undo" in words_of(manager, CHECK)
    apply(manager)
    request_id = AuditEvent.objects.order_by("-id").values_list("request_id", flat=True)[0]
    manager.post(f"/undo/{request_id}/")
    assert codes() == []
    send(manager, csv_of(*rows, "ONE,MORE,CT"))
    assert "Writes 501 rows; Undo takes back up to 500." in words_of(manager, CHECK)
    apply(manager)
    words = words_of(manager, "/procedures/")
    assert "501 procedures added." in words
    assert "Undo" not in words


def test_the_trail_names_who_did_it_and_the_version_rises_once_a_statement() -> None:
    ProcedureFactory.create(code="OLD")
    user = person(Role.MANAGER)
    client = client_of(user)
    rows = [f"P{n},CT head,CT,L{n}" for n in range(50)]
    send(client, csv_of(*rows, "OLD,new,MR,L", header="code,name,modality,aliases"))
    seen = digest_of(client)
    version, last = _version(), AuditEvent.objects.order_by("-id").values_list("id", flat=True)[0]
    apply(client, digest=seen)
    events = AuditEvent.objects.filter(id__gt=last)
    assert {event.actor for event in events} == {f"user:{user.get_username()}"}
    assert events.count() == 50 + 1 + 51
    assert _version() - version == 3


def _version() -> int:
    return ConfigVersion.objects.get(area="catalog").version


# -- size ------------------------------------------------------------------------------------


def test_the_page_costs_the_same_however_long_the_file_is(manager: Client) -> None:
    counts = []
    for number in (1, 100):
        rows = [f"P{n},CT head,CT" for n in range(number)]
        send(manager, csv_of(*rows))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            manager.get(CHECK)
        counts.append(len(queries))
        with CaptureQueriesContext(connection) as queries:
            apply(manager, digest="")
        counts.append(len(queries))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 15


def test_a_long_file_is_shown_in_pages(manager: Client) -> None:
    send(manager, csv_of(*[f"P{n:03},CT head,CT" for n in range(60)]))
    assert "P059" not in words_of(manager, CHECK)
    assert "P059" in words_of(manager, f"{CHECK}?show=new&page=2")


# -- export ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_an_export_read_back_changes_nothing(manager: Client, ending: str) -> None:
    for number, text in enumerate(["=HYPERLINK(1)", "+1", "-1", "@a", "'=a", "a;b|c\\d", "é"]):
        procedure = ProcedureFactory.create(
            code=f"{text}{number}", description=text, required_credentials=["A B", "C"], rvu="0.30"
        )
        ProcedureAlias.objects.create(procedure=procedure, issuer=text, local_code=text)
    exported = manager.get(f"/procedures/export.{ending}")
    assert exported["Content-Disposition"] == f'attachment; filename="procedures.{ending}"'
    send(manager, exported.content, name=f"p.{ending}", mode="exact")
    assert "The table says all of this already." in words_of(manager, CHECK)
    assert "Procedures: 7 the same." in words_of(manager, CHECK)


def test_no_cell_of_an_export_is_a_formula(manager: Client) -> None:
    ProcedureFactory.create(code="=1+1", description="@SUM(A1)", body_part="-X")
    text = manager.get("/procedures/export.csv").content.decode("utf-8-sig")
    [_header, row] = csv.reader(io.StringIO(text))
    assert row[:4] == ["'=1+1", "'@SUM(A1)", "MR", "'-X"]


# -- the starter set and weights -------------------------------------------------------------


def test_the_starter_set_goes_through_the_same_page_and_leaves_what_is_there(
    manager: Client,
) -> None:
    ProcedureFactory.create(code="CT-HEAD-WO", description="ours")
    assert manager.post("/procedures/import/starter/")["Location"] == CHECK
    assert codes() == ["CT-HEAD-WO"]
    apply(manager)
    assert len(codes()) > 180
    assert Procedure.objects.get(code="CT-HEAD-WO").description == "ours"


def test_weights_come_from_a_workbook_and_are_taken_back(manager: Client) -> None:
    procedure = ProcedureFactory.create(code="CT-HEAD", rvu="1.00")
    ProcedureAlias.objects.create(procedure=procedure, issuer="Robina", local_code="70001")
    data = xlsx_of(["Fees"], [], ["HCPCS", "MOD", "WORK RVU"], [70001, "26", 0.85], [1, None, 1])
    assert send(manager, data, RVU, "fees.xlsx")["Location"] == RVU_CHECK
    assert "2 rows have codes that no procedure has." in words_of(manager, RVU_CHECK)
    form = {"first": 4, "code": 0, "rvu": 2, "modifier": 1, "preferred": "26", "issuer": "Robina"}
    assert manager.post(RVU_CHECK, form)["Location"] == RVU_CHECK
    assert "RVU 1.00 becomes → 0.85" in words_of(manager, RVU_CHECK)
    apply(manager, RVU_CHECK)
    procedure.refresh_from_db()
    assert procedure.rvu == Decimal("0.85")
    request_id = AuditEvent.objects.order_by("-id").values_list("request_id", flat=True)[0]
    manager.post(f"/undo/{request_id}/")
    procedure.refresh_from_db()
    assert procedure.rvu == Decimal("1.00")


def test_a_weight_of_nothing_is_warned_of(manager: Client) -> None:
    ProcedureFactory.create(code="A", rvu="1.00")
    send(manager, b"code,rvu\nA,0\n", RVU)
    assert "1 procedure would weigh nothing in a reader's load." in words_of(manager, RVU_CHECK)


@pytest.mark.parametrize(
    "changed", [{"code": 1}, {"rvu": 9}, {"first": "x"}, {"issuer": "Nobody"}], ids=str
)
def test_columns_that_cannot_be_are_refused(manager: Client, changed: dict[str, object]) -> None:
    ProcedureFactory.create(code="A")
    send(manager, b"code,rvu\nA,2\n", RVU)
    form = {"first": 2, "code": 0, "rvu": 1, "modifier": "", "preferred": "", "issuer": ""}
    assert manager.post(RVU_CHECK, {**form, **changed}).status_code == 422
    assert manager.post(RVU_CHECK, form).status_code == 302


def test_a_file_of_yesterday_is_forgotten_when_the_next_one_comes(manager: Client) -> None:
    send(signed_in(Role.MANAGER), csv_of("A,CT,CT"))
    WaitingFile.objects.update(sent_at="2020-01-01T00:00Z")
    send(manager, csv_of("B,CT,CT"))
    assert WaitingFile.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_apply_at_once_do_not_write_over_each_other() -> None:
    files = []
    for name, weight in (("ann", "2"), ("bob", "3")):
        data = csv_of(f"P,CT head,CT,{weight}", header="code,name,modality,rvu")
        files.append(
            waiting.keep(Actor("user", name), ImportKind.PROCEDURES, "p.csv", data, mode="update")
        )
    digests = [waiting.shown(file).plan.digest for file in files]
    done: list[str] = []

    def applied(number: int) -> None:
        try:
            waiting.apply(files[number], digest=digests[number])
        except StaleImportError:
            done.append("stale")
        else:
            done.append("written")

    assert race(lambda: applied(0), lambda: applied(1)) == ["", ""]
    assert sorted(done) == ["stale", "written"]
    assert Procedure.objects.get().rvu in (Decimal(2), Decimal(3))

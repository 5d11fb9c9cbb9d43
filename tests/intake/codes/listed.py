"""What the tests of the list of unknown codes share."""

from __future__ import annotations

from collections.abc import Iterable

from django.test import Client

from apps.catalog.models import ProcedureAlias
from apps.intake.models import UnknownCode
from tests.factories.intake import UnknownCodeFactory

LIST = "/procedures/unknown/"


ACCEPT, ASIDE, BACK = f"{LIST}accept/", f"{LIST}set-aside/", f"{LIST}take-back/"


def code_row(code: str = "CTH", **values: object) -> UnknownCode:
    row: UnknownCode = UnknownCodeFactory.create(code=code, **values)
    return row


def listed(client: Client, query: str = "") -> list[str]:
    return [row.code.code for row in client.get(f"{LIST}{query}").context["rows"]]


def aliases() -> list[tuple[str, str, str, str]]:
    rows = ProcedureAlias.objects.order_by("issuer", "coding_system", "local_code")
    return list(rows.values_list("procedure__code", "issuer", "coding_system", "local_code"))


def accepts(rows: Iterable[UnknownCode], to: object, **more: str) -> dict[str, object]:
    found = list(rows)
    keys = [str(row.pk) for row in found]
    return {"code": keys, **{f"to-{key}": str(to) for key in keys}, **more}


def undo(client: Client, path: str = LIST) -> str:
    """Press the Undo button of the page; return what it says."""
    [notice] = client.get(path).context["messages"]
    changed_in = notice.extra_tags.removeprefix("undo:")
    answer = client.post(f"/undo/{changed_in}/", {"next": path}, follow=True)
    return str(next(iter(answer.context["messages"])))

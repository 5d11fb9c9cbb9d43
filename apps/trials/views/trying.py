"""Try it: what would become of an order, with nothing stored."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part
from apps.orders.models import Order
from apps.trials.forms.trying import TryForm
from apps.trials.trying.asked import Source, Who
from apps.trials.trying.run import run
from apps.trials.trying.shown import Result


@require_http_methods(["GET", "POST"])
@require(Permission.RULE_VIEW)
def try_it(request: GuardedRequest) -> HttpResponse:
    """Ask for an order and show what would become of it; a link names a past one."""
    who = Who(request.scope, request.access)
    form = TryForm(_data(request, who), who=who, initial={"draft": request.GET.get("draft")})
    results: list[Result] | None = None
    if form.is_bound and form.is_valid():
        results = run(form.asked(), who)
    context = {
        "form": form,
        "results": results,
        "by": form["by"].value() or Source.FACTS.value,
        "may_paste": who.may_paste(),
    }
    return render_part(request, "trials/try.html", "trials/_try.html", context)


def _data(request: GuardedRequest, who: Who) -> dict[str, str] | None:
    """Return what was sent; a past study that a link names is tried at once."""
    if request.method == "POST":
        return request.POST.dict()
    named = request.GET.get("order", "")
    if not (named.isascii() and named.isdigit()):
        return None
    rows = Order.objects.filter(pk=int(named[:18]))
    found = who.access.scope(Permission.STUDY_VIEW).limit(rows).first()
    if found is None:
        return None
    return {"by": Source.ORDER.value, "accession": found.accession, "order": str(found.pk)}

"""Health and metrics for machines: no sign-in, no patient data."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client.exposition import choose_encoder

from apps.monitoring import health
from apps.monitoring.collector import stack_registry


@never_cache
@require_safe
def stack_health(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 -- Django's signature
    """Answer 200 while database, queue and listener are well, else 503."""
    return _answer(health.stack_report())


@never_cache
@require_safe
def database_health(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 -- see above
    """Answer 200 while the database answers, else 503."""
    return _answer(health.database_report())


@never_cache
@require_safe
def queue_health(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 -- see above
    """Answer 200 while messages are being worked on, else 503."""
    return _answer(health.queue_report())


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the figures of the whole stack, in Prometheus' own text or OpenMetrics."""
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(stack_registry()), content_type=content_type)


def _answer(report: health.Report) -> JsonResponse:
    is_well = report["status"] == "ok"
    return JsonResponse(
        report, status=HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
    )

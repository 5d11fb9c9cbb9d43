from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.accounts.middleware import ViewerZoneMiddleware


@pytest.mark.parametrize(
    ("user", "zone"),
    [
        pytest.param(SimpleNamespace(time_zone="Australia/Perth"), "Australia/Perth", id="own"),
        pytest.param(AnonymousUser(), "UTC", id="nobody"),
        pytest.param(SimpleNamespace(time_zone="Mars/Olympus"), "UTC", id="lost"),
        pytest.param(SimpleNamespace(time_zone="../etc/passwd"), "UTC", id="not a name"),
    ],
)
def test_pages_are_shown_in_the_viewers_zone(user: object, zone: str) -> None:
    request = HttpRequest()
    request.user = user

    def answer(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(timezone.get_current_timezone_name())

    assert ViewerZoneMiddleware(answer)(request).content.decode() == zone
    assert timezone.get_current_timezone_name() == "UTC"

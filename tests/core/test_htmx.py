from __future__ import annotations

import pytest
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from apps.core.htmx import unchanged, wants_part


@pytest.mark.parametrize(
    ("headers", "is_part"),
    [
        pytest.param({}, False, id="a browser's own request"),
        pytest.param({"HX-Request": "true"}, True, id="a poll"),
        pytest.param({"HX-Request": "true", "HX-Boosted": "true"}, False, id="a boosted link"),
        pytest.param(
            {"HX-Request": "true", "HX-History-Restore-Request": "true"},
            False,
            id="back to a page that is no longer kept",
        ),
    ],
)
def test_part_is_sent_only_into_the_page_that_is_shown(
    headers: dict[str, str], is_part: bool
) -> None:
    request = HttpRequest()
    for name, value in headers.items():
        request.META[f"HTTP_{name.upper().replace('-', '_')}"] = value
    request.htmx = HtmxDetails(request)

    assert wants_part(request) is is_part


def test_unchanged_answer_makes_htmx_leave_the_page_as_it_is() -> None:
    answer = unchanged()

    assert (answer.status_code, answer.content) == (204, b"")

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpRequest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from apps.core.access import EVERYWHERE, Access, Permission

NOON = datetime(2026, 2, 4, 2, 0, tzinfo=UTC)


def render(source: str, request: HttpRequest | None = None, **values: object) -> str:
    with timezone.override("Australia/Brisbane"):
        shown = Template("{% load ui %}" + source).render(Context({"request": request, **values}))
    return " ".join(shown.split())


@pytest.mark.parametrize(
    ("value", "short"),
    [
        (NOON, "12:00:00"),
        (NOON.replace(hour=13, minute=59), "23:59:00"),
        (NOON.replace(hour=14), "5 Feb 00:00"),
        (NOON - timedelta(days=40), "26 Dec 12:00"),
    ],
)
def test_a_moment_stands_on_the_viewers_clock(value: datetime, short: str) -> None:
    shown = render("{% moment value at %}", value=value, at=NOON)
    assert shown.endswith(f">{short}</time>")
    assert f'datetime="{value.astimezone(timezone.get_fixed_timezone(600)).isoformat()}"' in shown


def test_a_span_is_told_in_words() -> None:
    assert render("{{ since|lasting:at }}", since=NOON - timedelta(minutes=90), at=NOON) == (
        "1 h 30 min"
    )


def test_a_tag_is_a_word_and_a_shape_and_nothing_without_a_word() -> None:
    shown = render('{% tag label "block" "warn" "Since today" %}', label="Off <b>")
    assert 'data-tone="warn"' in shown
    assert ">block</i>" in shown
    assert "Off &lt;b&gt;" in shown
    assert 'title="Since today"' in shown
    assert render('{% tag "" "block" %}') == ""


def test_a_figure_without_a_value_says_so_and_zero_is_a_value() -> None:
    assert "none yet" in render('{% figure "Latency" value %}', value=None)
    assert ">0<" in render('{% figure "Overdue" value href="/x/" %}', value=0).replace("> ", ">")


def test_may_asks_the_viewers_access() -> None:
    access = Access({Permission.RULE_VIEW: EVERYWHERE})
    source = '{{ access|may:"rule_view" }} {{ access|may:"rule_change" }}'
    assert render(source, access=access) == "True False"
    with pytest.raises(ValueError, match="rule_eat"):
        render('{{ access|may:"rule_eat" }}', access=access)


@pytest.mark.parametrize(
    ("query", "change", "address"),
    [
        ("q=x&page=3", "sort='code'", "?q=x&amp;sort=code"),
        ("q=x&page=3", "page=4", "?q=x&amp;page=4"),
        ("q=x", "q=''", "/list/"),
        ("q=a%26b", "page=2", "?q=a%26b&amp;page=2"),
        ("", "page=2", "?page=2"),
        ("q=%22%3E%3Cscript%3E", "page=2", "?q=%22%3E%3Cscript%3E&amp;page=2"),
    ],
)
def test_links_keep_what_a_list_is_narrowed_by(query: str, change: str, address: str) -> None:
    request = RequestFactory().get(f"/list/?{query}")
    assert render("{% address_with " + change + " %}", request) == address


@pytest.mark.parametrize(
    ("sorted_by", "href", "direction"),
    [
        ("name", "?sort=code", None),
        ("code", "?sort=-code", "ascending"),
        ("-code", "?sort=code", "descending"),
    ],
)
def test_a_heading_sorts_and_then_the_other_way_round(
    sorted_by: str, href: str, direction: str | None
) -> None:
    request = RequestFactory().get("/list/?page=3")
    shown = render('{% sort "code" "Code" %}', request, sorted_by=sorted_by)
    assert f'href="{href}"' in shown
    assert (f", sorted {direction}" in shown) if direction else ("sorted" not in shown)


@pytest.mark.parametrize(
    ("count", "said"), [(5, "5 min"), (240, "4 h"), (90, "1 h 30 min"), (1440, "1 d")]
)
def test_minutes_are_said_as_people_say_them(count: int, said: str) -> None:
    assert render("{{ count|minutes }}", count=count) == said

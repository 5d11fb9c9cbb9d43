"""What a pattern's group takes out of a text, as Python's own would."""

from __future__ import annotations

import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.patterns import compile_pattern

CASES = [
    (r"^(CT|MR)\b", "CT HEAD", "CT"),
    (r"^(CT|MR)\b", "ct head", "ct"),
    (r"-([A-Z]{2,})$", "PROC-12-KNEE", "KNEE"),
    (r"\d+", "abc 123 456", "123"),
    (r"(\w+) (\w+)", "one two", "one"),
    (r"(?:STAT|URG) (\w+)", "URG CT", "CT"),
    (r"(a|ab)(c|bcd)", "abcd", "a"),
    (r"(a*)b", "aaab", "aaa"),
    (r"x(\d)?", "x", None),
    (r"(q)", "nothing here", None),
    (r"straSSe (\d+)", "Straße 12", "12"),
    (r"(ß)x", "aßx", "ß"),
    ("", "abc", ""),
    ("()", "", ""),
    (r"^\s*$", "", ""),
]


@pytest.mark.parametrize(("pattern", "text", "found"), CASES)
def test_the_first_group_is_taken_as_it_stands_in_the_text(
    pattern: str, text: str, found: str | None
) -> None:
    assert compile_pattern(pattern).find(text) == found


@given(
    st.recursive(
        st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\b", "^", r"\w", "a*", "b+", "a?"]),
        lambda inner: st.one_of(
            st.tuples(inner, inner).map("".join),
            st.tuples(inner, inner).map("|".join).map("(?:{})".format),
        ),
        max_leaves=6,
    ),
    st.sampled_from(["{}", "({})", "a({})", "({})b", "(?:({})|b)a"]),
    st.text("ab -", max_size=8),
)
def test_any_pattern_finds_what_python_finds(inner: str, frame: str, text: str) -> None:
    pattern = frame.format(inner)
    match = re.search(pattern, text, re.IGNORECASE)
    expected = None
    if match is not None:
        expected = match.group(1) if match.re.groups else match.group()

    assert compile_pattern(pattern).find(text) == expected


@pytest.mark.parametrize("pattern", ["(a|aa)+$", "a*a*a*a*a*(b)", ".*.*.*(x)", "(a?){30}b"])
def test_what_would_stop_a_backtracking_search_is_quick(pattern: str) -> None:
    text = "a" * 4_096 + "!"
    started = process_time()

    assert compile_pattern(pattern).find(text) is None

    assert process_time() - started < 10

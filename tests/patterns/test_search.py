"""Patterns agree with Python's own in the subset, refuse the rest, and stay linear."""

from __future__ import annotations

import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.patterns import MAX_LENGTH, PatternError, compile_pattern

PATTERNS = [
    "",
    "knee",
    "kn?ee",
    "k.*e",
    "^knee",
    "knee$",
    "^$",
    "a|b|",
    "(ab|cd)+e",
    "(?:ab)*c",
    "[a-c]x",
    "[^a-c]x",
    "[]a]",
    "[a-]",
    r"[\d_-]+",
    r"[\]\\]",
    r"\bknee\b",
    r"\Bee",
    r"\d{2,3}",
    r"\d{2}",
    r"\d{2,}",
    r"\w+\s\w+",
    r"\D\W\S",
    r"a\.b",
    r"a\tb",
    "a+?b",
    "a??b",
    "ß",
    "x{0,2}y",
    "x{0}y",
    "(a|aa)+$",
]
TEXTS = [
    "",
    "knee",
    "the KNEE of x",
    "kee",
    "abcde",
    "ababc",
    "bx dx",
    "]",
    "-",
    "12",
    "12345 abc",
    "a.b",
    "a\tb",
    "aab",
    "strasse",
    "xxy",
    "y",
    "aaa",
    "knees",
    "two\nlines",
    "\\",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_finds_what_python_finds(pattern: str) -> None:
    compiled = compile_pattern(pattern)
    reference = re.compile(pattern.casefold() if pattern == "ß" else pattern, re.IGNORECASE)

    assert {text: compiled.search(text) for text in TEXTS} == {
        text: bool(reference.search(text)) for text in TEXTS
    }


@given(
    st.recursive(
        st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\b", "^", r"\w"]),
        lambda inner: st.one_of(
            st.tuples(inner, inner).map("".join),
            st.tuples(inner, inner).map("|".join).map("({})".format),
            inner.map("(?:{}){{0,2}}".format),
        ),
        max_leaves=6,
    ),
    st.text("ab -", max_size=8),
)
def test_any_pattern_of_the_subset_agrees_with_python(pattern: str, text: str) -> None:
    assert compile_pattern(pattern).search(text) == bool(re.search(pattern, text, re.IGNORECASE))


REFUSED = [
    ("(a+)+", "an endless repeat inside an endless repeat"),
    ("(a*)*b", "an endless repeat inside an endless repeat"),
    ("((a|b+)c)*", "an endless repeat inside an endless repeat"),
    ("(x{2,})+", "an endless repeat inside an endless repeat"),
    (r"(a)\1", "an unknown escape or a reference to a group"),
    (r"\q", "an unknown escape or a reference to a group"),
    ("a\\", "an unknown escape or a reference to a group"),
    ("(?=a)", "only plain groups"),
    ("(?P<n>a)", "only plain groups"),
    ("(a", "a '(' without its ')'"),
    ("a)", "a ')' without its '('"),
    ("[a", "a '[' without its ']'"),
    ("[a-", "a '[' without its ']'"),
    ("[a\\", "an unknown escape"),
    ("[", "a '[' without its ']'"),
    ("[^", "a '[' without its ']'"),
    ("[z-a]", "a range runs from the lower"),
    ("*a", "a repeat needs something to repeat"),
    ("^*", "a repeat needs something to repeat"),
    ("a**", "a repeat of a repeat"),
    ("a{1", "a count is written"),
    ("a{x}", "a count is a number"),
    ("a{3,2}", "the count's upper end is below its lower end"),
    ("a{51}", "a count is a number from 0 to 50"),
    ("(((((a{20}){20}){2}){2}){2})", "the pattern is too large"),
    ("(" * 20 + ")" * 20, "groups are nested too deeply"),
    ("a" * (MAX_LENGTH + 1), "a pattern has at most 200 characters"),
]


@pytest.mark.parametrize(("pattern", "message"), REFUSED)
def test_what_is_outside_the_subset_is_refused(pattern: str, message: str) -> None:
    with pytest.raises(PatternError, match=re.escape(message)):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", ["(a|aa)+$", "(a|a)*b", "a*a*a*a*a*b", ".*.*.*x", "(a?){30}b"])
def test_what_would_stop_a_backtracking_search_is_quick(pattern: str) -> None:
    compiled = compile_pattern(pattern)
    text = "a" * 4_096 + "!"

    started = process_time()
    found = compiled.search(text)

    assert found is False
    # Backtracking would need longer than the universe has; half a second is a slow machine.
    assert process_time() - started < 0.5


def test_memory_stays_bounded_over_many_texts() -> None:
    compiled = compile_pattern("[^z]*zz")

    for number in range(300):
        assert (
            compiled.search("".join(map(chr, range(256 + number * 50, 306 + number * 50))))
            is False
        )

    assert len(compiled._moves) < 6_000

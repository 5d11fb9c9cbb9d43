from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from radassign.env import Env, EnvError


@pytest.mark.parametrize(
    ("raw", "expected"),
    [("1", True), ("YES", True), ("on", True), ("0", False), ("False", False), (" off ", False)],
)
def test_boolean_reads_the_usual_words(raw: str, expected: bool) -> None:
    assert Env({"DEBUG": raw}).boolean("DEBUG", default=not expected) is expected


def test_unset_and_blank_variables_take_the_default() -> None:
    env = Env({"HTTP_PORT": "  "})
    assert (env.port("HTTP_PORT", 8000), env.text("MISSING", "x")) == (8000, "x")


@pytest.mark.parametrize(
    ("name", "value", "read", "message"),
    [
        (
            "DEBUG",
            "maybe",
            lambda env: env.boolean("DEBUG", default=False),
            "DEBUG is 'maybe'; expected one of 1, 0, true, false, yes, no, on, off",
        ),
        (
            "HL7_PORT",
            "70000",
            lambda env: env.port("HL7_PORT", 2575),
            "HL7_PORT is '70000'; expected a whole number from 1 to 65535",
        ),
        (
            "WEB_THREADS",
            "many",
            lambda env: env.integer("WEB_THREADS", 8),
            "WEB_THREADS is 'many'; expected a whole number from 0 to 2147483647",
        ),
        (
            "LOG_FORMAT",
            "xml",
            lambda env: env.choice("LOG_FORMAT", "json", ("json", "console")),
            "LOG_FORMAT is 'xml'; expected one of json, console",
        ),
    ],
    ids=["boolean", "port", "integer", "choice"],
)
def test_a_wrong_value_is_named_with_what_was_expected(
    name: str, value: str, read: Callable[[Env], Any], message: str
) -> None:
    with pytest.raises(EnvError) as error:
        read(Env({name: value}))
    assert str(error.value) == message


def test_a_required_variable_that_is_missing_is_an_error() -> None:
    with pytest.raises(EnvError, match=r"^TOKEN is not set; expected a value$"):
        Env({}).text("TOKEN")


def test_words_are_trimmed_and_empty_ones_dropped() -> None:
    assert Env({"ALLOWED_HOSTS": " a.example , ,b.example,"}).words("ALLOWED_HOSTS") == [
        "a.example",
        "b.example",
    ]


def test_a_secret_comes_from_its_file_without_the_newline(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    assert Env({"SECRET_KEY_FILE": str(tmp_path / "key")}).secret("SECRET_KEY") == "s3cret"


def test_a_secret_that_is_nowhere_is_none() -> None:
    assert Env({}).secret("SECRET_KEY") is None


@pytest.mark.parametrize("content", [None, ""], ids=["missing file", "empty file"])
def test_a_secret_file_that_says_nothing_is_an_error(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_text(content)
    with pytest.raises(EnvError, match="SECRET_KEY_FILE"):
        Env({"SECRET_KEY_FILE": str(path)}).secret("SECRET_KEY")


def test_a_secret_given_twice_is_an_error_that_does_not_show_it() -> None:
    with pytest.raises(EnvError) as error:
        Env({"SECRET_KEY": "s3cret", "SECRET_KEY_FILE": "/key"}).secret("SECRET_KEY")
    assert "s3cret" not in str(error.value)

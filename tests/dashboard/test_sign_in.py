from __future__ import annotations

from collections.abc import Iterator

import pytest
from axes.utils import reset
from django.db import OperationalError
from django.test import Client

pytestmark = pytest.mark.db

PASSWORD = "a long enough password"


@pytest.fixture(autouse=True)
def no_earlier_failures(db: None) -> Iterator[None]:  # noqa: ARG001 -- a fixture for its effect
    reset()
    yield
    reset()


def sign_in(client: Client, password: str = PASSWORD, **fields: str) -> object:
    return client.post("/login/", {"username": "manager", "password": password, **fields})


@pytest.mark.usefixtures("manager")
def test_sign_in_goes_back_to_where_it_was_asked_for(client: Client) -> None:
    answer = sign_in(client, next="/assignments/5/why/")

    assert (answer.status_code, answer["Location"]) == (302, "/assignments/5/why/")


@pytest.mark.usefixtures("manager")
def test_sign_in_never_leads_to_another_site(client: Client) -> None:
    assert sign_in(client, next="https://evil.example/")["Location"] == "/"


@pytest.mark.parametrize("username", ["manager", "nobody-of-that-name"])
@pytest.mark.usefixtures("manager")
def test_wrong_password_and_unknown_name_are_told_alike(client: Client, username: str) -> None:
    answer = client.post("/login/", {"username": username, "password": "wrong"})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Please enter a correct username and password." in page
    assert "wrong" not in page


@pytest.mark.usefixtures("manager")
def test_sixth_try_is_locked_out_even_with_the_right_password(client: Client) -> None:
    for _ in range(5):
        sign_in(client, "wrong")

    answer = sign_in(client)

    assert answer.status_code == 429
    assert "Too many tries" in answer.content.decode()


def test_sign_out_asks_for_sign_in_again(signed_in: Client) -> None:
    answer = signed_in.post("/logout/")

    assert (answer["Location"], signed_in.get("/").status_code) == ("/login/", 302)


def test_sign_out_by_a_link_does_nothing(signed_in: Client) -> None:
    assert (signed_in.get("/logout/").status_code, signed_in.get("/").status_code) == (405, 200)


def test_who_is_signed_in_already_is_led_to_the_board(signed_in: Client) -> None:
    assert signed_in.get("/login/")["Location"] == "/"


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (OperationalError("server closed"), 503, "The database does not answer"),
        (ZeroDivisionError(), 500, "Something failed on our side"),
    ],
)
def test_failing_page_says_what_failed_without_asking_the_database(
    signed_in: Client,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    words: str,
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise error

    monkeypatch.setattr("apps.dashboard.views.live_board", fail)
    signed_in.raise_request_exception = False

    answer = signed_in.get("/")

    assert answer.status_code == status
    assert words in answer.content.decode()


@pytest.mark.parametrize("path", ["/", "/login/", "/nowhere"])
def test_pages_allow_only_their_own_files_and_hold_nothing_inline(
    signed_in: Client, path: str
) -> None:
    if path == "/login/":
        signed_in.logout()
    answer = signed_in.get(path)

    policy = answer["Content-Security-Policy"]
    page = answer.content.decode()
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy
    assert [sign for sign in (" style=", "<style", " onclick", "<script>") if sign in page] == []


@pytest.mark.parametrize(
    ("cookie", "attribute"),
    [("dark", ' data-theme="dark"'), ("light", ' data-theme="light"'), ('"><script>', "")],
)
def test_chosen_colours_are_in_the_page_before_it_paints(
    client: Client, cookie: str, attribute: str
) -> None:
    client.cookies["theme"] = cookie

    page = client.get("/login/").content.decode()

    assert f'<html lang="en"{attribute}>' in page

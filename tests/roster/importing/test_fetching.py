"""Feeds are fetched from a real server, which does what it likes."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.conf import settings

from apps.roster.exceptions import FetchError
from apps.roster.importing.addresses import addresses_of, checked, is_public
from apps.roster.importing.fetching import Asked, Fetched, Limits, fetch

_BODY = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
_SMALL = Limits(wait_seconds=30, longest_seconds=60, largest=100_000)
_QUICK = Limits(wait_seconds=0.5, longest_seconds=1.0, largest=100_000)
"""For hosts that never end; a busy machine is no such host."""


class _Host(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        getattr(self, f"_{self.path.strip('/').partition('?')[0]}")()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base's name
        pass

    def _answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _good(self) -> None:
        if self.headers.get("If-None-Match") == '"one"':
            self._answer(b"", 304)
        else:
            self._answer(_BODY, ETag='"one"', Last_Modified="Mon, 02 Feb 2026 00:00:00 GMT")

    def _packed(self) -> None:
        self._answer(gzip.compress(_BODY), Content_Encoding="gzip")

    def _halved(self) -> None:
        self._answer(gzip.compress(_BODY)[:-12], Content_Encoding="gzip")

    def _bomb(self) -> None:
        self._answer(gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")

    def _once(self) -> None:
        self._answer(b"", 302, Location="/good")

    def _around(self) -> None:
        self._answer(b"", 301, Location="/around")

    def _inside(self) -> None:
        self._answer(b"", 302, Location="file:///etc/passwd")

    def _nowhere(self) -> None:
        self._answer(b"", 302)

    def _gone(self) -> None:
        self._answer(b"", 410)

    def _huge(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(1_000):
            self.wfile.write(bytes(10_000))

    def _boasting(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(10**12))
        self.end_headers()

    def _cut(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(_BODY)
        self.close_connection = True

    def _silent(self) -> None:
        time.sleep(2)
        self.close_connection = True

    def _dripping(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(20):
            self.wfile.write(b"X-A: b\r\n")
            time.sleep(0.2)

    def _nonsense(self) -> None:
        self.wfile.write(b"\x00\xff not http at all\r\n\r\n")
        self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up."""


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    server = _Server(("127.0.0.1", 0), _Host)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def private(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ROSTER_FEED_PRIVATE", True)


@pytest.mark.wire
@pytest.mark.usefixtures("private")
def test_a_feed_comes_with_what_asks_for_changes_only(host: str) -> None:
    first = fetch(Asked(f"{host}/good"))
    assert first == Fetched(_BODY, '"one"', "Mon, 02 Feb 2026 00:00:00 GMT")
    assert fetch(Asked(f"{host}/good", first.etag, first.last_modified)).content is None


@pytest.mark.wire
@pytest.mark.usefixtures("private")
@pytest.mark.parametrize("path", ["once", "packed"])
def test_a_redirect_is_followed_and_a_packed_answer_unpacked(host: str, path: str) -> None:
    assert fetch(Asked(f"{host}/{path}")).content == _BODY


@pytest.mark.wire
@pytest.mark.usefixtures("private")
@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("around", "more than 5 times"),
        ("inside", "Only http and https"),
        ("nowhere", "does not say where to"),
        ("gone", "answered 410 Gone"),
        ("huge", "larger than"),
        ("boasting", "larger than"),
        ("bomb", "larger than"),
        ("halved", "ended before its end"),
        ("cut", "ended before its end|no proper HTTP"),
        ("nonsense", "no proper HTTP"),
    ],
)
def test_whatever_a_host_does_is_told(host: str, path: str, why: str) -> None:
    with pytest.raises(FetchError, match=why) as caught:
        fetch(Asked(f"{host}/{path}?key=secret"), limits=_SMALL)
    assert "secret" not in str(caught.value)


@pytest.mark.wire
@pytest.mark.usefixtures("private")
@pytest.mark.parametrize(
    ("path", "why"), [("silent", "in time"), ("dripping", "in time|more than 1 seconds")]
)
def test_a_host_that_never_ends_is_left(host: str, path: str, why: str) -> None:
    with pytest.raises(FetchError, match=why) as caught:
        fetch(Asked(f"{host}/{path}?key=secret"), limits=_QUICK)
    assert "secret" not in str(caught.value)


@pytest.mark.wire
@pytest.mark.usefixtures("private")
def test_somebody_may_stop_it(host: str) -> None:
    def stop(_words: str) -> None:
        raise FetchError("stopped")

    with pytest.raises(FetchError, match="stopped"):
        fetch(Asked(f"{host}/huge"), progress=stop)


@pytest.mark.wire
def test_our_own_network_is_not_reached_not_even_by_a_redirect(host: str) -> None:
    port = host.rpartition(":")[2]
    for name in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433"):  # noqa: S104
        with pytest.raises(FetchError, match=r"private network|not known"):
            fetch(Asked(f"http://{name}:{port}/good"))


def test_who_may_allow_it_is_named_and_the_setting_stays_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(FetchError) as refused:
        addresses_of(checked("https://10.0.0.1/roster.ics"))
    assert str(refused.value) == (
        "Its host lies in a private network, which the administrator has not allowed."
    )
    assert "ROSTER_FEED_PRIVATE" in caplog.text


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("10.0.0.1", False),
        ("172.16.3.4", False),
        ("192.168.1.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 -- an address to refuse
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_only_addresses_out_in_the_internet_are_public(address: str, expected: bool) -> None:
    assert is_public(address) is expected


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://x.org/a.ics",
        "gopher://x.org",
        "https://",
        "https://user:word@x.org/a.ics",
        "http://x.org:99999/",
        "https://x.org/a\r\nHost: y",
        "nothing",
    ],
)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(FetchError):
        checked(url)


def test_webcal_is_https() -> None:
    assert checked("webcal://x.org/a.ics").geturl() == "https://x.org/a.ics"

"""HTTP over real sockets: one request, one answer, nothing sent twice, nothing followed, nothing without end."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

from reconciler.calls.client import CallsClient
from reconciler.calls.http import LARGEST_ANSWER, Wire
from reconciler.calls.model import CampaignState, Dialect
from reconciler.errors import Ambiguous, NotSent, Unreadable, UsageError
from tests.calls.fakes import BASE, CERTIFICATE, TOKEN, Script, Socket, Talk, http_answer, ok, says, serving


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)


def no_sleep(_: float) -> None:
    """Waits for nothing."""


def client_at(host: str, timeout_s: float = 10.0) -> CallsClient:
    return CallsClient(host, TOKEN, dialect=Dialect.CURRENT, timeout_s=timeout_s, sleep=no_sleep)


# ------------------------------------------------------------------------------------------------- sent exactly once


def hang_up(server: Socket, connection: socket.socket) -> None:
    server.read_request(connection)


def reset(server: Socket, connection: socket.socket) -> None:
    server.read_request(connection)
    # Linger for no time: the connection is reset instead of closed.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


LOST = {
    "hung up": hang_up,
    "reset": reset,
    "cut in the head": says(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "cut in the body": says(http_answer(b'["1","2"]')[:-3]),
    "cut without a length": says(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n["1","2'),
    "not http": says(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "broken gzip": says(http_answer(b"not gzip", "200 OK", "Content-Encoding: gzip")),
    "redirect": says(http_answer(b"", "307 Temporary Redirect", "Location: /elsewhere")),
    "redirect to nowhere": says(http_answer(b"", "301 Moved", "Location: http://[")),
    "server error": says(http_answer(b"", "500 Oops")),
}


@pytest.mark.parametrize("talk", LOST.values(), ids=LOST)
def test_a_change_whose_answer_is_lost_is_ambiguous_and_was_sent_once(talk: Talk) -> None:
    with serving(talk) as server, client_at(server.host) as client, pytest.raises(Ambiguous):
        client.add_phones(b"[]", "key")
    assert len(server.requests) == 1


def test_a_server_that_stays_silent_is_not_waited_for_without_end() -> None:
    patience = threading.Event()

    def silent(server: Socket, connection: socket.socket) -> None:
        server.read_request(connection)
        patience.wait()

    with serving(silent) as server, client_at(server.host, timeout_s=0.05) as client:
        with pytest.raises(Ambiguous, match="read timeout"):
            client.add_phones(b"[]", "key")
        patience.set()


def test_nobody_listening_means_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with client_at(f"http://127.0.0.1:{port}") as client, pytest.raises(NotSent, match="refuses connections"):
        client.add_phones(b"[]", "key")


def test_a_connection_the_server_closed_while_it_was_idle_makes_nothing_ambiguous() -> None:
    closed = threading.Semaphore(0)

    def one_answer_each(server: Socket, connection: socket.socket) -> None:
        # Says nothing of closing, as servers do when their keep-alive time is over.
        if server.read_request(connection):
            connection.sendall(http_answer(b'["1"]'))
            connection.shutdown(socket.SHUT_RDWR)
            closed.release()

    with serving(one_answer_each) as server, client_at(server.host) as client:
        for _ in range(3):
            assert client.add_phones(b"[]", "key").job_ids == ("1",)
            closed.acquire()
    assert (len(server.requests), server.connections) == (3, 3)


def test_connections_are_used_again() -> None:
    def keep_talking(server: Socket, connection: socket.socket) -> None:
        while server.read_request(connection):
            connection.sendall(http_answer(b'"paused"'))

    with serving(keep_talking) as server:
        with client_at(server.host) as client:
            assert [client.state() for _ in range(3)] == [CampaignState.PAUSED] * 3
        assert (len(server.requests), server.connections) == (3, 1)


# ---------------------------------------------------------------------------------------------------- bounded, not led


def test_a_redirect_is_not_followed() -> None:
    with serving(says(http_answer(b'"stolen"'))) as other:
        away = http_answer(b"", "302 Found", f"Location: {other.host}{BASE}/status")
        with (
            serving(says(away)) as server,
            client_at(server.host) as client,
            pytest.raises(Unreadable, match="redirect"),
        ):
            client.state()
        assert other.connections == 0


def endless(server: Socket, connection: socket.socket) -> None:
    server.read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        connection.sendall(b"[" * 1024 * 1024)


def test_an_answer_without_end_is_cut_off() -> None:
    with serving(endless) as server, client_at(server.host) as client:
        with pytest.raises(Unreadable, match="larger than this program takes"):
            client.jobs(["1"])
        with pytest.raises(Ambiguous, match="larger than this program takes"):
            client.add_phones(b"[]", "key")


def test_an_answer_that_unpacks_without_end_is_cut_off() -> None:
    bomb = gzip.compress(b"[" * (LARGEST_ANSWER + 1))
    with (
        serving(says(http_answer(bomb, "200 OK", "Content-Encoding: gzip"))) as server,
        client_at(server.host) as client,
        pytest.raises(Unreadable, match="larger than this program takes"),
    ):
        client.jobs(["1"])


def test_a_compressed_answer_is_unpacked() -> None:
    packed = http_answer(gzip.compress(b'"paused"'), "200 OK", "Content-Encoding: gzip")
    with serving(says(packed)) as server, client_at(server.host) as client:
        assert client.state() is CampaignState.PAUSED
    assert b"accept-encoding: gzip\r\n" in server.requests[0].lower()


def test_an_answer_that_drips_in_for_longer_than_the_timeout_is_given_up() -> None:
    class Drip(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                clock_s[0] += 9.0
                yield b" "

    clock_s = [0.0]
    drip = Script(addPhones=lambda _: httpx.Response(200, stream=Drip()))
    client = CallsClient(
        "https://calls.example", TOKEN, timeout_s=10, transport=httpx.MockTransport(drip), now=lambda: clock_s[0]
    )
    with pytest.raises(Ambiguous, match="read timeout"):
        client.add_phones(b"[]", "key")
    assert clock_s[0] == 18.0


# ------------------------------------------------------------------------------------------------------------------ TLS


def test_a_certificate_nobody_vouches_for_is_refused_before_anything_is_sent() -> None:
    words = r"certificate of 127.0.0.1:\d+ is not trusted \(self-signed certificate\)"
    with serving(says(b""), tls=True) as server, client_at(server.host) as client, pytest.raises(NotSent, match=words):
        client.add_phones(b"[]", "key")
    assert server.requests == []


def test_a_certificate_that_the_environment_vouches_for_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with serving(says(http_answer(b'"paused"')), tls=True) as server, client_at(server.host) as client:
        assert client.state() is CampaignState.PAUSED


def test_a_server_that_does_not_speak_tls_is_not_spoken_to() -> None:
    def plain(_server: Socket, connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with serving(plain) as server:
        host = server.host.replace("http:", "https:")
        with client_at(host) as client, pytest.raises(NotSent, match="no TLS connection"):
            client.add_phones(b"[]", "key")


# ---------------------------------------------------------------------------------------------------------- environment


def test_a_proxy_never_sees_what_goes_to_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(hang_up) as proxy, serving(says(http_answer(b'"paused"'))) as server:
        for name in ("HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.host)
        with client_at(server.host) as client:
            assert client.state() is CampaignState.PAUSED
        assert proxy.connections == 0


def test_https_goes_by_the_proxy_of_the_environment_which_sees_the_host_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(says(b"HTTP/1.1 403 Forbidden\r\n\r\n")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.host)
        with client_at("https://calls.example") as client, pytest.raises(NotSent, match="proxy error"):
            client.add_phones(b"[]", "key")
    (request,) = proxy.requests
    assert request.startswith(b"CONNECT calls.example:443 HTTP/1.1\r\n")
    assert TOKEN.encode() not in request


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS_PROXY", "ftp://proxy.example"),
        ("HTTPS_PROXY", "http://proxy.example:port"),
        ("SSL_CERT_FILE", "/nowhere/at-all.pem"),
    ],
)
def test_a_setting_of_the_environment_that_cannot_be_used_is_a_usage_error(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match="SSL_CERT_FILE"):
        client_at("https://calls.example")


# -------------------------------------------------------------------------------------------------- host and token


@pytest.mark.parametrize(
    "host",
    [
        "https://app.example.com",
        "https://app.example.com/",
        "HTTPS://App.Example.com:8443",
        "http://localhost:8080",
        "http://127.0.0.1",
        "http://127.1.2.3:80",
        "http://[::1]:8080",
    ],
)
def test_a_host_is_https_or_plain_http_on_this_machine(host: str) -> None:
    client_at(host).close()


@pytest.mark.parametrize(
    "host",
    [
        "",
        "app.example.com",
        "http://app.example.com",
        "http://192.168.0.1",
        "http://localhost.example.com",
        "http://[::2]",
        "ftp://localhost",
        "https://",
        "https://:443",
        "https://app.example.com:",
        "https://app.example.com:port",
        "https://app.example.com:99999",
        "https://app.example.com:0",
        "https://user:pw@app.example.com",
        "https://app.example.com/api/calls",
        "https://app.example.com?x=1",
        "https://app.example.com#x",
        "https://app.example.com\\@evil.example",
        "https://app example.com",
        "https://[::1",
    ],
)
def test_any_other_host_is_a_usage_error(host: str) -> None:
    with pytest.raises(UsageError, match="the host must be"):
        client_at(host)


def test_a_host_that_is_refused_is_not_printed_since_it_may_be_a_whole_url() -> None:
    with pytest.raises(UsageError) as error:
        client_at(f"https://app.example.com{BASE}")
    assert TOKEN not in str(error.value)


@pytest.mark.parametrize("token", ["", ".", "..", "a/b", "a b", "a%2Fb", "a?b", "a\n", "ключ", "x" * 257])
def test_a_token_that_would_change_the_path_is_a_usage_error_that_does_not_print_it(token: str) -> None:
    with pytest.raises(UsageError) as error:
        CallsClient("https://calls.example", token)
    assert not token or repr(token)[1:-1] not in str(error.value).replace("A-Z a-z 0-9 . _ ~ -", "")


def test_a_wire_prints_its_host_only_and_closes_with_its_block() -> None:
    with Wire(
        "https://calls.example", TOKEN, timeout_s=1, transport=httpx.MockTransport(Script(status=ok(""))), now=float
    ) as wire:
        assert repr(wire) == "Wire(calls.example)"


def test_each_exchange_is_logged_without_its_url(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server = Script(addPhones=[ok(["1"]), httpx.ReadTimeout("")], status=ok("new"))
    client = CallsClient(
        "https://calls.example", TOKEN, transport=httpx.MockTransport(server), sleep=no_sleep, now=lambda: 0.0
    )
    client.state()
    client.add_phones(b"[]", "key")
    with pytest.raises(Ambiguous):
        client.add_phones(b"[]", "key")
    assert caplog.messages == [
        "GET status → 200 in 0.00 s",
        "POST addPhones 2 bytes → 200 in 0.00 s",
        "POST addPhones 2 bytes → Ambiguous in 0.00 s",
    ]

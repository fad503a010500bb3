"""Servers of the Calls API for these tests: scripted ones at httpx's edge, and real sockets for what HTTP does."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from reconciler.calls.client import CallsClient
from reconciler.calls.model import Dialect

HOST = "https://calls.example"
TOKEN = "t0ken-PLANTED-Zz9.secret"
BASE = f"/api/calls/campaign/{TOKEN}"
PHONE = "79990000001"
NOW_S = 1_700_000_000.0
Talk = Callable[["Socket", socket.socket], None]  # serves one connection
CERTIFICATE = Path(__file__).with_name("localhost.pem")


def report(
    job_id: str | int = "5665336642", phone: str | int = PHONE, status: str = "planned", **more: Any
) -> dict[str, Any]:
    """A job report as the API's description shows it."""
    return {
        "callJobId": job_id,
        "phone": phone,
        "jobStatus": status,
        "attemptsCount": 0,
        "callDuration": 0,
        "createdAt": 1691006924166,
        "finishedAt": None,
        "redialNumber": None,
        "reportData": None,
        "tagName": None,
        "tagPayload": None,
        **more,
    }


class Script:
    """A server that answers each endpoint from a list, the last one for ever, and remembers what it was asked."""

    def __init__(self, **routes: Any) -> None:
        self.routes = {path: list(steps) if isinstance(steps, list) else [steps] for path, steps in routes.items()}
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        steps = self.routes[request.url.path.removeprefix(BASE).lstrip("/").replace("/", "_") or "details"]
        step = steps.pop(0) if len(steps) > 1 else steps[0]
        if isinstance(step, Exception):
            raise step
        made = step(request) if callable(step) else step
        assert isinstance(made, httpx.Response)
        return made

    @property
    def asked(self) -> list[str]:
        """The endpoints asked, in order."""
        return [request.url.path.removeprefix(BASE).lstrip("/") for request in self.requests]

    @property
    def bodies(self) -> list[Any]:
        """The JSON of the requests, in order."""
        return [json.loads(request.content) if request.content else None for request in self.requests]


def ok(body: Any, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    """A 200 with a JSON body."""
    return lambda _: httpx.Response(200, json=body, headers=headers)


def no(status: int, body: Any = None, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    """An answer of that status, with a JSON body if any."""
    sent = {"json": body} if body is not None else {}
    return lambda _: httpx.Response(status, headers={k.replace("_", "-"): v for k, v in headers.items()}, **sent)


def client_of(
    server: Callable[[httpx.Request], httpx.Response],
    dialect: Dialect | None = Dialect.CURRENT,
    sleeps: list[float] | None = None,
    now: Callable[[], float] = lambda: NOW_S,
) -> CallsClient:
    """A client of a scripted server, which never waits; `sleeps` receives how long it would have."""
    waits: list[float] = [] if sleeps is None else sleeps
    return CallsClient(HOST, TOKEN, dialect=dialect, transport=httpx.MockTransport(server), sleep=waits.append, now=now)


class Socket:
    """A real server: `talk` gets each connection in turn, and the bytes of each request are kept."""

    def __init__(self, talk: Talk, *, tls: bool = False) -> None:
        self._talk, self._listener = talk, socket.create_server(("127.0.0.1", 0))
        self._context = None
        if tls:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(CERTIFICATE)
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        self.connections = 0
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def host(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def read_request(self, connection: socket.socket) -> bool:
        """Reads one request whole; False when the client has gone."""
        got = b""
        while b"\r\n\r\n" not in got or len(got) < _length(got):
            part = connection.recv(65536)
            if not part:
                return False
            got += part
        self.requests.append(got)
        return True

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                with (
                    self._context.wrap_socket(connection, server_side=True) if self._context else connection as wrapped
                ):
                    self._talk(self, wrapped)
            except OSError:
                connection.close()  # the client did not trust us, or left


def _length(request: bytes) -> int:
    head, _, _ = request.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return len(head) + 4 + (int(lengths[0]) if lengths else 0)


@contextmanager
def serving(talk: Talk, *, tls: bool = False) -> Iterator[Socket]:
    """A real server on loopback while the block runs."""
    server = Socket(talk, tls=tls)
    try:
        yield server
    finally:
        server.close()


def says(answer: bytes) -> Talk:
    """A talk that answers one request with these bytes and hangs up."""

    def talk(server: Socket, connection: socket.socket) -> None:
        if server.read_request(connection):
            connection.sendall(answer)

    return talk


def http_answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """The bytes of a whole answer."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

"""One request in, one raw answer out: everything about HTTP that is not about the Calls API.

A request is sent once. Neither httpx nor httpcore sends a request again by itself: httpcore's retries are for
connecting only, and are off; a connection that turns out to be taken is swapped before anything was written to it.

The token is in the URL, so the URL stays in here: the loggers of httpx are silenced, and errors are made anew
outside the `except` that caught httpx's own, which carries the request.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import ssl
from collections.abc import Callable
from functools import partial
from typing import Self
from urllib.parse import SplitResult, urlsplit

import httpx

from reconciler.calls import failures
from reconciler.calls.authorities import Authorities
from reconciler.calls.exchange import Answer, Ask
from reconciler.calls.hygiene import masked, silence_transport_loggers
from reconciler.errors import UsageError

LARGEST_ANSWER = 64 * 1024 * 1024  # bytes; a report of 2,000 jobs is about half a megabyte
CONNECT_TIMEOUT_S = 10.0

# Servers commonly close idle connections after 5 s or more. A request written to a connection that is being closed
# cannot be told from one that was lost, so a connection is given up before the server might give it up.
_KEEPALIVE_S = 4.0
_CONNECTIONS = 32  # at once; more requests wait their turn

# A token of dots alone would be read as a path that leads elsewhere.
_TOKEN = re.compile(r"(?!\.+$)[A-Za-z0-9._~-]{1,256}")

_log = logging.getLogger("reconciler.calls")


class Wire:
    """HTTP to one campaign: the host, the token and the connections. May be used from several threads."""

    def __init__(
        self,
        host: str,
        token: str,
        *,
        timeout_s: float,
        transport: httpx.BaseTransport | None,
        now: Callable[[], float],
        authorities: Authorities | None = None,
    ) -> None:
        """Raises UsageError, which prints neither, for a host or token that cannot be used."""
        origin = checked_host(host)
        if not _TOKEN.fullmatch(token):
            raise UsageError("the token must be 1 to 256 characters of A-Z a-z 0-9 . _ ~ - and nothing else")
        self.host = origin.netloc
        self.clock_skew_s = 0.0  # the server's clock minus ours, whole seconds in precision
        self._base = f"{origin.scheme}://{origin.netloc}/api/calls/campaign/{token}"
        self._token, self._timeout_s, self._now = token, timeout_s, now
        silence_transport_loggers()
        self._client = _client(origin.scheme, timeout_s, transport, authorities)

    def __repr__(self) -> str:
        return f"Wire({self.host})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes all connections."""
        self._client.close()

    def mask(self, text: str, ask: Ask) -> str:
        """`text` without the token and without what the request held."""
        return masked(text, token=self._token, sent=ask.body)

    def send(self, ask: Ask) -> Answer:
        """The answer, whatever its status; raises NotSent, Ambiguous or Unreadable when there is none."""
        started_s = self._now()
        try:
            answer = self._exchange(ask)
        except httpx.RequestError as error:
            failure = failures.lost(ask, error, self.host, partial(self.mask, ask=ask))
        else:
            self._note(ask, str(answer.status), started_s)
            return answer
        self._note(ask, type(failure).__name__, started_s)
        raise failure

    def _exchange(self, ask: Ask) -> Answer:
        headers = {"Content-Type": "application/json"} if ask.body else {}
        if ask.idempotence_key:
            headers["Idempotence-Key"] = ask.idempotence_key
        method = "GET" if ask.is_get else "POST"
        request = self._client.build_request(method, self._base + ask.path, content=ask.body, headers=headers)
        response = self._client.send(request, stream=True)
        try:
            self._read_clock(response)
            body = self._body(response)
        finally:
            response.close()
        return Answer(
            status=response.status_code,
            body=body or b"",
            content_type=response.headers.get("content-type", ""),
            retry_after=response.headers.get("retry-after", ""),
            is_whole=body is not None,
        )

    def _body(self, response: httpx.Response) -> bytes | None:
        """The body, decompressed; None when it is too large. Times out when it takes longer than one timeout in all."""
        parts, size, give_up_s = [], 0, self._now() + self._timeout_s
        for part in response.iter_bytes():
            size += len(part)
            if size > LARGEST_ANSWER:
                return None
            if self._now() > give_up_s:
                raise httpx.ReadTimeout("the answer drips in", request=response.request)
            parts.append(part)
        return b"".join(parts)

    def _read_clock(self, response: httpx.Response) -> None:
        server_s = failures.http_date_s(response.headers.get("date", ""))
        if server_s is not None:
            self.clock_skew_s = server_s - self._now()

    def _note(self, ask: Ask, outcome: str, started_s: float) -> None:
        method, took_s = "GET" if ask.is_get else "POST", self._now() - started_s
        _log.debug("%s %s%s → %s in %.2f s", method, ask.name, f" {ask.what}" if ask.what else "", outcome, took_s)


def checked_host(host: str) -> SplitResult:
    """The parts of `https://name[:port]`, or of `http://` on loopback; raises UsageError, which does not print it.

    What somebody pastes here by mistake may well be a whole URL, token and all.
    """
    parts = _parts(host)
    if parts is None:
        raise UsageError("the host must be https://name or https://name:port, without path, user or query")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise UsageError("the host must be https://…; plain http would show the token, and is for loopback only")
    return parts


def _parts(host: str) -> SplitResult | None:
    """The parts of a URL that is scheme, name and perhaps a port, and nothing else; None for any other text."""
    try:
        parts = urlsplit(host)
        has_port = parts.port != 0  # reading it raises when it is no number up to 65535
        httpx.URL(host)
    except (ValueError, httpx.InvalidURL):
        return None
    is_name = re.fullmatch(r"[\w.\-]+(:\d+)?|\[[0-9a-fA-F:.]+\](:\d+)?", parts.netloc)
    return parts if is_name and has_port and parts.path in ("", "/") and not (parts.query or parts.fragment) else None


def is_loopback(name: str) -> bool:
    """Whether a host name is this machine: `localhost`, 127.0.0.0/8 or ::1."""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _client(
    scheme: str, timeout_s: float, transport: httpx.BaseTransport | None, authorities: Authorities | None
) -> httpx.Client:
    is_plain = scheme == "http"
    try:
        return httpx.Client(
            # Plain http is loopback, which never goes by a proxy and needs no authorities: loading them takes a while.
            trust_env=not is_plain,
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if is_plain else (authorities or Authorities()).context(),
            timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
            limits=httpx.Limits(max_connections=_CONNECTIONS, keepalive_expiry=_KEEPALIVE_S),
            headers={"User-Agent": "campaign-reconciler", "Accept": "application/json", "Accept-Encoding": "gzip"},
            follow_redirects=False,
            transport=transport,
        )
    except (
        OSError,
        ValueError,
        ImportError,
        httpx.InvalidURL,
    ):  # a certificate file or a proxy that the environment names
        pass
    raise UsageError("SSL_CERT_FILE, SSL_CERT_DIR or a proxy variable of the environment cannot be used")

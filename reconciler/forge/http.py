"""HTTP to a forge: one JSON request, sent again while that can do no harm.

Reads, updates and deletions are repeated after a lost connection or a failing gateway. Creating is not: the first one
may have worked, and whoever asked looks before it asks again. A forge that asks to come back later did nothing, so
then everything is repeated, if the wait is short.
"""

from __future__ import annotations

import ipaddress
import random
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from reconciler.calls.hygiene import masked, silence_transport_loggers
from reconciler.errors import BodyTooLong, ForgeDenied, ForgeError

TIMEOUT_S = 20.0
ATTEMPTS = 4
LONGEST_WAIT_S = 60.0  # in all: a comment is not worth more of a pipeline's time
_FIRST_WAIT_S = 0.5
T = TypeVar("T")
_DENIED = frozenset({401, 403, 404})
_GATEWAY = frozenset({500, 502, 503, 504})


class ForgeHttp:
    """The API of one forge. `headers` hold the token, which is never shown."""

    def __init__(
        self,
        base: str,
        headers: Mapping[str, str],
        *,
        token: str,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Raises ForgeError for an address that would send the token unencrypted, or is none."""
        parts = urlsplit(base)
        is_loopback = _is_loopback(parts.hostname or "")
        if not parts.hostname or parts.scheme not in ("http", "https") or (parts.scheme == "http" and not is_loopback):
            raise ForgeError("the address of its API is not https://, so the token is not sent there")
        self._base, self._token, self._sleep, self._now = base.rstrip("/"), token, sleep, now
        silence_transport_loggers()
        self._client = _client(headers, transport, is_plain=parts.scheme == "http")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, method: str, path: str, type: type[T], *, given: Any = None, **query: str | int) -> T:
        """The JSON that is answered, of that type. Raises ForgeError, ForgeDenied or BodyTooLong."""
        waited_s = 0.0
        for attempt in range(ATTEMPTS):
            is_last = attempt == ATTEMPTS - 1
            answer, failure = self._send(method, path, given, query)
            if answer is not None and answer.is_success:
                return _decoded(answer, type)
            wait_s = self._wait_s(answer, attempt, is_repeatable=method != "POST")
            if is_last or wait_s is None or waited_s + wait_s > LONGEST_WAIT_S:
                raise self._error(answer, failure, wait_s)
            self._sleep(wait_s)
            waited_s += wait_s
        raise AssertionError("the last attempt answers or raises")  # pragma: no cover

    def _send(
        self, method: str, path: str, given: Any, query: Mapping[str, str | int]
    ) -> tuple[httpx.Response | None, str]:
        """The answer, or the name of what went wrong: the error's own text may hold the address."""
        try:
            return self._client.request(method, self._base + path, json=given, params=query or None), ""
        except httpx.HTTPError as error:
            return None, type(error).__name__

    def _wait_s(self, answer: httpx.Response | None, attempt: int, *, is_repeatable: bool) -> float | None:
        """Seconds until it makes sense to ask again; None when it does not."""
        if answer is not None and answer.status_code in (403, 429, 503):
            asked = self._asked_to_wait_s(answer)
            if asked is not None:
                return asked
            # GitHub's secondary limits come without a time, and with the advice to wait a minute.
            if answer.status_code == 429 or "rate limit" in _message(answer).lower():
                return LONGEST_WAIT_S
        if not is_repeatable or (answer is not None and answer.status_code not in _GATEWAY):
            return None
        return float(_FIRST_WAIT_S * 2**attempt + random.uniform(0, _FIRST_WAIT_S))  # noqa: S311 - spreads load

    def _asked_to_wait_s(self, answer: httpx.Response) -> float | None:
        after = answer.headers.get("retry-after", "")
        if after.isdecimal():
            return float(after)
        reset = answer.headers.get("x-ratelimit-reset", "")  # GitHub, which says 403 or 429: when none are left
        if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
            return max(0.0, float(reset) - self._now())
        return None

    def _error(self, answer: httpx.Response | None, failure: str, wait_s: float | None) -> ForgeError:
        if answer is None:
            return ForgeError(f"no answer ({failure})")
        said = masked(_message(answer), token=self._token)
        what = f"{answer.status_code}" + (f": {said}" if said else "")
        if wait_s is not None and answer.status_code in (403, 429, 503):
            return ForgeError(f"{what}; too many requests, to come back in {wait_s:.0f} s")
        if answer.status_code in _DENIED:
            return ForgeDenied(what)
        is_long = answer.status_code == 413 or (answer.status_code in (400, 422) and "too long" in said.lower())
        return BodyTooLong(what) if is_long else ForgeError(what)


def _client(headers: Mapping[str, str], transport: httpx.BaseTransport | None, *, is_plain: bool) -> httpx.Client:
    with suppress(OSError, ValueError, ImportError, httpx.InvalidURL):  # a certificate or a proxy of the environment
        return httpx.Client(
            headers={"User-Agent": "campaign-reconciler", **headers},
            timeout=TIMEOUT_S,
            follow_redirects=False,
            # Plain http is loopback, which goes by no proxy and needs no authorities: loading them takes a while.
            trust_env=not is_plain,
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if is_plain else True,
            transport=transport,
        )
    raise ForgeError("SSL_CERT_FILE, SSL_CERT_DIR or a proxy variable of the environment cannot be used")


def _decoded(answer: httpx.Response, type: type[T]) -> T:
    with suppress(msgspec.DecodeError):  # also a ValidationError, whose text may quote the answer
        return msgspec.json.decode(answer.content or b"null", type=type)
    raise ForgeError("the answer is not what its API gives: is this the address?")


def _message(answer: httpx.Response) -> str:
    """What the forge says about it: `message` and `errors` of its JSON, or nothing."""
    try:
        body = msgspec.json.decode(answer.content)
    except msgspec.DecodeError:
        return ""
    if not isinstance(body, dict):
        return ""
    details = [str(each.get("message", "")) for each in body.get("errors") or () if isinstance(each, dict)]
    return " ".join(filter(None, [str(body.get("message") or body.get("error") or ""), *details]))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""What went wrong, as one of our errors: the one place that maps errors of httpx, and the one that maps answers.

The question behind every line here is whether the server may have done what it was asked:

- no connection was made: it did nothing (`NotSent`);
- 429, or 503 with Retry-After: it did nothing and says when to come back (`TryLater`), but for a 503 of a proxy that
  gave up on a server at work, so that it is worth a look before calls are sent again;
- any other 4xx: it did nothing (`Refused`), whoever on the way wrote the page, for a gateway that says no has not
  passed the request on. The exceptions are 408 (a gateway may time out with the request already passed on), 409
  (a server may say it of a repeated Idempotence-Key whose first request is still at work), and, where calls would be
  made, a page in anybody else's words: a firewall may have passed the request on and kept back the answer. Believed
  of anybody is what is said of a request before it is passed on, such as 401 or 413;
- everything else, redirects included, proves nothing: `Ambiguous` for a request that changes something,
  `Unreadable` for a read. A redirect hardly ever acts, but only a read-back can show that this one did not.

Errors are values here; the callers raise them, outside any `except`, so that nothing of httpx hangs on them.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from reconciler.calls.answers import UNDECODABLE, campaign_state, fields
from reconciler.calls.exchange import Answer, Ask
from reconciler.calls.model import CampaignState
from reconciler.errors import (
    Ambiguous,
    BadCall,
    CallsError,
    InvalidToken,
    NotSent,
    Refused,
    TryLater,
    UnknownItems,
    Unreadable,
    WrongState,
)

LONGEST_WAIT_S = 600.0  # a server that asks for more is asked again after ten minutes
DEFAULT_WAIT_S = 1.0  # after a 429 that does not say how long

Mask = Callable[[str], str]  # makes a text of the server fit to be printed

# 206 is left out: part of an answer is none.
_DONE = frozenset({200, 201, 202, 204})
_JSON_TYPES = frozenset({"", "text/plain", "application/octet-stream", "text/json"})
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_SECONDS = re.compile(r"\d{1,9}")
_WORD = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_ITEM_FIELDS = ("id", "ids", "phone", "phones")
_BAD_CALL_TYPES = frozenset({"phone.duplicated", "phone.bad.format", "phone.gmtZone.bad.format"})
_BEFORE_THE_SERVER = frozenset({401, 404, 405, 411, 413, 414, 415, 431})
_UNKNOWN_ITEM_TYPES = frozenset({"id.not.found", "phone.not.found"})
_WRONG_STATE_TYPE = "invalid.call.task.state"
_TYPES = _BAD_CALL_TYPES | _UNKNOWN_ITEM_TYPES | {_WRONG_STATE_TYPE, "invalid.token"}
_TRUST = "check spec.host; for a private authority name its certificates in SSL_CERT_FILE"
_NEXT_STEPS = {
    401: "check the token, and whether something in front of the server asks for a login",
    403: "check the token, and whether a firewall stands in front of the server",
    404: "this server does not know the request: check spec.host and spec.dialect",
    405: "this server does not know the request: check spec.host and spec.dialect",
    413: "the request is too large for this server: use a smaller --batch",
}


class Untrusted(NotSent):
    """The host's certificate is not trusted: asking again would change nothing."""


def unusable(ask: Ask, what: str, next_step: str = "") -> Ambiguous | Unreadable:
    """The error for an answer that proves nothing."""
    if ask.mutates:
        return Ambiguous(ask.name, what, next_step or "whether it took effect is not known")
    return Unreadable(ask.name, what, next_step)


def lost(ask: Ask, error: httpx.RequestError, host: str, mask: Mask) -> CallsError:
    """The error for an exchange that httpx gave up on; only `host` is named."""
    if not isinstance(error, _UNSENT):
        return unusable(ask, f"no usable answer from {host} ({_plain(error)})")
    causes = tuple(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = mask(cause.verify_message)
            return Untrusted(ask.name, f"the certificate of {host} is not trusted ({reason})", _TRUST)
        if isinstance(cause, ssl.SSLError):
            return NotSent(ask.name, f"no TLS connection to {host}", "check that the host and its port speak https")
        if isinstance(cause, socket.gaierror):
            return NotSent(ask.name, f"no address is known for {host}", "check spec.host and the name service")
        if isinstance(cause, ConnectionRefusedError):
            return NotSent(ask.name, f"{host} refuses connections", "check spec.host and its port")
    return NotSent(ask.name, f"no connection to {host} ({_plain(error)})", "nothing was sent: try again")


def _plain(error: httpx.RequestError) -> str:
    """The kind of error in words: its text may hold an address, its class name does not."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What an error came from. The context counts too: httpcore raises `from None`, which only hides it."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def passing(ask: Ask, answer: Answer, now_s: float) -> CallsError | None:
    """The error for an answer that may be another one later: 408, 429 and 5xx; None for any other.

    `now_s` is the server's clock, for a Retry-After that is a date.
    """
    if answer.status in (429, 503):
        wait_s = _retry_after_s(answer.retry_after, now_s)
        if wait_s is None and answer.status == 429:
            wait_s = DEFAULT_WAIT_S
        if wait_s is not None:
            what, is_certain = f"the server is busy ({answer.status})", answer.status == 429
            return TryLater(ask.name, what, retry_after_s=wait_s, is_certain=is_certain)
    if answer.status == 408 or answer.status >= 500:
        return unusable(ask, f"the server, or a gateway before it, failed ({answer.status})")
    return None


def _retry_after_s(header: str, now_s: float) -> float | None:
    """Seconds to wait, from 0 to `LONGEST_WAIT_S`; None for a header that is missing or makes no sense."""
    if _SECONDS.fullmatch(header):
        return min(float(header), LONGEST_WAIT_S)
    moment_s = http_date_s(header)
    return None if moment_s is None else min(max(moment_s - now_s, 0.0), LONGEST_WAIT_S)


def http_date_s(header: str) -> float | None:
    """Unix seconds of an HTTP date; None for a header that is missing or makes no sense."""
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def settled(ask: Ask, answer: Answer, mask: Mask) -> CallsError | None:
    """The error for an answer that would be the same again; None for one that is worth decoding."""
    if not answer.is_whole:
        return unusable(ask, "the answer is larger than this program takes")
    if 300 <= answer.status < 400:
        return unusable(ask, f"the answer is a redirect ({answer.status}), which is not followed", "check spec.host")
    if 400 <= answer.status < 500:
        return _refusal(ask, answer, mask)
    if answer.status not in _DONE:
        return unusable(ask, f"an answer with the unexpected status {answer.status}")
    if _is_page(ask, answer):
        return unusable(ask, "the answer is a page or a file instead of JSON", "check spec.host, and proxies before it")
    return None


def _is_page(ask: Ask, answer: Answer) -> bool:
    """Whether an answer is something other than what the API says, such as a gateway's page.

    Frameworks call an empty body or a bare word HTML when nobody tells them otherwise, so for those only the body
    counts.
    """
    body = answer.body.strip()
    if body.startswith(b"<"):
        return True
    media = answer.content_type.partition(";")[0].strip().lower()
    is_named_json = media in _JSON_TYPES or media.endswith(("/json", "+json"))
    return bool(body) and not ask.may_be_bare and not is_named_json


def _refusal(ask: Ask, answer: Answer, mask: Mask) -> CallsError:
    """The error for a 4xx, by the server's `type`."""
    said = _said(answer.body)
    word = _word(said.get("type"), mask)
    what = _in_words(answer.status, word, said.get("message"), mask)
    if word == "invalid.token":
        what, step = "no campaign behind this token", "check the token and spec.host; the campaign may be deleted"
        return InvalidToken(ask.name, what, step, type=word, status=answer.status)
    if word in _UNKNOWN_ITEM_TYPES:
        unknown = UnknownItems(ask.name, what, type=word, status=answer.status)
        unknown.items = frozenset(item for field in _ITEM_FIELDS for item in _texts(said.get(field)))
        return unknown
    if word in _BAD_CALL_TYPES and (named := _texts(said.get("phone")) or _texts(said.get("phonesDuplicates"))):
        bad = BadCall(ask.name, what, type=word, status=answer.status)
        bad.phone = named[0]
        return bad
    is_control = answer.status == 400 and ask.name.startswith("control/")
    if word == _WRONG_STATE_TYPE or (is_control and "error" in said):
        return _wrong_state(ask, answer, what, said, mask)
    if answer.status == 409 and ask.mutates:
        return unusable(ask, what)
    step = _NEXT_STEPS.get(answer.status, "")
    if ask.name == "addPhones" and answer.status not in _BEFORE_THE_SERVER and not _is_error(said):
        return unusable(ask, f"not in the server's words: {what}", step)
    return Refused(ask.name, what, step, type=word, status=answer.status)


def _is_error(said: dict[str, Any]) -> bool:
    """Whether these are the fields of an error as the API words it."""
    return "type" in said or "error" in said


def _wrong_state(ask: Ask, answer: Answer, what: str, said: dict[str, Any], mask: Mask) -> WrongState:
    word = _word(said.get("type"), mask) or _word(said.get("error"), mask)
    state = _word(said.get("state"), mask)
    step = f"the campaign is {state}" if state else "the state of the campaign does not allow it"
    wrong = WrongState(ask.name, what, step, type=word, status=answer.status)
    wrong.state = state
    return wrong


def _in_words(status: int, word: str, message: object, mask: Mask) -> str:
    parts = [f"refused ({status})", word, mask(message) if isinstance(message, str) else ""]
    return ": ".join(part for part in parts if part)


def _said(body: bytes) -> dict[str, Any]:
    """The fields of an error answer; none when it is not a JSON object."""
    try:
        return fields(body)
    except UNDECODABLE:
        return {}


def _word(value: object, mask: Mask) -> str:
    """A machine word of the server such as `phone.bad.format`; '' for anything that could be something private."""
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        return ""
    is_known = value in _TYPES or campaign_state(value) is not CampaignState.UNKNOWN
    return value if is_known or mask(value) == value else ""


def _texts(value: object) -> tuple[str, ...]:
    """The ids or phones in a field that holds one or a list of them, as text or as numbers."""
    items = value if isinstance(value, list) else [value]
    return tuple(str(item) for item in items if isinstance(item, str | int) and not isinstance(item, bool))

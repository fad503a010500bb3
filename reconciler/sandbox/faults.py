"""Faults on demand: what goes wrong with the next requests.

Written as `WHAT:ENDPOINT[:COUNT][:key=value…]`, e.g. `drop-response:addPhones:2` or
`429:*:forever:retry-after=5`. COUNT is the next N matching requests, 1 unless told; `latency` and
`clock-skew` last forever unless told. Of the faults that match a request the oldest strikes, on top of any
latency and skew.

A fault either strikes before the request acts (nothing is done) or after it (all is done, only the answer
suffers). For some that is the caller's choice: `after=true|false`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec.structs import replace

from reconciler.sandbox.answers import Answer
from reconciler.sandbox.clock import http_date
from reconciler.sandbox.operations import ENDPOINTS
from reconciler.sandbox.settings import key_value

When = Literal["before", "after", "choice", "always"]

KINDS: dict[str, tuple[When, frozenset[str]]] = {
    "drop-response": ("after", frozenset({"reset"})),
    "drop-request": ("before", frozenset({"reset"})),
    "500-before": ("before", frozenset()),
    "500-after": ("after", frozenset()),
    "502-html": ("choice", frozenset({"after", "status"})),
    "429": ("before", frozenset({"retry-after", "s"})),
    "503": ("before", frozenset({"retry-after", "s"})),
    "truncated-json": ("after", frozenset()),
    "wrong-content-type": ("after", frozenset()),
    "reset-mid-body": ("after", frozenset()),
    "hang": ("choice", frozenset({"after", "s"})),
    "redirect": ("before", frozenset({"status"})),
    "short-ids": ("after", frozenset({"n"})),
    "extra-ids": ("after", frozenset({"n"})),
    "duplicate-ids": ("after", frozenset()),
    "foreign-ids": ("after", frozenset({"id"})),
    "missing-from-report": ("after", frozenset({"n"})),
    "latency": ("always", frozenset({"ms"})),
    "clock-skew": ("always", frozenset({"s"})),
}
"""Each fault: when it strikes, and the options it takes beside `campaign`."""


class Fault(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """One fault. `count` None: forever. `campaign`: only requests of the campaign of this name.

    `s` seconds to hang, to skew the `Date` header by (may be negative) or until the Retry-After date; `ms`
    latency; `n` how many ids or reports; `id` the id that `foreign-ids` puts in; `reset`: TCP reset instead
    of a plain close.
    """

    what: str
    endpoint: str
    count: Annotated[int, msgspec.Meta(ge=1)] | None = 1
    campaign: str | None = None
    after: bool | None = None
    retry_after: str = "2"
    ms: Annotated[float, msgspec.Meta(ge=0)] = 50
    s: float | None = None
    n: Annotated[int, msgspec.Meta(ge=1)] = 1
    id: int = 1
    status: Annotated[int, msgspec.Meta(ge=300, le=599)] | None = None
    reset: bool = False

    @property
    def acts(self) -> bool:
        """Whether the request takes effect before the fault strikes."""
        when, _ = KINDS[self.what]
        # A hang is worth most when it hides a success; an HTML error page mostly means the request never arrived.
        return when == "after" or (when == "choice" and (self.what == "hang" if self.after is None else self.after))

    def matches(self, endpoint: str, campaign: str | None) -> bool:
        """Whether it is for requests of this endpoint and campaign."""
        return self.endpoint in ("*", endpoint) and self.campaign in (None, campaign)


def parse_fault(text: str) -> Fault:
    """The fault written as `WHAT:ENDPOINT[:COUNT][:key=value…]`; ValueError says what is wrong with it."""
    what, *rest = text.split(":")
    if what not in KINDS:
        raise ValueError(f"a fault is one of {', '.join(KINDS)}")
    endpoint, *rest = rest or [""]
    if endpoint not in ("*", *ENDPOINTS):
        raise ValueError(f"a fault's endpoint is * or one of {', '.join(ENDPOINTS)}")
    when, allowed = KINDS[what]
    fields: dict[str, Any] = {"what": what, "endpoint": endpoint, "count": None if when == "always" else 1}
    if rest and "=" not in rest[0]:
        fields["count"] = None if rest[0] == "forever" else rest[0]
        rest = rest[1:]
    options = dict(key_value(option) for option in rest)
    if unknown := set(options) - allowed - {"campaign"}:
        raise ValueError(f"{what} takes no {', '.join(sorted(unknown))}")
    try:
        return msgspec.convert(fields | options, Fault, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"fault {what}: {error}") from None


class Strike(msgspec.Struct, frozen=True):
    """What happens to one request: a fault or none, seconds of latency, seconds its `Date` header is off."""

    fault: Fault | None = None
    latency_s: float = 0
    skew_s: float = 0


class Faults:
    """The faults still to come, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put it last."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """No more faults."""
        self._waiting.clear()

    def waiting(self) -> tuple[Fault, ...]:
        """Those that have not run out."""
        return tuple(self._waiting)

    def strike(self, endpoint: str, campaign: str | None) -> Strike:
        """What happens to this request; each fault that strikes has one request less to go."""
        matching = [fault for fault in self._waiting if fault.matches(endpoint, campaign)]
        once = next((fault for fault in matching if KINDS[fault.what][0] != "always"), None)
        lasting = [fault for fault in matching if KINDS[fault.what][0] == "always"]
        for fault in (*lasting, *([once] if once else [])):
            self._use(fault)
        return Strike(
            fault=once,
            latency_s=sum(fault.ms / 1000 for fault in lasting if fault.what == "latency"),
            skew_s=sum(300 if fault.s is None else fault.s for fault in lasting if fault.what == "clock-skew"),
        )

    def _use(self, fault: Fault) -> None:
        if fault.count is None:
            return
        place = self._waiting.index(fault)
        if fault.count == 1:
            del self._waiting[place]
        else:
            self._waiting[place] = replace(fault, count=fault.count - 1)


# ----------------------------------------------------------------------------------------------- spoiling the answer

_HTML = b"<html><head><title>%d</title></head><body><center><h1>%d</h1></center><hr>nginx</body></html>\n"


def spoiled(fault: Fault, answer: Answer, server_ms: int) -> Answer:
    """The answer as the fault leaves it; what it was does not matter for a fault that strikes before acting.

    `server_ms` is the time the server believes it is: a Retry-After date is reckoned from it.
    """
    match fault.what:
        case "drop-response" | "drop-request":
            return replace(answer, fate="reset" if fault.reset else "closed")
        case "reset-mid-body":
            return replace(answer, fate="cut")
        case "500-before" | "500-after":
            return Answer(500, b'{"error":"Internal Server Error"}')
        case "502-html":
            status = fault.status or 502
            return Answer(status, _HTML % (status, status), content_type="text/html")
        case "429" | "503":
            wait = fault.retry_after if fault.retry_after != "date" else http_date(server_ms + _whole_ms(fault.s))
            return Answer(int(fault.what), b"{}", headers=(("Retry-After", wait),))
        case "redirect":
            return Answer(fault.status or 307, headers=(("Location", "/sandbox/redirected"),))
        case "truncated-json":
            return replace(answer, content=answer.content[: len(answer.content) // 2])
        case "wrong-content-type":
            return replace(answer, content_type="text/html")
        case "hang":
            return answer
        case _:
            return _with_other_items(fault, answer)


def _whole_ms(seconds: float | None) -> int:
    return int((2 if seconds is None else seconds) * 1000)


def _with_other_items(fault: Fault, answer: Answer) -> Answer:
    """The answer with ids or reports added, removed or exchanged; an answer that is no list of them stays as
    it is.
    """
    body = msgspec.json.decode(answer.content) if answer.content else None
    items = body.get("items") if isinstance(body, dict) else body
    if answer.status != 200 or not isinstance(items, list) or not items:
        return answer
    if isinstance(items[0], dict) == (fault.what == "missing-from-report"):
        items[:] = _other_items(fault, items)
    return replace(answer, content=msgspec.json.encode(body))


def _other_items(fault: Fault, items: list[Any]) -> list[Any]:
    kind = type(items[0])
    match fault.what:
        case "extra-ids":
            return items + [kind(9_999_999_000 + n) for n in range(fault.n)]
        case "duplicate-ids":
            return [*items[:-1], items[0]]
        case "foreign-ids":
            return [*items[:-1], kind(fault.id)]
        case _:  # short-ids, missing-from-report
            return items[: -fault.n]

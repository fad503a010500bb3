"""A second Calls API, over real HTTP, to judge the program by: with it the project's own sandbox proves nothing.

It keeps a log of every request, breaks what a test tells it to break, and writes down every time the client asked for
something the facts do not allow (`violations`).
"""

from __future__ import annotations

import json
import re
import ssl
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.acceptance.other_campaign import Job, No, RemoteCampaign

MUTATIONS = frozenset(
    {"addPhones", "callJob/cancel"} | {f"control/{one}" for one in ("start", "pause", "resume", "stop")}
)
READS = frozenset({"callJob/getReport", "callAttempt/getReport", "callJob/getReportByDate"})
LISTINGS = frozenset({"callAttempt/getReportByDate", "callJob/getUnfinished"})
POLICY_FIELDS = {"allowedDays", "allowedTime", "retryIntervalInMinutes", "maxAttempts", "gmtZone", "dialerPriority"}
TIME_FIELDS = {"startDateTime", "finishDateTime", "localTimeFrom", "localTimeTo"}
CALL_FIELDS = frozenset({"phone", "payload", "externalCheck"} | POLICY_FIELDS | TIME_FIELDS)
HTML = "<html><body><h1>Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class Asked:
    """One request as it arrived, and what was answered; 0: the connection was closed instead."""

    endpoint: str
    token: str
    body: Any
    key: str | None
    status: int

    @property
    def is_mutation(self) -> bool:
        """Whether it could have changed something."""
        return self.endpoint in MUTATIONS


@dataclass
class Gate:
    """A request of one endpoint that waits until the test lets it through."""

    arrived: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)


class OtherServer:
    """The server and what is known of it. Start it with `serving()`."""

    def __init__(self, *campaigns: RemoteCampaign, certificate: Path | None = None) -> None:
        self.campaigns = {campaign.token: campaign for campaign in campaigns}
        self.log: list[Asked] = []
        self.violations: list[str] = []
        self.faults: dict[str, deque[str]] = {}
        self.gates: dict[str, Gate] = {}
        self.refusals: dict[str, dict[str, str]] = {}  # bodies of a 400, by endpoint
        self.remembered: dict[str, Any] = {}  # answers by idempotence key
        self.lock = threading.RLock()
        self.http = _Http(("127.0.0.1", 0), _bound_to(self))
        self._scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
            self._scheme = "https"

    @property
    def host(self) -> str:
        """What a manifest calls it."""
        return f"{self._scheme}://127.0.0.1:{self.http.server_address[1]}"

    @contextmanager
    def serving(self) -> Iterator[OtherServer]:
        """Answers requests inside the block."""
        thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            for gate in self.gates.values():
                gate.release.set()
            self.http.shutdown()
            self.http.server_close()
            thread.join()

    def campaign(self) -> RemoteCampaign:
        """The only campaign, or the first."""
        return next(iter(self.campaigns.values()))

    def fault(self, endpoint: str, kind: str, times: int = 1) -> None:
        """Breaks the next requests: `drop`, `lose`, `500`, `500-after`, `502`, `cut`, `nonsense`, `429`, `slow:S`."""
        self.faults.setdefault(endpoint, deque()).extend([kind] * times)

    def gate(self, endpoint: str) -> Gate:
        """Holds the next request of an endpoint."""
        self.gates[endpoint] = Gate()
        return self.gates[endpoint]

    def count(self, endpoint: str) -> int:
        """How many requests of an endpoint arrived."""
        return sum(asked.endpoint == endpoint for asked in self.log)

    @property
    def mutations(self) -> Counter[str]:
        """How many requests arrived that could have changed something, by endpoint."""
        return Counter(asked.endpoint for asked in self.log if asked.is_mutation)

    def forget(self) -> None:
        """Empties the log."""
        self.log.clear()


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: clients that hang up are part of the tests."""


def _bound_to(server: OtherServer) -> type[BaseHTTPRequestHandler]:
    class Bound(_Conversation):
        other = server

    return Bound


class _Conversation(BaseHTTPRequestHandler):
    other: OtherServer
    protocol_version = "HTTP/1.1"
    skew_s = 0.0

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        """The log of requests is the server's own."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate((timestamp or time.time()) + self.skew_s, usegmt=True)

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(size)
        if len(raw) < size:  # whoever asked is gone: half a request is none
            self.close_connection = True
            return
        found = re.fullmatch(r"/api/calls/campaign/([^/]+)(?:/(.*))?", self.path)
        token, endpoint = (found[1], found[2] or "") if found else ("", self.path)
        body = json.loads(raw) if raw else None
        key = self.headers.get("Idempotence-Key")
        fault = self._fault(endpoint)
        status, answer = self._worked(token, endpoint, body, key, fault)
        closes = fault in ("drop", "lose")
        with self.other.lock:
            self.other.log.append(Asked(endpoint, token, body, key, 0 if closes else status))
        if closes:
            self.close_connection = True
            return
        self._send(status, answer, is_cut=fault == "cut")

    def _fault(self, endpoint: str) -> str:
        gate = self.other.gates.get(endpoint)
        if gate is not None:
            gate.arrived.set()
            gate.release.wait(60)
            self.other.gates.pop(endpoint, None)
        with self.other.lock:
            waiting = self.other.faults.get(endpoint) or self.other.faults.get("*")
            return waiting.popleft() if waiting else ""

    def _worked(self, token: str, endpoint: str, body: Any, key: str | None, fault: str) -> tuple[int, Any]:
        """Does what was asked, unless the fault says otherwise; status and answer."""
        if fault.startswith("slow:"):
            time.sleep(float(fault.removeprefix("slow:")))
        if fault == "lose":
            return 0, None
        if fault in ("500", "502", "429"):
            return {"500": (500, {"message": "oops"}), "502": (502, HTML), "429": (429, {"message": "slow"})}[fault]
        with self.other.lock:
            try:
                status, answer = self._routed(token, endpoint, body, key)
            except No as no:
                status, answer = no.status, no.body
        if fault == "500-after":
            return 500, {"message": "oops"}
        return (200, "}{ not JSON") if fault == "nonsense" else (status, answer)

    def _routed(self, token: str, endpoint: str, body: Any, key: str | None) -> tuple[int, Any]:
        campaign = self.other.campaigns.get(token)
        known = endpoint in MUTATIONS | READS | LISTINGS | {"", "status", "getReport"}
        if not known:
            self.other.violations.append(f"unknown endpoint {self.command} {endpoint!r}")
        if campaign is None:
            raise No(404, type="invalid.token", message="Not found")
        self.skew_s = campaign.skew_s
        if endpoint in self.other.refusals:
            raise No(400, **self.other.refusals[endpoint])
        act = routes(campaign).get((self.command, endpoint))
        if act is None:
            return 404, HTML
        if campaign.dialect == "current" and key and campaign.honours_keys:
            if key not in self.other.remembered:
                self.other.remembered[key] = self._checked(act, endpoint, body)
            return 200, self.other.remembered[key]
        return 200, self._checked(act, endpoint, body)

    def _checked(self, act: Callable[[Any], Any], endpoint: str, body: Any) -> Any:
        self.other.violations += violations(endpoint, body)
        return act(body)

    def _send(self, status: int, answer: Any, *, is_cut: bool) -> None:
        if answer is None:
            content, kind = b"", "text/plain"
        elif isinstance(answer, str):
            content, kind = answer.encode(), "text/html" if answer is HTML else "text/plain;charset=UTF-8"
        else:
            content, kind = json.dumps(answer, ensure_ascii=False).encode(), "application/json;charset=UTF-8"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if status == 429:
            self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if is_cut else content)
        self.close_connection = self.close_connection or is_cut


def routes(campaign: RemoteCampaign) -> dict[tuple[str, str], Callable[[Any], Any]]:
    """What this campaign's dialect knows, by method and endpoint."""

    def report(body: Any) -> Any:
        return campaign.reports(campaign.found(*_asked_for(body)))

    def control(action: str) -> Callable[[Any], None]:
        return lambda _: campaign.control(action)

    both: dict[tuple[str, str], Callable[[Any], Any]] = {
        ("POST", "addPhones"): campaign.add,
        ("POST", "callJob/cancel"): lambda body: campaign.cancel(*_asked_for(body)),
        **{("POST", f"control/{one}"): control(one) for one in ("pause", "resume", "stop")},
    }
    if campaign.dialect == "legacy":
        return both | {("POST", "getReport"): report, ("POST", "control/start"): control("start")}
    return both | {
        ("GET", ""): lambda _: campaign.details(),
        ("GET", "status"): lambda _: campaign.word(),
        ("POST", "callJob/getReport"): report,
        ("POST", "callAttempt/getReport"): lambda body: [
            campaign.attempt(job) for job in campaign.found(*_asked_for(body))
        ],
        ("POST", "callJob/getReportByDate"): lambda body: _dated(campaign, body),
        ("POST", "callAttempt/getReportByDate"): lambda body: _dated(campaign, body),
        ("POST", "callJob/getUnfinished"): lambda body: _page(campaign, campaign.live(), body),
    }


def _asked_for(body: Any) -> tuple[list[str], list[str]]:
    return [str(one) for one in body.get("ids") or []], list(body.get("phones") or [])


def _dated(campaign: RemoteCampaign, body: Any) -> dict[str, Any]:
    """A page of the jobs created from (inclusive) … to (exclusive)."""
    bounds = {name: _ms(text) for name, text in body["filter"].items() if text}
    start, end = bounds.get("createdAtFrom", 0), bounds.get("createdAtTo", 1 << 60)
    jobs = [job for job in campaign.shown() if start <= job.created_ms < end]
    return _page(campaign, jobs, body["pagination"])


def _ms(text: str) -> int:
    return int(1000 * datetime.fromisoformat(text).timestamp())


def _page(campaign: RemoteCampaign, jobs: list[Job], wanted: Any) -> dict[str, Any]:
    page, size = wanted.get("page", 0), wanted.get("pageSize", 20)
    items = [campaign.report(job) for job in jobs[page * size : (page + 1) * size]]
    return {"items": items, "pagination": {"page": page, "pageSize": size}, "took": 3}


def violations(endpoint: str, body: Any) -> list[str]:
    """What the request asks for that the facts do not allow."""
    if endpoint == "addPhones":
        return [text for item in body for text in _call_violations(item)] if body else ["addPhones without numbers"]
    if endpoint.startswith("control/"):
        return [] if body is None else [f"{endpoint} with a body"]
    if endpoint.endswith("getReport") or endpoint == "callJob/cancel":
        return [] if set(body) <= {"phones", "ids"} and any(body.values()) else [f"{endpoint} asks for {sorted(body)}"]
    if endpoint.endswith(("ByDate", "getUnfinished")):
        page = body.get("pagination", body)
        is_fine = 0 <= page["page"] <= 199 and 1 <= page["pageSize"] <= 200
        return [] if is_fine else [f"{endpoint} pages {page}"]
    return []


def _call_violations(item: dict[str, Any]) -> list[str]:
    found = [f"unknown field {name}" for name in set(item) - CALL_FIELDS]
    if not re.fullmatch(r"[0-9]{5,15}", item["phone"]):
        found.append("a phone that is not digits")
    windows = [window for each in item.get("allowedTime", {}).values() for window in each]
    found += [f"a window that is not HH:MM: {window}" for window in windows if not _is_window(window)]
    return found


def _is_window(window: dict[str, str]) -> bool:
    return all(re.fullmatch(r"[0-2][0-9]:[0-5][0-9]", window[end]) for end in ("localTimeFrom", "localTimeTo"))

"""A Calls API small enough to be run thousands of times a second: no sockets, no threads, a clock of its own.

It keeps to the same facts as the sandbox, as far as applying needs them, and adds what only a simulation can do: a
request may take effect at once, some time after its client gave up, or never.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import msgspec

TOKEN = "token-of-the-simulated-campaign"
SECOND_TOKEN = "second-token-of-the-same-campaign"
START_S = 1_704_103_200.0  # Monday 2024-01-01 10:00 UTC
FIRST_ID = 5665330001
BUSY = httpx.Response(503, html="<html>try later</html>", headers={"Retry-After": "5"})
"""What a proxy says of a server that is busy, or that took too long."""


class SimulatedClock:
    """A clock that moves only when somebody waits."""

    def __init__(self) -> None:
        self._now_s = START_S
        self._due: list[tuple[float, Callable[[], object]]] = []

    def now_s(self) -> float:
        """Unix seconds."""
        return self._now_s

    def sleep(self, seconds: float) -> None:
        """Lets time pass, and what is due by then happen."""
        self._now_s += seconds
        due = [act for at_s, act in self._due if at_s <= self._now_s]
        self._due = [(at_s, act) for at_s, act in self._due if at_s > self._now_s]
        for act in due:
            act()

    def set_back(self, seconds: float) -> None:
        """Puts the clock back, as a machine with the right time takes over from one with a wrong one."""
        self._now_s -= seconds

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Has something happen after so many seconds."""
        self._due.append((self._now_s + seconds, act))


class Job(msgspec.Struct):
    """A job on the server."""

    id: str
    phone: str
    body: dict[str, Any]
    created_ms: int
    status: str = "planned"
    duration: int = 0
    finished_ms: int | None = None
    is_foreign: bool = False

    @property
    def counts(self) -> bool:
        """Whether the person was called because of it, or may be: it was not taken back in time."""
        return self.status not in ("canceled", "notDone") or self.duration > 0


class Answer(Exception):
    """What the server says instead of doing it."""

    def __init__(self, status: int, body: object) -> None:
        self.response = httpx.Response(status, content=msgspec.json.encode(body))
        super().__init__(status)


MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "start": (("new", "planned"), "inProgress"),
    "pause": (("inProgress",), "paused"),
    "resume": (("paused",), "inProgress"),
    "stop": (("new", "planned", "inProgress", "paused"), "finished"),
}


class SimulatedServer:
    """One campaign. `honours_keys`: the same `Idempotence-Key` is done once."""

    def __init__(self, clock: SimulatedClock, *, is_current: bool, honours_keys: bool, state: str = "new") -> None:
        self.clock, self.is_current, self.honours_keys, self.state = clock, is_current, honours_keys, state
        self.jobs: dict[str, Job] = {}
        self.rejects: set[str] = set()
        self.hidden: set[str] = set()  # ids that the listing by date leaves out
        self.unreported: set[str] = set()  # ids that reports by phone leave out without a word
        self.shows_jobs = True  # False: reports and listings know of none
        self.skew_s = 0.0
        self.campaign_id = 4001
        self.cancels = True  # False: a cancel takes nothing back
        self.moves = MOVES
        self.refusals: dict[str, Answer] = {}  # by path: what is answered instead of doing it
        self.watch: Callable[[str], object] = lambda path: None  # told of every request that arrives
        self.answered_ids: Callable[[list[int]], list[int]] = lambda ids: ids  # what becomes of the ids of new jobs
        self.keys: list[str] = []  # of the addPhones that took effect or were refused, in order
        self.log: list[str] = []  # mutating endpoints, in the order in which they took effect or were refused
        self._instead: list[httpx.Response] = []
        self._remembered: dict[tuple[str, str], httpx.Response] = {}

    def replaces_answer(self, *answers: httpx.Response) -> None:
        """Has something on the way say these, in turn, instead of what the server answers to addPhones."""
        self._instead += answers

    @staticmethod
    def mutates(path: str) -> bool:
        """Whether a request to this path changes something."""
        return path in ("addPhones", "callJob/cancel") or path.startswith("control/")

    def add_job(self, phone: str, *, status: str = "planned", is_foreign: bool = False) -> Job:
        """A new job, as if a request had made it."""
        now_ms = int(1000 * (self.clock.now_s() + self.skew_s))
        job = Job(str(FIRST_ID + len(self.jobs)), phone, {}, now_ms, status, is_foreign=is_foreign)
        self.jobs[job.id] = job
        return job

    def respond(self, path: str, content: bytes, key: str = "") -> httpx.Response:
        """The answer to a request, once it took effect."""
        self.watch(path)
        remembered = self._remembered.get((path, key)) if self.honours_keys and key else None
        response = remembered or self._act(path, msgspec.json.decode(content) if content else None)
        if self.mutates(path):
            self.log.append(path)
            self.keys += [key] if path == "addPhones" else []
            self._remembered[path, key] = response
        if path == "addPhones" and self._instead:
            return self._instead.pop(0)
        date = datetime.fromtimestamp(int(self.clock.now_s() + self.skew_s), UTC)
        headers = {"Content-Type": "application/json", "Date": format_datetime(date, usegmt=True)}
        return httpx.Response(response.status_code, content=response.content, headers=headers)

    def _act(self, path: str, body: Any) -> httpx.Response:
        try:
            return httpx.Response(200, content=self._done(path, body))
        except Answer as refused:
            return refused.response

    def _done(self, path: str, body: Any) -> bytes:
        if path in self.refusals:
            raise self.refusals[path]
        match path:
            case "addPhones":
                return msgspec.json.encode(self._add(body))
            case "callJob/cancel":
                return msgspec.json.encode([int(job.id) for job in self._named(body) if self._cancel(job)])
            case "callJob/getReport" if self.is_current:
                return msgspec.json.encode([_report(job) for job in self._named(body)])
            case "getReport" if not self.is_current:
                return msgspec.json.encode([_report(job) for job in self._named(body)])
            case "callJob/getReportByDate" if self.is_current:
                return msgspec.json.encode(self._page(body))
            case "status" if self.is_current:
                return msgspec.json.encode(self.state)
            case "" if self.is_current:
                return msgspec.json.encode(self._details())
        if path.startswith("control/"):
            return self._control(path.removeprefix("control/"))
        raise Answer(404, {"error": "Not Found"})

    def _add(self, body: list[dict[str, Any]]) -> list[int]:
        """Ids as numbers and in another order than sent."""
        if self.state == "finished":
            raise Answer(400, {"type": "invalid.call.task.state", "state": "FINISHED"})
        for item in body:
            if item["phone"] in self.rejects:
                raise Answer(400, {"type": "phone.bad.format", "phone": item["phone"]})
        ids = []
        for item in body:
            job = self.add_job(item["phone"])
            job.body = item
            ids.append(int(job.id))
        return self.answered_ids(ids[::-1])

    def _cancel(self, job: Job) -> bool:
        if not self.cancels or job.status not in ("planned", "onRetry"):
            return False
        job.status, job.finished_ms = "canceled", int(1000 * (self.clock.now_s() + self.skew_s))
        return True

    def _control(self, move: str) -> bytes:
        possible_from, target = self.moves[move]
        if self.state not in possible_from:
            raise Answer(400, {"error": "impossible", "message": "not now", "args": []})
        self.state = target
        return b""

    def _named(self, body: dict[str, Any]) -> list[Job]:
        found: dict[str, Job] = {}
        for job_id in map(str, body.get("ids", ())):
            if job_id not in self.jobs or not self.shows_jobs:
                raise Answer(400, {"type": "id.not.found", "message": "some id"})
            found[job_id] = self.jobs[job_id]
        for phone in body.get("phones", ()):
            of_phone = {job.id: job for job in self.jobs.values() if job.phone == phone}
            if not of_phone or not self.shows_jobs:
                raise Answer(400, {"type": "phone.not.found", "message": "some phone"})
            found |= {job_id: job for job_id, job in of_phone.items() if job_id not in self.unreported}
        return list(found.values())[::-1]

    def _page(self, body: dict[str, Any]) -> dict[str, Any]:
        from_text = body["filter"].get("createdAtFrom")
        from_ms = datetime.fromisoformat(from_text).timestamp() * 1000 if from_text else 0
        jobs = [job for job in self.jobs.values() if self._shows(job) and job.created_ms >= from_ms]
        page, size = body["pagination"]["page"], body["pagination"]["pageSize"]
        return {"items": [_report(job) for job in jobs[page * size : (page + 1) * size]]}

    def _shows(self, job: Job) -> bool:
        return self.shows_jobs and job.id not in self.hidden

    def _details(self) -> dict[str, Any]:
        return {"id": self.campaign_id, "status": self.state, "shortReport": {"totalNumbers": len(self.jobs)}}


def _report(job: Job) -> dict[str, Any]:
    return {
        "callJobId": job.id,
        "phone": job.phone,
        "jobStatus": job.status,
        "attemptsCount": 0,
        "callDuration": job.duration,
        "createdAt": job.created_ms,
        "finishedAt": job.finished_ms,
        "somethingNew": {"of": "a later version"},
    }

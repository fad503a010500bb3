"""The world of `tests/apply`, with everything in it that nobody asked for.

A server on which calls proceed while an apply is at work, on which somebody else adds and cancels, which is busy, fails
or says less than it should; a disk that only one run may hold, and that may be full. What happens is scripted by the
number of the request before which it does. What really came of it is kept by `Truth`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec

from reconciler.apply.clock import StopRequest
from reconciler.errors import LockHeld
from reconciler.phones.model import Desired
from reconciler.plan.model import Plan
from tests.apply.server import TOKEN, Answer, Job, SimulatedClock, SimulatedServer
from tests.apply.world import Crash, Disk, World
from tests.random.truth import CANCELLED, Truth, is_live

REACHED = (("longCallWithResult", 30), ("longCallWithNoResult", 4), ("long\u0421allWithResult", 12))
UNREACHED = (("noAnswer", 0), ("onRetry", 0), ("nonexistentNumber", 0), ("technicalError", 0), ("aNewWord", 0))
TAKEN_BACK = (("canceled", 0), ("cancelledByUser", 0), ("cancelledByUser", 9))
NEXT: Mapping[str, Sequence[tuple[str, int]]] = {
    "planned": (*[("inProcess", 0)] * 4, ("notDone", 0)),
    "onRetry": (("inProcess", 0), ("inProcess", 0), ("noAnswer", 0)),
    "inProcess": (*REACHED, *UNREACHED),
    "aNewWord": (REACHED[0], ("noAnswer", 0), ("planned", 0)),
}
"""What a job of each status may become, with the seconds somebody talked."""


class Incident(msgspec.Struct, frozen=True):
    """Something that happens before a request; `n` says to whom, `choice` how."""

    what: str
    n: int = 0
    choice: int = 0

    def __repr__(self) -> str:
        return f"Incident({self.what!r}, {self.n}, {self.choice})"


EVENTS = ("a call proceeds", "others add", "others cancel", "others pause or resume")
FAULTS = ("busy", "gateway", "failed", "cut", "fewer ids", "other ids")
TURNS = ("unreadable", "dark", "disk full", "journal full", "asked to stop", "second runner")
INCIDENTS = (*EVENTS, *FAULTS, *TURNS)


class RandomClock(SimulatedClock):
    """A clock that knows whether something is still under way."""

    @property
    def has_travellers(self) -> bool:
        """Whether some request will still take effect."""
        return bool(self._due)


class RandomDisk(Disk):
    """A disk whose mutex is held by one run at a time, and let go of when its process dies."""

    is_held = False

    @contextmanager
    def hold(self, command: str) -> Iterator[None]:
        """The mutex; raises LockHeld when another run has it."""
        if self.is_held:
            raise LockHeld("held by another run")
        self.is_held = True
        try:
            with super().hold(command):
                yield
        finally:
            self.is_held = False


class RandomServer(SimulatedServer):
    """A server on which things happen by themselves. `knows_start`: it can start a new campaign."""

    def __init__(self, clock: SimulatedClock, truth: Truth, *, knows_start: bool, **kind: Any) -> None:
        super().__init__(clock, **kind)
        self.truth, self.knows_start = truth, knows_start
        self.vanished = truth.hidden  # ids of jobs that no report shows
        self.asked_back: set[str] = set()  # ids of jobs that were being called when they were cancelled
        self._key = ""

    def respond(self, path: str, content: bytes, key: str = "") -> httpx.Response:
        """The answer to a request, once it took effect."""
        self._key = key
        return super().respond(path, content, key)

    def _done(self, path: str, body: Any) -> bytes:
        hidden = {} if path in ("", "addPhones") else {i: self.jobs.pop(i) for i in sorted(self.vanished)}
        try:
            return super()._done(path, body)
        finally:
            self.jobs = dict(sorted((self.jobs | hidden).items()))

    def _add(self, body: list[dict[str, Any]]) -> list[int]:
        before = set(self.jobs)
        ids = super()._add(body)
        for job_id in sorted(self.jobs.keys() - before):
            self.truth.created(self.jobs[job_id], self._key)
        return ids

    def _cancel(self, job: Job) -> bool:
        """Whoever is being called is not hung up on, and gets no further attempt."""
        if job.status == "inProcess":
            self.asked_back.add(job.id)
            return True
        return super()._cancel(job)

    def _control(self, move: str) -> bytes:
        if move == "start" and not self.knows_start:
            raise Answer(404, {"error": "Not Found"})
        answer = super()._control(move)
        if self.state == "finished":
            self.end()
        return answer

    # -------------------------------------------------------------------------------------------- by itself, by others

    def end(self) -> None:
        """The campaign is over; whoever waits is never called."""
        self.state = "finished"
        for job in self.jobs.values():
            if job.status in ("planned", "onRetry"):
                job.status = "notDone"

    def proceed(self, n: int, choice: int) -> None:
        """The n-th call that is not over goes on; nobody is called while the campaign does not run."""
        going = [job for job in self.jobs.values() if is_live(job)]
        if not going:
            return
        job = going[n % len(going)]
        if job.status in ("planned", "onRetry") and self.state != "inProgress":
            return
        options = NEXT[job.status]
        if job.id in self.asked_back and job.status == "inProcess":
            options = (*TAKEN_BACK, REACHED[0], UNREACHED[0])
        job.status, seconds = options[choice % len(options)]
        job.duration += seconds

    def cancel_by_others(self, n: int) -> None:
        """Somebody else takes the n-th waiting call back."""
        shown = (job for job in self.jobs.values() if job.id not in self.vanished)
        waiting = [job for job in shown if job.status in ("planned", "onRetry")]
        if waiting:
            job = waiting[n % len(waiting)]
            job.status = CANCELLED[n % len(CANCELLED)]
            self.truth.cancelled_by_others(job)

    def add_by_others(self, phone: str) -> None:
        """Somebody else adds a call."""
        if self.state != "finished":
            self.truth.added_by_others(self.add_job(phone, is_foreign=True))

    def flip(self) -> None:
        """Somebody else starts, pauses or resumes the campaign."""
        self.state = {"new": "inProgress", "inProgress": "paused", "paused": "inProgress"}.get(self.state, self.state)


class RandomWorld(World):
    """A world in which every apply may meet incidents, by the number of the request before which they happen."""

    clock: RandomClock
    disk: RandomDisk
    server: RandomServer

    def __init__(self, phones: Sequence[str], truth: Truth, *, skew_s: float, knows_start: bool, **kind: Any) -> None:
        super().__init__(**kind)
        self.clock, self.disk, self.truth, self.phones = RandomClock(), RandomDisk(), truth, phones
        self.server = RandomServer(self.clock, truth, knows_start=knows_start, **kind)
        self.server.skew_s = skew_s
        self._incidents: dict[int, list[Incident]] = {}
        self._requests = 0
        self._is_unreadable = self._is_dark = False

    def meets(self, incidents: Mapping[int, Sequence[Incident]]) -> None:
        """Scripts what the next run meets."""
        self._incidents = {number: list(each) for number, each in incidents.items()}
        self._requests = 0

    def calms_down(self) -> None:
        """The end of a run: nothing of its script is left."""
        self._incidents = {}
        self._is_unreadable = self._is_dark = False
        self.stop = StopRequest()
        self.disk.fails = ""

    def _approve(self, plan: Plan) -> bool:
        self.truth.approved(plan)
        return super()._approve(plan)

    def _receive(self, request: httpx.Request) -> httpx.Response:
        if self.power.is_off:
            raise Crash
        self._requests += 1
        faults = [self._happen(incident) for incident in self._incidents.pop(self._requests, ())]
        path = request.url.path.partition(TOKEN)[2].strip("/")
        mutates = self.server.mutates(path)
        if mutates:
            self.truth.sending(path, request.content, request.headers.get("Idempotence-Key", ""), self.disk)
        if self._is_dark:
            raise httpx.ConnectError("no route")
        if self._is_unreadable and not mutates:
            return httpx.Response(500, text="<html>")
        return self._answered(request, next(filter(None, faults), ""))

    def _answered(self, request: httpx.Request, fault: str) -> httpx.Response:
        if fault == "busy":
            return httpx.Response(429, headers={"Retry-After": "2"})
        if fault == "gateway":
            return httpx.Response(502, text="<html>Bad Gateway</html>")
        response = super()._receive(request)
        if fault == "failed":
            return httpx.Response(500, json={"type": "internal"})
        if fault == "cut":
            return httpx.Response(200, content=response.content[:-1])
        if fault.endswith("ids") and request.url.path.endswith("addPhones") and response.status_code == 200:
            ids = msgspec.json.decode(response.content, type=list[int])
            others = ids[1:] if fault == "fewer ids" else [*ids[1:], int(min(self.server.jobs))]
            return httpx.Response(200, json=others)
        return response

    def _happen(self, incident: Incident) -> str:
        """Lets it happen; the fault that the answer has because of it, or ''."""
        match incident.what:
            case "a call proceeds":
                self.server.proceed(incident.n, incident.choice)
            case "others add":
                self.server.add_by_others(self.phones[incident.n % len(self.phones)])
            case "others cancel":
                self.server.cancel_by_others(incident.n)
            case "others pause or resume":
                self.server.flip()
            case "unreadable":
                self._is_unreadable = True
            case "dark":
                self._is_dark = True
            case "disk full" | "journal full":
                self.disk.fails = "replace" if incident.what == "disk full" else "append"
            case "asked to stop":
                self.stop.ask()
            case "second runner":
                self._second_runner()
            case fault:
                return fault
        return ""

    def _second_runner(self) -> None:
        """Another run on the same disk, which must be refused before it did anything."""
        power, requests, plan, tally = self.power, self._requests, self.plan, self.tally
        try:
            super().apply(Desired(()))
        except LockHeld:
            pass
        else:
            self.truth.accuse("a second run was let in")
        if self._requests != requests or self.power.effects:
            self.truth.accuse("a second run did something before it was refused")
        self.power = self.disk.power = power
        self.plan, self.tally = plan, tally

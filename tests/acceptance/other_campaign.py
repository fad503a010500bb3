"""A campaign of the second server: its jobs, its state, and how it likes to write things down.

Written from the published facts of the Calls API and from nothing else, and as unlike the project's own sandbox as
those facts allow. Where sources disagree about a spelling, a `Style` picks one, so that every spelling gets its turn.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal
from zlib import crc32

FINISHED_WORDS = frozenset(
    {
        "longCallWithResult",
        "long\u0421allWithResult",  # the oldest help page spells it with a Cyrillic letter
        "longCallWithNoResult",
        "noAnswer",
        "nonexistentNumber",
        "technicalError",
        "notDone",
        "canceled",
        "cancelledByUser",
    }
)
CANCELLED_WORDS = frozenset({"canceled", "cancelledByUser"})

RUNNING_WORDS = frozenset({"inProgress", "inProcess"})


@dataclass(frozen=True)
class Style:
    """How a server writes what it means."""

    ids: Literal["number", "string", "mixed"] = "number"
    times: Literal["ms", "iso"] = "ms"
    cancelled: str = "canceled"
    running: str = "inProgress"
    is_status_bare: bool = False  # `running` and not `"running"`
    counts_phones: bool = False  # totalNumbers: distinct numbers and not jobs


SHOUTING = Style(ids="mixed", times="iso", cancelled="cancelledByUser", running="inProcess", is_status_bare=True)
PLAIN = Style()
STRINGS = Style(ids="string", times="iso", counts_phones=True)


class No(Exception):
    """The server says no: an HTTP status and a JSON body."""

    def __init__(self, status: int, **body: object) -> None:
        super().__init__(status)
        self.status, self.body = status, body


@dataclass
class Job:
    """One number handed in."""

    id: int
    phone: str
    request: dict[str, Any]
    created_ms: int
    status: str = "planned"
    attempts: int = 0

    @property
    def is_live(self) -> bool:
        """Whether it can still ring."""
        return self.status not in FINISHED_WORDS

    @property
    def is_cancelled(self) -> bool:
        """Whether it was taken back."""
        return self.status in CANCELLED_WORDS


@dataclass
class RemoteCampaign:
    """What one token leads to."""

    token: str
    dialect: Literal["legacy", "current"] = "current"
    state: str = "inProgress"
    style: Style = PLAIN
    honours_keys: bool = True
    refused_phones: frozenset[str] = frozenset()
    lag_s: float = 0.0  # until a new job shows in reports and listings
    skew_s: float = 0.0  # how far the server's clock is ahead
    jobs: dict[int, Job] = field(default_factory=dict, repr=False)

    def now_ms(self) -> int:
        """Unix milliseconds on the server's clock."""
        return int(1000 * (time.time() + self.skew_s))

    # -- what the endpoints do

    def add(self, wanted: list[dict[str, Any]]) -> list[int | str]:
        """The ids of the new jobs, in an order of the server's own. Raises No, and then nothing was added."""
        if self.state == "finished":
            raise No(400, type="invalid.call.task.state", message="Call task is finished", state="FINISHED")
        phones = Counter(item["phone"] for item in wanted)
        doubled = [phone for phone, times in phones.items() if times > 1]
        if doubled:
            raise No(400, type="phone.duplicated", message="dup", phone=doubled[0], phonesDuplicates=doubled)
        for phone in phones:
            if phone in self.refused_phones:
                raise No(400, type="phone.bad.format", message=f"Bad phone {phone}", phone=phone)
        added = [self._new(item) for item in wanted]
        return [self._id(job.id) for job in sorted(added, key=lambda job: job.id * 31 % 97)]

    def _new(self, item: dict[str, Any]) -> Job:
        number = len(self.jobs) + 1
        job = Job(5_665_000_000 + number * 7919 % 100_003, item["phone"], item, self.now_ms())
        self.jobs[job.id] = job
        return job

    def cancel(self, ids: list[str], phones: list[str]) -> list[int | str]:
        """The ids of the jobs that were taken back. A call in progress is finished, without another attempt."""
        taken = [job for job in self.found(ids, phones) if job.is_live]
        for job in taken:
            job.status = self.style.cancelled
        return [self._id(job.id) for job in reversed(taken)]

    def control(self, action: str) -> None:
        """Moves the campaign. Raises No when it cannot be moved that way."""
        moves = {
            ("start", "new"): self.style.running,
            ("pause", self.style.running): "paused",
            ("pause", "planned"): "paused",
            ("resume", "paused"): self.style.running,
            ("stop", self.style.running): "finished",
            ("stop", "paused"): "finished",
            ("stop", "planned"): "finished",
            ("stop", "new"): "finished",
        }
        if (action, self.state) not in moves:
            raise No(400, error="wrong.state", message=f"Cannot {action}", args={"state": self.state})
        self.state = moves[action, self.state]

    # -- what it reports

    def found(self, ids: list[str], phones: list[str]) -> list[Job]:
        """The jobs asked for. Raises No when any item is unknown, and does not say which."""
        shown = {str(job.id): job for job in self.shown()}
        if any(each not in shown for each in ids):
            raise No(400, type="id.not.found", message="Some ids were not found")
        by_phone = [job for job in shown.values() if job.phone in set(phones)]
        if {job.phone for job in by_phone} != set(phones):
            raise No(400, type="phone.not.found", message="Some phones were not found")
        return list({job.id: job for job in [*(shown[each] for each in ids), *by_phone]}.values())

    def shown(self) -> list[Job]:
        """Jobs that reports know already, newest first."""
        before_ms = self.now_ms() - int(1000 * self.lag_s)
        return [job for job in reversed(self.jobs.values()) if job.created_ms <= before_ms]

    def live(self) -> list[Job]:
        """Jobs that are not finished, newest first."""
        return [job for job in self.shown() if job.is_live]

    def word(self) -> str:
        """The state, as `GET status` says it."""
        return self.state if self.style.is_status_bare else f'"{self.state}"'

    def reports(self, jobs: list[Job]) -> list[dict[str, Any]]:
        """Job reports, last asked first, with fields that nobody documented."""
        return [self.report(job) for job in reversed(jobs)]

    def report(self, job: Job) -> dict[str, Any]:
        """A job report."""
        return {
            "tenant": {"shard": 7},
            "callJobId": self._id(job.id),
            "phone": job.phone,
            "jobStatus": job.status,
            "attemptsCount": job.attempts,
            "callDuration": 12.5 if job.status.startswith("long") else 0,
            "createdAt": self._time(job.created_ms),
            "finishedAt": None if job.is_live else self._time(job.created_ms + 60_000),
            "redialNumber": None,
            "reportData": {"answer": ["yes", 1]} if job.status.startswith("long") else None,
            "tagName": None,
            "priorityClass": "B",
        }

    def attempt(self, job: Job) -> dict[str, Any]:
        """A report of the job's last attempt."""
        extra = {"attemptNumber": job.attempts, "callResult": "busy", "startedAt": self._time(job.created_ms)}
        return self.report(job) | extra

    def details(self) -> dict[str, Any]:
        """The answer to `GET ""`."""
        jobs = self.jobs.values()
        total = len({job.phone for job in jobs}) if self.style.counts_phones else len(jobs)
        return {
            "id": crc32(self.token.encode()),
            "name": "Remote name",
            "projectName": "p",
            "creationDate": self._time(self.now_ms()),
            "botId": "bot",
            "startTime": None,
            "endTime": None,
            "status": self.state,
            "maxSimultaneousCalls": 3,
            "shortReport": {
                "totalNumbers": total,
                "processedNumbers": sum(not job.is_live for job in jobs),
                "usedTalkingTime": 0,
                "usedAsrSeconds": 0,
                "inProcessCalls": sum(job.status == "inProcess" for job in jobs),
                "retryCalls": sum(job.status == "onRetry" for job in jobs),
                "mood": "fine",
            },
            "region": None,
        }

    def _id(self, number: int) -> int | str:
        match self.style.ids:
            case "number":
                return number
            case "string":
                return str(number)
            case "mixed":
                return number if number % 2 else str(number)

    def _time(self, unix_ms: int) -> int | str:
        if self.style.times == "ms":
            return unix_ms
        moment = datetime.fromtimestamp(unix_ms / 1000, UTC)
        return moment.astimezone(timezone(timedelta(hours=3))).isoformat(timespec="milliseconds")

    # -- what tests do to it and ask of it

    def seed(self, phone: str, status: str = "planned") -> Job:
        """A job somebody else created, yesterday."""
        job = self._new({"phone": phone})
        job.created_ms -= 86_400_000
        job.status = status
        return job

    def set_status(self, phone: str, status: str, attempts: int = 1) -> None:
        """Gives the newest job of a number a status."""
        job = self.jobs_of(phone)[-1]
        job.status, job.attempts = status, attempts

    def jobs_of(self, phone: str) -> list[Job]:
        """Every job of a number, oldest first."""
        return [job for job in self.jobs.values() if job.phone == phone]

    @property
    def ringing(self) -> Counter[str]:
        """How often each number was or can still be called: jobs that were not taken back."""
        return Counter(job.phone for job in self.jobs.values() if not job.is_cancelled and job.status != "notDone")

    @property
    def is_running(self) -> bool:
        """Whether it is calling people now."""
        return self.state in RUNNING_WORDS

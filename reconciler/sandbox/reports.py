"""How jobs and campaigns look in JSON, in the spelling each campaign is set to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.sandbox.campaign import Campaign
from reconciler.sandbox.clock import iso
from reconciler.sandbox.jobs import CANCELED, FINISHED, IN_PROCESS, ON_RETRY, WITH_RESULT, Attempt, Job
from reconciler.sandbox.settings import Settings

_SPELLINGS: dict[str, dict[str, str]] = {
    "old": {},
    "new": {CANCELED: "cancelledByUser"},
    "cyrillic": {WITH_RESULT: "long\u0421allWithResult"},
}
"""Statuses whose spelling differs from the one the sandbox uses itself."""

_EXTRA = {"regionCode": "US-CA", "labels": {"source": "sandbox"}, "cost": 0.25}
"""Fields no help page mentions: a client has to ignore them."""


class ReportStyle:
    """Turns jobs and attempts into what a report holds."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._words = _SPELLINGS[settings.spelling or "new"]
        self._extra: dict[str, Any] = _EXTRA if settings.extra else {}

    def job_id(self, job_id: str) -> str | int:
        """The id as string or number."""
        return job_id if self._settings.ids == "string" else int(job_id)

    def status(self, status: str) -> str:
        """The word clients are told for a status or a call's result."""
        return self._words.get(status, status)

    def state(self, state: str) -> str:
        """The word clients are told for the campaign's state."""
        return "inProcess" if state == "inProgress" and self._settings.spelling != "new" else state

    def time(self, at_ms: int | None) -> int | str | None:
        """A time as Unix milliseconds or ISO 8601."""
        return at_ms if at_ms is None or self._settings.times == "ms" else iso(at_ms)

    def job(self, job: Job) -> dict[str, Any]:
        """A job report; what the last attempt recorded stands for the job."""
        last = job.attempts[-1] if job.attempts else None
        return {
            "callJobId": self.job_id(job.id),
            "phone": job.phone,
            "jobStatus": self.status(job.status),
            "attemptsCount": job.attempts_count,
            "callDuration": job.talked_s,
            "createdAt": self.time(job.created_ms),
            "finishedAt": self.time(job.finished_ms),
            "redialNumber": None,
            "reportData": last.report if last else None,
            "tagName": last.tag if last else None,
            "tagPayload": None,
            **self._extra,
        }

    def attempt(self, job: Job, attempt: Attempt) -> dict[str, Any]:
        """An attempt report: the job's, with what this attempt alone came to."""
        return self.job(job) | {
            "attemptNumber": attempt.number,
            "callResult": self.status(attempt.result),
            "startedAt": self.time(attempt.started_ms),
            "finishedAt": self.time(attempt.finished_ms),
            "callDuration": attempt.talk_s,
            "reportData": attempt.report,
            "tagName": attempt.tag,
        }

    def attempts(self, jobs: Iterable[Job]) -> list[dict[str, Any]]:
        """Attempt reports of all finished attempts of the jobs."""
        return [self.attempt(job, attempt) for job in jobs for attempt in job.attempts]

    def details(self, campaign: Campaign) -> dict[str, Any]:
        """What `GET ""` answers."""
        counts, talked_s = campaign.totals()
        return {
            "id": self.job_id(str(self._settings.id)),
            "name": self._settings.name,
            "projectName": "sandbox",
            "creationDate": self.time(campaign.created_ms),
            "botId": f"{self._settings.id}-sandbox",
            "startTime": self.time(campaign.started_ms),
            "endTime": self.time(campaign.ended_ms),
            "status": self.state(campaign.state),
            "maxSimultaneousCalls": self._settings.lines,
            "shortReport": {
                "totalNumbers": sum(counts.values()),
                "processedNumbers": sum(number for status, number in counts.items() if status in FINISHED),
                "usedTalkingTime": talked_s,
                "usedAsrSeconds": talked_s // 2,
                "inProcessCalls": counts.get(IN_PROCESS, 0),
                "retryCalls": counts.get(ON_RETRY, 0),
            },
            **self._extra,
        }

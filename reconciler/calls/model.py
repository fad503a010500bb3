"""What the Calls API says, as values: the state of a campaign and the jobs in it.

The server spells the same fact in several ways (see `answers.py`); here each fact has one spelling. A word
that nobody has listed becomes UNKNOWN, which is never the same as absent.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class Dialect(StrEnum):
    """Which of the two forms of the API a server speaks."""

    LEGACY = "legacy"
    CURRENT = "current"


class CampaignState(StrEnum):
    """State of a campaign on the server."""

    NEW = "new"
    SCHEDULED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    DELETED = "deleted"
    UNKNOWN = "unknown"


class Control(StrEnum):
    """A move of a whole campaign: the last part of the `control/` endpoint."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


class JobStatus(StrEnum):
    """Status of a call job, one spelling each."""

    PLANNED = "planned"
    ON_RETRY = "onRetry"
    IN_PROCESS = "inProcess"
    TALKED_WITH_RESULT = "longCallWithResult"
    TALKED_NO_RESULT = "longCallWithNoResult"
    NO_ANSWER = "noAnswer"
    NONEXISTENT = "nonexistentNumber"
    TECHNICAL_ERROR = "technicalError"
    NOT_DONE = "notDone"
    CANCELLED = "canceled"
    UNKNOWN = "unknown"


class Job(msgspec.Struct, frozen=True, gc=False):
    """A call job as the reconciler sees it. `phone` is digits only."""

    job_id: str
    phone: str
    status: JobStatus
    attempts: int = 0
    was_reached: bool = False  # somebody talked: a talked status, a call duration, or a recorded result
    created_at_ms: int | None = None  # Unix milliseconds

    def __repr__(self) -> str:
        return f"Job({self.job_id}, {self.status})"


class JobReport(msgspec.Struct, frozen=True):
    """A job with everything the report said of it; `result` and tags are whatever the script recorded."""

    job: Job
    call_duration_s: float = 0
    finished_at_ms: int | None = None
    redial_number: str | None = None
    result: Any = None
    tag_name: str | None = None
    tag_payload: Any = None

    def __repr__(self) -> str:
        return f"JobReport({self.job!r})"  # what the script recorded may name a person


class AttemptReport(msgspec.Struct, frozen=True):
    """One attempt of a job (current dialect)."""

    report: JobReport
    attempt_number: int
    call_result: str | None = None
    started_at_ms: int | None = None

    def __repr__(self) -> str:
        return f"AttemptReport({self.report.job!r}, {self.attempt_number})"


class CampaignDetails(msgspec.Struct, frozen=True):
    """`GET ""` of the current dialect; counts are of numbers by whomever they were added."""

    campaign_id: str
    name: str
    state: CampaignState
    total_numbers: int
    processed_numbers: int = 0
    in_process_calls: int = 0
    retry_calls: int = 0
    max_simultaneous_calls: int | None = None
    created_at_ms: int | None = None
    used_talking_time_s: float = 0


class AddAnswer(msgspec.Struct, frozen=True):
    """The ids an `addPhones` answered, in the server's order, which promises nothing."""

    job_ids: tuple[str, ...]

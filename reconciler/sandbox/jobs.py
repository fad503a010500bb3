"""A call job and the attempts made for it, as the server remembers them.

Jobs are frozen: every change puts a new value in the book (`book.py`), so whoever holds one holds a snapshot.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

PLANNED = "planned"
ON_RETRY = "onRetry"
IN_PROCESS = "inProcess"
WITH_RESULT = "longCallWithResult"
WITHOUT_RESULT = "longCallWithNoResult"
NO_ANSWER = "noAnswer"
NONEXISTENT = "nonexistentNumber"
TECHNICAL_ERROR = "technicalError"
NOT_DONE = "notDone"
CANCELED = "canceled"

LIVE = frozenset({PLANNED, ON_RETRY, IN_PROCESS})
WAITING = frozenset({PLANNED, ON_RETRY})
CALLED = frozenset({WITH_RESULT, WITHOUT_RESULT, NO_ANSWER, NONEXISTENT, TECHNICAL_ERROR})
"""Finished by a call, whatever came of it."""

FINISHED = CALLED | {NOT_DONE, CANCELED}

Creator = Literal["api", "somebody", "web"]
"""`api`: a request to addPhones; `somebody`: another user of the Calls API; `web`: the web interface (not
cancellable).
"""


class Attempt(msgspec.Struct, frozen=True):
    """One finished call: its number from 1, what came of it, when (ms since 1970), seconds talked, what was
    recorded.
    """

    number: int
    result: str
    started_ms: int
    finished_ms: int
    talk_s: int = 0
    report: dict[str, Any] | None = None
    tag: str | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One number to be called once, with the retries its policy allows.

    `started_ms` is when the call in progress began. `held`: its status was forced to `inProcess` and stays
    until forced again. `cancelling`: cancelled while a call was in progress. `turn` counts the changes, so
    that a queue entry made for an older turn is known to be stale.
    """

    id: str
    phone: str
    created_ms: int
    created_by: Creator = "api"
    payload: dict[str, Any] | None = None
    policy: dict[str, Any] | None = None
    status: str = PLANNED
    attempts: tuple[Attempt, ...] = ()
    started_ms: int | None = None
    finished_ms: int | None = None
    held: bool = False
    cancelling: bool = False
    turn: int = 0

    def __repr__(self) -> str:
        """Without phone and payload: test reports and tracebacks print this."""
        return f"Job(id={self.id!r}, status={self.status!r}, attempts={self.attempts_count})"

    @property
    def attempts_count(self) -> int:
        """Attempts begun, the one in progress included."""
        return len(self.attempts) + (self.status == IN_PROCESS)

    @property
    def talked_s(self) -> int:
        """Seconds talked over all attempts."""
        return sum(attempt.talk_s for attempt in self.attempts)

    @property
    def is_live(self) -> bool:
        """Whether a call may still come of it."""
        return self.status in LIVE

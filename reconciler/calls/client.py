"""The Calls API as typed calls: what the rest of the program may ask of a campaign on a server.

Reads wait and ask again when something on the way fails. Requests that change something are sent exactly once and
end in one of three ways: an answer, an error that says nothing was done (`NotSent`, `TryLater`, `Refused`), or
`Ambiguous`, which the caller has to settle by reading back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import Self, TypeVar

import httpx
import msgspec

from reconciler.calls import answers, failures
from reconciler.calls.answers import Page
from reconciler.calls.authorities import Authorities
from reconciler.calls.exchange import Answer, Ask
from reconciler.calls.http import Wire
from reconciler.calls.model import (
    AddAnswer,
    AttemptReport,
    CampaignDetails,
    CampaignState,
    Control,
    Dialect,
    Job,
    JobReport,
)
from reconciler.calls.pace import Pace
from reconciler.calls.pages import PAGE_SIZE, Listing, Window
from reconciler.calls.patience import patiently
from reconciler.errors import InvalidToken, Refused

T = TypeVar("T")

_STATUS = Ask(path="/status", is_get=True, may_be_bare=True)
_DETAILS = Ask(path="", is_get=True)
_DETAILS_WITH_SLASH = Ask(path="/", is_get=True)
_NOT_HERE = frozenset({301, 302, 307, 308, 404, 405})


class CallsClient:
    """One campaign on one server. May be used from several threads at once; prints its host, never its token."""

    def __init__(
        self,
        host: str,
        token: str,
        *,
        dialect: Dialect | None = None,
        timeout_s: float = 60.0,
        parallelism: int = 1,
        pace: Pace | None = None,
        authorities: Authorities | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Nothing is sent yet. Raises UsageError for a host or token that cannot be used.

        `timeout_s` is for each step of a request (connecting takes 10 s at most), `now` gives Unix seconds, and
        `sleep` waits between attempts of a read: what it raises ends the read. `parallelism` is how many requests
        those who have many to send should have under way, `pace` how many there may be a second; `authorities` are
        those that servers are trusted by, loaded for this client alone when there are none.
        """
        self.parallelism, self._pace = parallelism, pace
        self._wire = Wire(host, token, timeout_s=timeout_s, transport=transport, now=now, authorities=authorities)
        self._sleep, self._now = sleep, now
        self._dialect = dialect
        self._detecting = threading.Lock()

    def __repr__(self) -> str:
        return f"CallsClient({self._wire.host})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes all connections; the client cannot be used after that."""
        self._wire.close()

    # ------------------------------------------------------------------------------------------------ the campaign

    def dialect(self) -> Dialect:
        """The form of the API the server speaks: the pinned one, else found out by the first call.

        Raises InvalidToken for a wrong token.
        """
        with self._detecting:
            if self._dialect is None:
                self._dialect, _ = self._first_look()
            return self._dialect

    def state(self) -> CampaignState | None:
        """The state of the campaign now; None on a legacy server, where it cannot be read."""
        with self._detecting:
            if self._dialect is None:
                self._dialect, state = self._first_look()
                return state
        return self._read(_STATUS, answers.state) if self._is_current() else None

    def _first_look(self) -> tuple[Dialect, CampaignState | None]:
        """The dialect, and the state that finding it out shows by the way."""
        try:
            return Dialect.CURRENT, self._read(_STATUS, answers.state)
        except InvalidToken:
            raise
        except Refused as refusal:
            if refusal.status not in (404, 405):
                raise
        return Dialect.LEGACY, None

    def details(self) -> CampaignDetails | None:
        """What the server says of the campaign; None on a legacy server, where it cannot be read."""
        if not self._is_current():
            return None
        answer = self._patient_answer(_DETAILS)
        if answer.status in _NOT_HERE:
            # The path is the bare token; some servers want a slash behind it, or redirect to where there is one.
            answer = self._patient_answer(_DETAILS_WITH_SLASH)
        return self._understood(_DETAILS, answer, answers.details)

    def take_turn(self) -> None:
        """Waits until the pace allows another request that changes something.

        To be called before the request's intent is written down: its time runs from then on. Reads wait by themselves.
        """
        if self._pace is not None:
            self._pace.wait(self._sleep)

    def clock_skew_s(self) -> float:
        """The server's clock minus ours, from its last answer, to about a second; 0.0 when it never said."""
        return self._wire.clock_skew_s

    # --------------------------------------------------------------------------------- requests that change something

    def add_phones(self, body: bytes, idempotence_key: str) -> AddAnswer:
        """The ids of the jobs created from `body`, a JSON array of calls, which is sent as it is, once.

        Raises BadCall when one number is refused (then none was added), WrongState when the campaign is finished,
        and Ambiguous when some or all may have been added.
        """
        ask = Ask(
            path="/addPhones",
            body=body,
            mutates=True,
            idempotence_key=idempotence_key,
            what=f"{len(body)} bytes",
        )
        return self._change(ask, answers.added)

    def cancel(self, job_ids: Collection[str], idempotence_key: str) -> frozenset[str]:
        """The ids the server says it took back; finished jobs are not among them. No ids, no request.

        Raises UnknownItems when any is unknown (then none was cancelled).
        """
        if not job_ids:
            return frozenset()
        body = msgspec.json.encode({"ids": tuple(job_ids)})
        ask = Ask(
            path="/callJob/cancel",
            body=body,
            mutates=True,
            idempotence_key=idempotence_key,
            what=f"{len(job_ids)} items",
        )
        return self._change(ask, answers.cancelled)

    def control(self, move: Control, idempotence_key: str) -> None:
        """Starts, pauses, resumes or stops the campaign; raises WrongState when its state does not allow it.

        A current server may not know `start`: that raises Refused with status 404.
        """
        ask = Ask(path=f"/control/{move.value}", mutates=True, idempotence_key=idempotence_key)
        self._change(ask, answers.nothing)

    # --------------------------------------------------------------------------------------------------------- reports

    def jobs(self, job_ids: Iterable[str] = (), phones: Iterable[str] = ()) -> tuple[Job, ...]:
        """The jobs of these ids and all jobs of these phones; raises UnknownItems when any item is unknown."""
        return self._report(self._job_report(), job_ids, phones, answers.jobs)

    def reports(self, job_ids: Iterable[str] = (), phones: Iterable[str] = ()) -> tuple[JobReport, ...]:
        """The same with what the script recorded; raises UnknownItems when any item is unknown."""
        return self._report(self._job_report(), job_ids, phones, answers.reports)

    def attempts(self, job_ids: Iterable[str] = (), phones: Iterable[str] = ()) -> tuple[AttemptReport, ...]:
        """Every attempt of these jobs; raises Refused on a legacy server, which does not report them."""
        endpoint = self._only_current("callAttempt/getReport")
        return self._report(endpoint, job_ids, phones, answers.attempts)

    def jobs_by_date(
        self,
        created_from_s: float | None = None,
        created_to_s: float | None = None,
        finished_from_s: float | None = None,
        finished_to_s: float | None = None,
    ) -> Iterator[Job]:
        """Every job created and finished in these windows (Unix seconds, None is open), each once, as pages come.

        Raises Refused on a legacy server, and Unreadable, while iterating, for a listing that cannot be read whole.
        """
        window = Window(created_from_s, created_to_s, finished_from_s, finished_to_s)
        endpoint = self._only_current("callJob/getReportByDate")
        listing = Listing(endpoint, partial(self._page, endpoint, answers.page_of_jobs), _job_identity)
        return listing.by_date(window, self._oldest_s, self._newest_s)

    def attempts_by_date(
        self,
        created_from_s: float | None = None,
        created_to_s: float | None = None,
        finished_from_s: float | None = None,
        finished_to_s: float | None = None,
    ) -> Iterator[AttemptReport]:
        """The same for attempts."""
        window = Window(created_from_s, created_to_s, finished_from_s, finished_to_s)
        endpoint = self._only_current("callAttempt/getReportByDate")
        listing = Listing(endpoint, partial(self._page, endpoint, answers.page_of_attempts), _attempt_identity)
        return listing.by_date(window, self._oldest_s, self._newest_s)

    def unfinished(self) -> Iterator[Job]:
        """Every job that is not finished, each once, as pages come.

        Raises Refused on a legacy server, and Unreadable, while iterating, when there are 40,000 or more.
        """
        endpoint = self._only_current("callJob/getUnfinished")

        def fetch(_window: Window, number: int) -> Page[Job]:
            body = msgspec.json.encode({"page": number, "pageSize": PAGE_SIZE})
            return self._read(Ask(path=f"/{endpoint}", body=body, what=f"page {number}"), answers.page_of_jobs)

        return Listing(endpoint, fetch, _job_identity).unfinished()

    # -------------------------------------------------------------------------------------------------------- inside

    def _is_current(self) -> bool:
        return self.dialect() is Dialect.CURRENT

    def _job_report(self) -> str:
        return "callJob/getReport" if self._is_current() else "getReport"

    def _only_current(self, endpoint: str) -> str:
        if self._is_current():
            return endpoint
        raise Refused(endpoint, "a server of the legacy dialect has no such report", "ask for jobs by id or phone")

    def _report(
        self, endpoint: str, job_ids: Iterable[str], phones: Iterable[str], decode: Callable[[bytes], tuple[T, ...]]
    ) -> tuple[T, ...]:
        wanted = {name: items for name, items in (("ids", tuple(job_ids)), ("phones", tuple(phones))) if items}
        if not wanted:
            return ()  # what a server makes of an empty question is not documented
        what = f"{sum(map(len, wanted.values()))} items"
        return self._read(Ask(path=f"/{endpoint}", body=msgspec.json.encode(wanted), what=what), decode)

    def _page(self, endpoint: str, decode: Callable[[bytes], Page[T]], window: Window, number: int) -> Page[T]:
        asked = {"filter": window.filter(), "pagination": {"page": number, "pageSize": PAGE_SIZE}}
        return self._read(Ask(path=f"/{endpoint}", body=msgspec.json.encode(asked), what=f"page {number}"), decode)

    def _oldest_s(self) -> float:
        """When the campaign was created, or 0: no job is older."""
        details = self.details()
        return (details.created_at_ms or 0) / 1000 if details else 0.0

    def _newest_s(self) -> float:
        return self._now() + self.clock_skew_s()

    def _change(self, ask: Ask, decode: Callable[[bytes], T]) -> T:
        return self._understood(ask, self._answer(ask), decode)

    def _read(self, ask: Ask, decode: Callable[[bytes], T]) -> T:
        return self._understood(ask, self._patient_answer(ask), decode)

    def _patient_answer(self, ask: Ask) -> Answer:
        return patiently(partial(self._answer, ask), self._sleep)

    def _answer(self, ask: Ask) -> Answer:
        """One exchange; raises for answers that may be different the next time."""
        if not ask.mutates:
            self.take_turn()
        answer = self._wire.send(ask)
        failure = failures.passing(ask, answer, self._newest_s())
        if failure:
            raise failure
        return answer

    def _understood(self, ask: Ask, answer: Answer, decode: Callable[[bytes], T]) -> T:
        mask = partial(self._wire.mask, ask=ask)
        failure = failures.settled(ask, answer, mask)
        if failure:
            raise failure
        try:
            return decode(answer.body)
        except answers.UNDECODABLE as error:
            reason = mask(str(error)) if isinstance(error, msgspec.MsgspecError) else type(error).__name__
        raise failures.unusable(ask, f"the answer cannot be understood ({reason})")


def _job_identity(job: Job) -> str:
    return job.job_id


def _attempt_identity(attempt: AttemptReport) -> tuple[str, int]:
    return attempt.report.job.job_id, attempt.attempt_number

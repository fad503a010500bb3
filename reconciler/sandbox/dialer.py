"""The life of the jobs: who is called when, what comes of it, and when it is tried again.

A discrete simulation that runs only when somebody looks (`settle`): three queues of what happens next, each entry
stamped with the job's turn, so that a job changed meanwhile (cancelled, forced) is skipped instead of searched for.

    waking   ── its time has come ──►  ready  ── a line is free ──►  ending  ── call over ──►  final, or waking again
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count

from msgspec.structs import replace

from reconciler.sandbox.book import JobBook
from reconciler.sandbox.jobs import CANCELED, IN_PROCESS, NO_ANSWER, ON_RETRY, PLANNED, Attempt, Job
from reconciler.sandbox.outcomes import Dice
from reconciler.sandbox.policies import PolicyBook

_Rank = tuple[bool, int, int]


class Dialer:
    """Calls the jobs of a book on `lines` lines. `is_running` is set by the campaign; `is_over` after its stop."""

    def __init__(self, book: JobBook, policies: PolicyBook, dice: Dice, *, lines: int, at_ms: int) -> None:
        self.is_running = False
        self.is_over = False
        self._book = book
        self._policies = policies
        self._dice = dice
        self._lines = lines
        self._at_ms = at_ms
        self._order = count()
        self._waking: list[tuple[int, int, str, int]] = []
        self._ready: list[tuple[_Rank, int, str, int]] = []
        self._ending: list[tuple[int, int, str, int]] = []

    def follow(self, job: Job) -> None:
        """Queue whatever happens next to the job; nothing for one that is finished, held or of an unknown status."""
        if job.status == PLANNED:
            self._queue(self._waking, job.created_ms, job)
        elif job.status == ON_RETRY:
            last_ms = job.attempts[-1].finished_ms if job.attempts else job.created_ms
            self._queue(self._waking, last_ms + self._policies.terms(job.policy).retry_ms, job)
        elif job.status == IN_PROCESS and job.started_ms is not None and not job.held:
            outcome = self._dice.outcome(job.id, job.attempts_count)
            self._queue(self._ending, job.started_ms + outcome.lasts_ms, job)

    def _queue(self, queue: list[tuple[int, int, str, int]], at_ms: int, job: Job) -> None:
        heappush(queue, (at_ms, next(self._order), job.id, job.turn))

    def settle(self, now_ms: int) -> None:
        """Let everything happen that is due until `now_ms`, in order of time."""
        while (due_ms := self._next_ms()) is not None and due_ms <= now_ms:
            self._at_ms = max(self._at_ms, due_ms)
            self._hang_up()
            if self.is_running:
                self._wake()
                self._dial()
        self._at_ms = max(self._at_ms, now_ms)

    def _next_ms(self) -> int | None:
        times = [self._ending[0][0]] if self._ending else []
        if self.is_running:
            times += [self._waking[0][0]] if self._waking else []
            times += [self._at_ms] if self._ready and self._free_lines() else []
        return min(times, default=None)

    def _free_lines(self) -> int:
        return max(0, self._lines - self._book.counts[IN_PROCESS])

    def _current(self, job_id: str, turn: int) -> Job | None:
        job = self._book.get(job_id)
        return job if job is not None and job.turn == turn else None

    def _hang_up(self) -> None:
        while self._ending and self._ending[0][0] <= self._at_ms:
            ends_ms, _, job_id, turn = heappop(self._ending)
            if job := self._current(job_id, turn):
                self.follow(self._book.put(self._after_call(job, ends_ms)))

    def _after_call(self, job: Job, ends_ms: int) -> Job:
        number = job.attempts_count
        outcome = self._dice.outcome(job.id, number)
        began_ms = ends_ms - outcome.lasts_ms
        attempt = Attempt(number, outcome.result, began_ms, ends_ms, outcome.talk_s, outcome.report, outcome.tag)
        status = self._status_after(job, attempt)
        return replace(
            job,
            status=status,
            attempts=(*job.attempts, attempt),
            started_ms=None,
            finished_ms=None if status == ON_RETRY else ends_ms,
            turn=job.turn + 1,
        )

    def _status_after(self, job: Job, attempt: Attempt) -> str:
        if attempt.result != NO_ANSWER:
            return attempt.result
        if job.cancelling:
            return CANCELED
        if self.is_over or attempt.number >= self._policies.terms(job.policy).attempts:
            return NO_ANSWER
        return ON_RETRY

    def _wake(self) -> None:
        while self._waking and self._waking[0][0] <= self._at_ms:
            _, _, job_id, turn = heappop(self._waking)
            if job := self._current(job_id, turn):
                self._make_ready(job)

    def _make_ready(self, job: Job) -> None:
        terms = self._policies.terms(job.policy)
        opening = terms.window.next_opening(self._at_ms)
        if opening is None:
            return  # its time has passed: it stays planned until the campaign is stopped
        if opening.opens_ms > self._at_ms:
            self._queue(self._waking, opening.opens_ms, job)
            return
        # Numbers with a policy of their own come first, and among those the one whose window closes first.
        rank = (not terms.is_own, terms.priority, opening.closes_ms)
        heappush(self._ready, (rank, next(self._order), job.id, job.turn))

    def _dial(self) -> None:
        while self._ready and self._free_lines():
            (_, _, closes_ms), _, job_id, turn = heappop(self._ready)
            job = self._current(job_id, turn)
            if job is None:
                continue
            if closes_ms <= self._at_ms:
                self._make_ready(job)  # waited for a line until its window closed
                continue
            started = replace(job, status=IN_PROCESS, started_ms=self._at_ms, turn=job.turn + 1)
            self.follow(self._book.put(started))

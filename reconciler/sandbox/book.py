"""All jobs of one campaign, found by id, by phone, by time of creation and by being live.

Creation times only grow (the clock never goes back), so a range of them is found by bisection.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable

from reconciler.sandbox.jobs import Job


class JobBook:
    """The current value of every job, in order of creation."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.talked_s = 0
        self._jobs: dict[str, Job] = {}
        self._live: dict[str, Job] = {}
        self._by_phone: dict[str, list[str]] = {}
        self._order: list[str] = []
        self._created_ms: list[int] = []

    def __len__(self) -> int:
        return len(self._jobs)

    def get(self, job_id: str) -> Job | None:
        """The job's current value, None when there is none of this id."""
        return self._jobs.get(job_id)

    def of_phone(self, phone: str) -> tuple[Job, ...]:
        """Every job of this number, oldest first; empty when the campaign never had it."""
        return tuple(self._jobs[job_id] for job_id in self._by_phone.get(phone, ()))

    def put(self, job: Job) -> Job:
        """The job given, now current; a new one goes to the end."""
        old = self._jobs.get(job.id)
        if old is None:
            self._append(job)
        else:
            self.counts[old.status] -= 1
            self.talked_s -= old.talked_s
        self._jobs[job.id] = job
        self.counts[job.status] += 1
        self.talked_s += job.talked_s
        if job.is_live:
            self._live[job.id] = job
        else:
            self._live.pop(job.id, None)
        return job

    def _append(self, job: Job) -> None:
        self._by_phone.setdefault(job.phone, []).append(job.id)
        self._order.append(job.id)
        self._created_ms.append(job.created_ms)

    def forget(self, job: Job) -> None:
        """Remove every trace of the job, as a server that lost it."""
        del self._jobs[job.id]
        self._live.pop(job.id, None)
        self._by_phone[job.phone].remove(job.id)
        self.counts[job.status] -= 1
        self.talked_s -= job.talked_s
        place = self._order.index(job.id)
        del self._order[place], self._created_ms[place]

    def all(self) -> Iterable[Job]:
        """Every job, oldest first."""
        return self._jobs.values()

    def live(self) -> Iterable[Job]:
        """Every job that may still be called or is being called."""
        return self._live.values()

    def created_between(self, from_ms: int, to_ms: int) -> list[Job]:
        """Jobs created in the range, both ends included, oldest first."""
        first, last = bisect_left(self._created_ms, from_ms), bisect_right(self._created_ms, to_ms)
        return [self._jobs[job_id] for job_id in self._order[first:last]]

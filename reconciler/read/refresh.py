"""The jobs of a lock that can still change, as the server reports them now.

Of a short lock the jobs are kept as they come. Of a long one nothing is kept but a letter and a count a line: a
million reports are a quarter of a gigabyte, and nearly all of them say what is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.calls.lookup import BATCH, find_jobs
from reconciler.calls.model import Job
from reconciler.calls.parallel import in_order
from reconciler.lock.model import CallStatus, Lock, LockedCall, seen
from reconciler.phones.watch import Watch
from reconciler.plan.diff import Observed

if TYPE_CHECKING:  # numpy is imported only where there is a long lockfile, which has imported it already
    from reconciler.calls.client import CallsClient
    from reconciler.lock.columns import Positions
    from reconciler.lock.ledger import Ledger


def read_jobs(client: CallsClient, lock: Lock, watch: Watch, label: str) -> Observed:
    """What the server reports of the jobs that are not over; several requests at once, as `client.parallelism` says."""
    if lock.ledger is not None:
        sighted = _Sighted(lock.ledger)
        watch.start(label, sighted.to_ask)
        for count in sighted.ask(client):
            watch.advance(count)
        return Observed(sightings=sighted)
    ids = [call.job_id for call in _open(lock.calls.values())]
    watch.start(label, len(ids))
    jobs: dict[str, Job] = {}
    for found in in_order(lambda some: find_jobs(client, job_ids=some), _batches(ids), client.parallelism):
        jobs.update({job.job_id: job for job in found.jobs})
        watch.advance(len(found.jobs) + len(found.missing))
    return Observed(jobs=jobs, asked=frozenset(ids))


def _open(calls: Iterable[LockedCall]) -> list[LockedCall]:
    return [call for call in calls if call.job_id and not call.status.is_final]


def _batches(ids: list[str]) -> Iterator[list[str]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


class _Sighted:
    """What was reported of the jobs of a ledger, by line; a `Sightings`."""

    def __init__(self, ledger: Ledger) -> None:
        import numpy as np

        self._ledger = ledger
        self._statuses = ledger.statuses.copy()
        self._attempts = np.zeros(ledger.columns.size, np.uint16)
        self._later = {call.job_id: call for call in _open(ledger.later())}
        self._jobs: Mapping[str, Job] = {}  # of those
        self._lines = _open_lines(ledger)

    @property
    def to_ask(self) -> int:
        """How many jobs there are to ask for."""
        return len(self._lines) + len(self._later)

    def ask(self, client: CallsClient) -> Iterator[int]:
        """Asks for all of them; yields how many more are known each time."""
        found = find_jobs(client, job_ids=self._later)
        self._jobs = {job.job_id: job for job in found.jobs}
        yield len(self._later)
        parts = (self._lines[start : start + BATCH] for start in range(0, len(self._lines), BATCH))
        asked = in_order(lambda part: (part, _jobs_of(client, self._ledger, part)), parts, client.parallelism)
        for part, jobs in asked:
            self._see(part, jobs)
            yield len(part)

    def fold_into(self, lock: Lock) -> Lock:
        """The lock with the statuses that follow from the report."""
        folded = lock.copy()
        ledger = folded.ledger
        if ledger is None or ledger.columns is not self._ledger.columns:
            raise AssertionError("the report is about another lockfile")
        ledger.statuses[self._lines] = self._statuses[self._lines]
        now = (call for call in (ledger.get(call.call_id) for call in self._later.values()) if call)
        known = [call for call in now if call.job_id in self._later]
        ledger.update({c.call_id: c.with_status(c.seen(self._jobs.get(c.job_id))) for c in known})
        return folded

    def attempts(self, calls: Sequence[LockedCall]) -> Mapping[str, int]:
        """How many attempts the jobs of these calls have made, by the job's id; those without are left out."""
        at = self._ledger.positions([call.call_id for call in calls])
        by_line = self._attempts[at].tolist()
        jobs = [self._jobs.get(call.job_id) for call in calls]
        made = (job.attempts if job else n for job, n in zip(jobs, by_line, strict=True))
        return {call.job_id: n for call, n in zip(calls, made, strict=True) if n and call.job_id}

    def _see(self, part: Positions, jobs: list[Job | None]) -> None:
        known = self._statuses[part].tolist()
        self._statuses[part] = [ord(seen(_STATUSES[letter], job)) for letter, job in zip(known, jobs, strict=True)]
        self._attempts[part] = [min(job.attempts, _MOST_ATTEMPTS) if job else 0 for job in jobs]


_STATUSES = {ord(status): status for status in CallStatus}
_MOST_ATTEMPTS = 65_535  # more than any policy allows
_CAN_CHANGE = frozenset(status for status in CallStatus if not status.is_final)


def _open_lines(ledger: Ledger) -> Positions:
    """The lines whose job is not over."""
    lines = (ledger.holds & ledger.are(_CAN_CHANGE)).nonzero()[0]
    starts, ends = ledger.columns.jobs_at(lines)
    return lines[ends > starts]


def _jobs_of(client: CallsClient, ledger: Ledger, lines: Positions) -> list[Job | None]:
    """The job of each line; None for those the server does not have."""
    ids = ledger.columns.job_ids(lines)
    jobs = {job.job_id: job for job in find_jobs(client, job_ids=ids).jobs}
    return [jobs.get(job_id) for job_id in ids]

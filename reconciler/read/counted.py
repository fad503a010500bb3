"""The calls of a lock by the status of their jobs: what cannot change as it is remembered, the rest as reported now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from reconciler.calls.client import CallsClient
from reconciler.calls.lookup import BATCH, Found, find_jobs
from reconciler.calls.model import JobStatus
from reconciler.calls.parallel import in_order
from reconciler.lock.model import CallStatus, Lock, job_status
from reconciler.phones.watch import Watch

if TYPE_CHECKING:  # numpy is imported only where there is a long lockfile, which has imported it already
    from reconciler.lock.columns import Flags, Positions
    from reconciler.lock.ledger import Ledger

_FINAL = frozenset(status for status in CallStatus if status.is_final)


def count_jobs(
    client: CallsClient, lock: Lock, watch: Watch, label: str, hear: Callable[[Found], object] | None = None
) -> tuple[Counter[JobStatus], int]:
    """Calls by the status of their jobs, and how many the server does not report.

    Only jobs that can still change are asked for, several requests at once as `client.parallelism` says. Of the
    reports nothing is kept but their number; who wants to know more of them may `hear` each.
    """
    counts, missing = _final(lock), 0
    total, batches = _open(lock)
    watch.start(label, total)
    for found in in_order(lambda ids: find_jobs(client, job_ids=ids), batches, client.parallelism):
        counts.update(job.status for job in found.jobs)
        missing += len(found.missing)
        if hear is not None:
            hear(found)
        watch.advance(len(found.jobs) + len(found.missing))
    return counts, missing


def _final(lock: Lock) -> Counter[JobStatus]:
    """The calls whose jobs are over."""
    ledger = lock.ledger
    calls = lock.calls.values() if ledger is None else ledger.later()
    counts = Counter(job_status(call.status) for call in calls if call.job_id and call.status.is_final)
    if ledger is not None:
        letters = ledger.statuses[_with_job(ledger, ledger.are(_FINAL))]
        counts.update(job_status(CallStatus(chr(letter))) for letter in letters.tolist())
    return counts


def _open(lock: Lock) -> tuple[int, Iterator[Sequence[str]]]:
    """The ids of the jobs that can still change: how many, and in batches."""
    ledger = lock.ledger
    calls = lock.calls.values() if ledger is None else ledger.later()
    ids = [call.job_id for call in calls if call.job_id and not call.status.is_final]
    if ledger is None:
        return len(ids), _batches(ids)
    lines = _with_job(ledger, ~ledger.are(_FINAL))
    return len(ids) + len(lines), _batches_of_ledger(ledger, lines, ids)


def _batches_of_ledger(ledger: Ledger, lines: Positions, later: Sequence[str]) -> Iterator[Sequence[str]]:
    yield from _batches(later)
    for start in range(0, len(lines), BATCH):
        yield ledger.columns.job_ids(lines[start : start + BATCH])


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def _with_job(ledger: Ledger, chosen: Flags) -> Positions:
    """The lines that are chosen, hold and have a job."""
    lines = (ledger.holds & chosen).nonzero()[0]
    starts, ends = ledger.columns.jobs_at(lines)
    return lines[ends > starts]

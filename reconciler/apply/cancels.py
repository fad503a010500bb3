"""Taking calls back. Cancelling is repeatable: after a lost answer the jobs are read and what is left is sent again.

Whoever is being called right now is not hung up on: that job stays CANCELLING until it is over.

The answer lists the jobs the request cancelled. One that is reported as cancelled and that no request of ours may have
cancelled was cancelled by somebody else meanwhile, perhaps since the person asked to be left alone.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from reconciler.apply.readback import FIRST_PAUSE_S
from reconciler.apply.run import Run
from reconciler.calls.lookup import find_jobs
from reconciler.calls.model import Job
from reconciler.errors import Ambiguous, CallsError, TryLater, UnknownItems, calls_text
from reconciler.lock.journal import OpenIntent
from reconciler.lock.model import CallStatus, LockedCall

SENDS = 4
"""How often one batch is sent at most."""


def cancel_calls(run: Run, calls: Sequence[LockedCall]) -> None:
    """Cancels the jobs of `calls` and records what became of each. Raises CallsError when the server refuses."""
    for start in range(0, len(calls), run.options.batch):
        run.stop.check()
        _cancel_batch(run, tuple(calls[start : start + run.options.batch]))


def _cancel_batch(run: Run, batch: tuple[LockedCall, ...]) -> None:
    left, ours = batch, set[str]()
    for _ in range(SENDS):
        left = _send(run, left, ours)
        if not left:
            run.advance(len(batch))
            return
    raise CallsError("cancel", f"{calls_text(len(left))} still queued after {SENDS} tries", "apply again later")


def _send(run: Run, calls: tuple[LockedCall, ...], ours: set[str]) -> tuple[LockedCall, ...]:
    """One POST and its confirmation. The calls to send again; `ours` gets the jobs that it may have cancelled."""
    entry = run.book.intend(run.intent("cancel", calls))
    run.count("cancel")
    ids = [call.job_id for call in calls]
    try:
        acknowledged = run.client.cancel(ids, entry.intent.idempotence_key)
    except TryLater as error:
        run.book.close(entry, why=error.what)
        run.clock.sleep(error.retry_after_s)
        return calls
    except UnknownItems:
        return _without_missing(run, entry)
    except Ambiguous as error:
        acknowledged = frozenset()
        ours.update(ids)
        run.say(f"{error}; reading the jobs to see what became of it")
    except CallsError as error:
        run.book.close(entry, why=error.what)
        raise
    ours |= acknowledged
    return _confirm(run, entry, acknowledged, ours)


def _without_missing(run: Run, entry: OpenIntent) -> tuple[LockedCall, ...]:
    """Nothing was cancelled because some job is not there: those are recorded as missing, the others sent again."""
    missing = find_jobs(run.client, job_ids=[c.job_id for c in entry.intent.calls], batch=run.options.batch).missing
    gone = [call.with_status(CallStatus.MISSING) for call in entry.intent.calls if call.job_id in missing]
    run.book.close(entry, gone, why="jobs missing")
    return tuple(call for call in entry.intent.calls if call.job_id not in missing)


def _confirm(run: Run, entry: OpenIntent, acknowledged: frozenset[str], ours: Container[str]) -> tuple[LockedCall, ...]:
    """Records what the server now reports of the jobs. The calls that are queued as if nobody had asked."""
    statuses = _settled_statuses(run, entry, acknowledged)
    others = {job_id: _BY_OTHERS.get(status, status) for job_id, status in statuses.items() if job_id not in ours}
    statuses = {**statuses, **others}
    changed = [call.with_status(statuses[call.job_id]) for call in entry.intent.calls]
    run.book.close(entry, changed)
    run.tally.cancelled += sum(call.status in _TAKEN_BACK for call in changed)
    run.tally.cancelling += sum(call.status is CallStatus.CANCELLING for call in changed)
    return tuple(call for call in changed if call.status.is_waiting)


_BY_OTHERS = {
    CallStatus.CANCELLED: CallStatus.CANCELLED_BY_OTHERS,
    CallStatus.CANCELLED_REACHED: CallStatus.CANCELLED_BY_OTHERS_REACHED,
}
_TAKEN_BACK = frozenset({CallStatus.CANCELLED, CallStatus.CANCELLED_REACHED, CallStatus.NOT_DONE})


def _settled_statuses(run: Run, entry: OpenIntent, acknowledged: frozenset[str]) -> Mapping[str, CallStatus]:
    """Status by job id, asked again for a while where a job that was acknowledged is still reported as queued."""
    statuses: dict[str, CallStatus] = {}
    asked = entry.intent.calls
    waited, pause = 0.0, FIRST_PAUSE_S
    while True:
        found = find_jobs(run.client, job_ids=[call.job_id for call in asked], batch=run.options.batch)
        jobs = {job.job_id: job for job in found.jobs}
        statuses.update({call.job_id: _status_after(call, jobs.get(call.job_id)) for call in asked})
        asked = tuple(c for c in asked if c.job_id in acknowledged and _is_open(statuses[c.job_id], c.job_id in jobs))
        if not asked or waited >= run.options.settle_s:
            break
        run.clock.sleep(pause)
        waited, pause = waited + pause, min(2 * pause, 5.0)
    # Acknowledged but still reported as queued, or not at all: it is not ours to say that nobody will be called.
    return {**statuses, **{call.job_id: CallStatus.CANCELLING for call in asked}}


def _is_open(status: CallStatus, is_reported: bool) -> bool:
    """Whether the report does not show yet what was acknowledged: the job is queued as before, or left out."""
    return status.is_waiting or not is_reported


def _status_after(call: LockedCall, job: Job | None) -> CallStatus:
    return call.with_status(CallStatus.CANCELLING).seen(job)

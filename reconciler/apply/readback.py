"""Asking the server what became of a request whose answer left doubt. Only reads; nothing is sent again here."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from reconciler.apply.run import Run
from reconciler.calls.lookup import find_jobs
from reconciler.calls.model import Dialect, Job
from reconciler.errors import CallsError, OutcomeUnknown
from reconciler.lock.journal import OpenIntent
from reconciler.lock.model import CallStatus, LockedCall

CLOCK_MARGIN_S = 900.0
"""How far a job's creation time may lie before its request: clocks differ by minutes even where the `Date` header is
used to correct them, and adopting a little too much skips a call where adopting too little repeats one."""

FIRST_PAUSE_S = 0.1
"""Pause before asking again for jobs that were answered and are not reported yet; it doubles each time."""


class Found(msgspec.Struct, frozen=True):
    """What a read-back showed: the calls that have a job now, and those that have none."""

    done: tuple[LockedCall, ...]
    rest: tuple[LockedCall, ...]


def confirm(run: Run, entry: OpenIntent) -> Found:
    """The calls of an answered intent, each with its job. New jobs may take a moment to show."""
    waited, pause = 0.0, FIRST_PAUSE_S
    while True:
        found = pair(run, entry.intent.calls, _read(entry, lambda: _jobs_by_id(run, entry.job_ids)))
        if not found.rest or len(found.done) >= len(set(entry.job_ids)) or waited >= run.options.settle_s:
            return found
        run.clock.sleep(pause)
        waited, pause = waited + pause, min(2 * pause, 5.0)


def _jobs_by_id(run: Run, job_ids: Iterable[str]) -> tuple[Job, ...]:
    return find_jobs(run.client, job_ids=tuple(dict.fromkeys(job_ids)), batch=run.options.batch).jobs


def look(run: Run, entry: OpenIntent) -> Found:
    """The calls of an intent that have a job on the server now. Raises OutcomeUnknown when it cannot be asked."""
    return pair(run, entry.intent.calls, _read(entry, lambda: _candidates(run, entry)))


def look_until_settled(run: Run, entry: OpenIntent) -> Found:
    """The same, asked a second time once no request can still be travelling."""
    found = look(run, entry)
    wait_s = entry.intent.deadline_ms / 1000 + run.options.settle_s - run.clock.now_s()
    if found.rest and wait_s > 0:
        run.say(f"{len(found.rest)} calls not found yet; waiting {wait_s:.0f} s before asking again (--settle)")
        run.clock.sleep(wait_s)
    return look(run, entry) if found.rest else found


def _read(entry: OpenIntent, read: Callable[[], Iterable[Job]]) -> tuple[Job, ...]:
    try:
        return tuple(read())
    except CallsError as error:
        raise OutcomeUnknown(
            f"{len(entry.intent.calls)} calls may or may not have been added, and the server cannot be asked "
            f"({error}); they are recorded and will not be sent again until it can: apply again later"
        ) from None


def _candidates(run: Run, entry: OpenIntent) -> Iterable[Job]:
    """Jobs that may be the intent's: by date where the server lists jobs, else by phone."""
    since_s = entry.intent.created_ms / 1000 + run.client.clock_skew_s() - CLOCK_MARGIN_S
    if run.client.dialect() is Dialect.CURRENT:
        return run.client.jobs_by_date(since_s, None)
    jobs = find_jobs(run.client, phones=_phones(entry), batch=run.options.batch).jobs
    return (job for job in jobs if job.created_at_ms is None or job.created_at_ms / 1000 >= since_s)


def _phones(entry: OpenIntent) -> tuple[str, ...]:
    """The phones in the exact request."""
    return tuple(item.phone for item in msgspec.json.decode(entry.intent.body, type=list[_WithPhone]))


class _WithPhone(msgspec.Struct):
    phone: str


def pair(run: Run, calls: Iterable[LockedCall], jobs: Iterable[Job]) -> Found:
    """Calls and jobs paired by phone; jobs that the lock owns already are somebody else's."""
    new = sorted((job for job in jobs if not run.book.owns(job.job_id)), key=lambda job: job.created_at_ms or 0)
    by_phone = {run.keyer.phone(job.phone): job for job in new}
    asked = tuple(calls)
    done = [_with_job(call, by_phone[call.phone]) for call in asked if call.phone in by_phone]
    rest = [call for call in asked if call.phone not in by_phone]
    return Found(tuple(done), tuple(rest))


def _with_job(call: LockedCall, job: Job) -> LockedCall:
    planned = msgspec.structs.replace(call, job_id=job.job_id, status=CallStatus.PLANNED)
    return planned.with_status(planned.seen(job))

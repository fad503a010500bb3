"""Asking the server what became of a request whose answer left doubt. Only reads; nothing is sent again here."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable

import msgspec

from reconciler.apply.run import Run
from reconciler.calls.lookup import find_jobs
from reconciler.calls.model import Dialect, Job
from reconciler.errors import CallsError, OutcomeUnknown, calls_text
from reconciler.lock.journal import OpenIntent
from reconciler.lock.model import CallStatus, LockedCall, seen

PROBES = 3
"""Phones of a request that are asked about where all are too many."""

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
    found = _by_answered_ids(run, entry)
    if found.rest:
        found = look(run, entry)  # the answer may have named too few jobs, or others
    waited, pause = 0.0, FIRST_PAUSE_S
    while found.rest and len(found.done) < len(set(entry.job_ids)) and waited < run.options.settle_s:
        run.clock.sleep(pause)
        waited, pause = waited + pause, min(2 * pause, 5.0)
        found = _by_answered_ids(run, entry)
    return found


def _by_answered_ids(run: Run, entry: OpenIntent) -> Found:
    ids = tuple(dict.fromkeys(entry.job_ids))
    jobs = _read(entry, lambda: find_jobs(run.client, job_ids=ids, batch=run.options.batch).jobs)
    return pair(run, entry.intent.calls, jobs)


def is_answered_for_all(entry: OpenIntent) -> bool:
    """Whether the server answered enough ids for each call to have a job, found or not."""
    return len(set(entry.job_ids)) >= entry.intent.size


def look(run: Run, entry: OpenIntent) -> Found:
    """The calls of an intent that have a job on the server now. Raises OutcomeUnknown when it cannot be asked.

    Where each call has a job what their ids show will do: those that are not shown are not sent again either.
    """
    try:
        return _look_around(run, entry)
    except OutcomeUnknown:
        if not is_answered_for_all(entry):
            raise
    return _by_answered_ids(run, entry)


def _look_around(run: Run, entry: OpenIntent) -> Found:
    is_listed = run.client.dialect() is Dialect.CURRENT
    found = pair(run, entry.intent.calls, _read(entry, lambda: _candidates(run, entry, is_listed)), entry.job_ids)
    if not (is_listed and found.done and found.rest):
        return found
    # A request is done whole or not at all: a list that shows some of its jobs more likely leaves out the others.
    left_out = pair(run, found.rest, _read(entry, lambda: _of_phones(run, entry, found.rest)), entry.job_ids)
    return Found(found.done + left_out.done, left_out.rest)


def has_acted(run: Run, entry: OpenIntent) -> bool:
    """Whether the server shows jobs of the intent now. Raises OutcomeUnknown when it cannot be asked.

    Where jobs are not listed, a few of its phones stand for all: a request is done whole or not at all, and a report
    on phones of which none is known takes two requests a phone.
    """
    if run.client.dialect() is Dialect.CURRENT:
        return bool(look(run, entry).done)
    calls = entry.intent.calls
    few = calls[:: max(1, len(calls) // PROBES)][:PROBES]
    return bool(pair(run, few, _read(entry, lambda: _of_phones(run, entry, few)), entry.job_ids).done)


def look_until_settled(run: Run, entry: OpenIntent, first: Found | None = None) -> Found:
    """The same, asked a second time once no request can still be travelling; `first` is what was found by now.

    A job that is there before may be somebody else's of the same phone. Taken for the request's, it would let the next
    plan add another, after a cancellation or for a changed call, and then the request would arrive.
    """
    found = first or look(run, entry)
    wait_s = uncertain_for_s(run, entry, found)
    if wait_s > 0:
        wait_until_settled(run, found, wait_s)
    return look(run, entry) if found.rest or wait_s > 0 else found


def uncertain_for_s(run: Run, entry: OpenIntent, found: Found) -> float:
    """How long from now what was found of an intent may still be another's, or not be all; seconds, or less than 0.

    A request that was answered has arrived. It was sent before now, so it is never on its way for more than its own
    time and the settle time, whatever the clocks said then.
    """
    if entry.job_ids and not found.rest:
        return 0.0
    intent = entry.intent
    waited_until_s = max(intent.deadline_ms, entry.gave_up_ms or 0) / 1000
    own_time_s = (intent.deadline_ms - intent.created_ms) / 1000
    return min(waited_until_s - run.clock.now_s(), own_time_s) + run.options.settle_s


def wait_until_settled(run: Run, found: Found, wait_s: float) -> None:
    """Waits, and says what for."""
    if found.rest:
        what = f"{calls_text(len(found.rest))} not found yet; waiting {wait_s:.0f} s before asking again (--settle)"
    else:
        what = f"{calls_text(len(found.done))} found; waiting {wait_s:.0f} s until no request is on its way (--settle)"
    run.say(what)
    run.clock.sleep(wait_s)


def _read(entry: OpenIntent, read: Callable[[], Iterable[Job]]) -> tuple[Job, ...]:
    try:
        return tuple(read())
    except CallsError as error:
        raise OutcomeUnknown(
            f"{calls_text(len(entry.intent.calls))} may or may not have been added, and the server cannot be asked "
            f"({error}); they are recorded and will not be sent again until it can: apply again later"
        ) from None


def _candidates(run: Run, entry: OpenIntent, is_listed: bool) -> Iterable[Job]:
    """Jobs that may be the intent's: by date where the server lists jobs, else by phone."""
    if is_listed:
        return run.client.jobs_by_date(_since_s(run, entry), None)
    return _of_phones(run, entry, entry.intent.calls)


def _of_phones(run: Run, entry: OpenIntent, calls: Iterable[LockedCall]) -> tuple[Job, ...]:
    """The jobs of these calls' phones that may be the intent's."""
    wanted = {call.call_id for call in calls}
    sent = zip(entry.intent.phones(), entry.intent.calls, strict=True)
    phones = [phone for phone, call in sent if call.call_id in wanted]
    jobs = find_jobs(run.client, phones=phones, batch=run.options.batch).jobs
    since_s = _since_s(run, entry)  # after asking: only an answer tells the server's time
    return tuple(job for job in jobs if job.created_at_ms is None or job.created_at_ms / 1000 >= since_s)


def _since_s(run: Run, entry: OpenIntent) -> float:
    """The server's time before which no job of the intent was made, Unix seconds.

    Our clock may have been put right since: a request that was written down under one that was ahead was earlier.
    """
    skew_s = min(entry.intent.skew_ms / 1000, run.client.clock_skew_s())
    return entry.intent.created_ms / 1000 + skew_s - CLOCK_MARGIN_S


def pair(run: Run, calls: Iterable[LockedCall], jobs: Iterable[Job], answered: Container[str] = ()) -> Found:
    """Calls and jobs paired by phone; jobs that the lock owns already are somebody else's.

    Of several jobs of a phone the one that was `answered` is taken, else one beside which nobody is added, else the
    newest.
    """
    unowned = (job for job in jobs if not run.book.owns(job.job_id))
    new = sorted(unowned, key=lambda job: (job.job_id in answered, not _may_be_followed(job), job.created_at_ms or 0))
    by_phone = {run.keyer.phone(job.phone): job for job in new}
    asked = tuple(calls)
    done = [_with_job(call, by_phone[call.phone]) for call in asked if call.phone in by_phone]
    rest = [call for call in asked if call.phone not in by_phone]
    return Found(tuple(done), tuple(rest))


def _may_be_followed(job: Job) -> bool:
    """Whether a call that has this job may get another one in the same wave."""
    status = seen(CallStatus.PLANNED, job)
    return status.is_free or status is CallStatus.CANCELLED_BY_OTHERS


def _with_job(call: LockedCall, job: Job) -> LockedCall:
    planned = msgspec.structs.replace(call, job_id=job.job_id, status=CallStatus.PLANNED)
    return planned.with_status(planned.seen(job))

"""Calls in doubt whose journal is gone, as after a run on a machine that was thrown away.

Without the exact request nothing can be sent again, but what the server has can still be found: by the phones of the
lists where it must be asked by phone, by listing the campaign where it lists. What is not found stays in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reconciler.apply.readback import Found, pair, wait_until_settled
from reconciler.apply.run import Run
from reconciler.calls.lookup import find_jobs
from reconciler.calls.model import Dialect, Job
from reconciler.errors import CallsError, OutcomeUnknown, calls_text
from reconciler.lock.model import CallStatus, LockedCall
from reconciler.phones.model import CallSource


def find_lost(run: Run, source: CallSource) -> int:
    """Adopts the jobs of such calls, `source` being all that is wanted; returns how many.

    Raises OutcomeUnknown when the server cannot be asked.
    """
    lost = _lost(run)
    if not lost:
        return 0
    run.say(f"{calls_text(len(lost))} in doubt since an earlier run; asking the server for them")
    jobs, found = _settled(run, lost, _jobs(run, lost, source)), 0
    for together in _one_of_a_phone(lost):
        # Remembered before the next are paired: two calls of one phone must not be given the same job.
        done = pair(run, together, jobs).done
        run.book.remember(done)
        found += len(done)
    run.tally.added += found
    return found


def _lost(run: Run) -> list[LockedCall]:
    # Calls of requests the journal still has are not among these: the book keeps them with their request.
    return run.book.lock.with_status({CallStatus.IN_DOUBT})


def _one_of_a_phone(calls: Iterable[LockedCall]) -> Iterable[list[LockedCall]]:
    """The calls in groups, none of which has two of the same phone."""
    groups: list[list[LockedCall]] = []
    seen: dict[str, int] = {}
    for call in calls:
        at = seen[call.phone] = seen.get(call.phone, -1) + 1
        if at == len(groups):
            groups.append([])
        groups[at].append(call)
    return groups


def _settled(run: Run, lost: list[LockedCall], jobs: tuple[Job, ...]) -> tuple[Job, ...]:
    """The jobs of the phones of these, once no request can be on its way: they may be somebody else's until then.

    When the requests were sent is not known, so the time they may take begins now.
    """
    found = pair(run, lost, jobs)
    if not found.done:
        return ()
    wait_until_settled(run, Found(found.done, ()), run.options.timeout_s + run.options.settle_s)
    phones = dict.fromkeys(job.phone for job in jobs)
    return _read(lost, lambda: find_jobs(run.client, phones=phones, batch=run.options.batch).jobs)


def _jobs(run: Run, lost: list[LockedCall], source: CallSource) -> tuple[Job, ...]:
    """Every job of the campaign, or of those phones that are still in the lists."""
    phones = {call.phone for call in lost}

    def read() -> tuple[Job, ...]:
        if run.client.dialect() is Dialect.CURRENT:
            return tuple(job for job in run.client.jobs_by_date(None, None) if run.keyer.phone(job.phone) in phones)
        listed = (phone for chunk in source.chunks() for phone in chunk.phones)
        asked = [phone for phone in listed if run.keyer.phone(phone) in phones]
        return find_jobs(run.client, phones=asked, batch=run.options.batch).jobs

    return _read(lost, read)


def _read(lost: list[LockedCall], read: Callable[[], tuple[Job, ...]]) -> tuple[Job, ...]:
    try:
        return read()
    except CallsError as error:
        raise OutcomeUnknown(
            f"{calls_text(len(lost))} of an earlier run may or may not have been added, and the server cannot be asked "
            f"({error}); they are recorded and will not be sent again: apply again later"
        ) from None

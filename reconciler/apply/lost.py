"""Calls in doubt whose journal is gone, as after a run on a machine that was thrown away.

Without the exact request nothing can be sent again, but what the server has can still be found: by the phones of the
lists where it must be asked by phone, by listing the campaign where it lists. What is not found stays in doubt.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.apply.readback import pair
from reconciler.apply.run import Run
from reconciler.calls.lookup import find_jobs
from reconciler.calls.model import Dialect, Job
from reconciler.lock.model import CallStatus, LockedCall
from reconciler.phones.model import Call


def find_lost(run: Run, calls: Iterable[Call]) -> int:
    """Adopts the jobs of such calls, `calls` being all that is wanted; returns how many.

    Raises CallsError when the server cannot be asked.
    """
    lost = _lost(run)
    if not lost:
        return 0
    run.say(f"{len(lost)} calls are in doubt since an earlier run; asking the server for them")
    found = pair(run, lost, _jobs(run, lost, calls))
    run.book.remember(found.done)
    run.tally.added += len(found.done)
    return len(found.done)


def _lost(run: Run) -> list[LockedCall]:
    opened = {call.call_id for entry in run.book.opened for call in entry.intent.calls}
    doubted = (call for call in run.book.lock.calls.values() if call.status is CallStatus.IN_DOUBT)
    return [call for call in doubted if call.call_id not in opened]


def _jobs(run: Run, lost: list[LockedCall], calls: Iterable[Call]) -> Iterable[Job]:
    if run.client.dialect() is Dialect.CURRENT:
        return run.client.jobs_by_date(None, None)
    phones = {call.phone for call in lost}
    asked = [call.phone for call in calls if run.keyer.phone(call.phone) in phones]
    return find_jobs(run.client, phones=asked, batch=run.options.batch).jobs

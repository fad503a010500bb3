"""What an earlier run left open: every intent is a question to the server, answered before anything new is sent."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.apply.adds import refuse_lost_answer
from reconciler.apply.moves import doubtful
from reconciler.apply.readback import CLOCK_MARGIN_S, Found, confirm, look_until_settled
from reconciler.apply.run import Run
from reconciler.calls.model import Dialect, JobStatus
from reconciler.errors import CallsError, OutcomeUnknown, calls_text
from reconciler.lock.journal import OpenIntent
from reconciler.lock.model import CallStatus, LockedCall


def recover(run: Run) -> tuple[OpenIntent, ...]:
    """Closes the open intents whose outcome can be found out.

    Returns those that certainly did nothing and may be sent again under their key; they stay open until then. What
    cannot be found out stays open too and is counted in the tally as unknown.
    """
    superseded = {entry.intent.recovers for entry in run.book.opened}
    carried: list[OpenIntent] = []
    for entry in run.book.opened:
        run.stop.check()
        if entry.seq in superseded:
            run.book.close(entry, why="sent again")
        elif entry.intent.operation == "cancel":
            _close_cancel(run, entry)
        elif entry.intent.operation == "control":
            run.book.close(
                entry, control=doubtful(run), why="the process ended; the state is read, or the move made, again"
            )
        elif not _recover_add(run, entry):
            carried.append(entry)
    return tuple(carried)


def _close_cancel(run: Run, entry: OpenIntent) -> None:
    """The jobs are read next; what is cancelled by then was cancelled by us, where it was while that could be."""
    known = (run.book.lock.calls.get(call.call_id) for call in entry.intent.calls)
    asked = [call for call in known if call and not call.status.is_final]
    later = _cancelled_later(run, entry, asked)
    after = [call if call.job_id in later else call.with_status(CallStatus.CANCELLING) for call in asked]
    run.book.close(entry, after, why="the process ended; the jobs are read again")


def _cancelled_later(run: Run, entry: OpenIntent, calls: Sequence[LockedCall]) -> frozenset[str]:
    """The jobs that were cancelled when the request could be on its way no longer: by somebody else."""
    skew_ms = 1000 * run.client.clock_skew_s()
    end_ms = entry.intent.deadline_ms + 1000 * (run.options.settle_s + CLOCK_MARGIN_S) + skew_ms
    if not calls or run.now_ms() + skew_ms < end_ms:
        return frozenset()
    try:
        reports = run.client.reports(job_ids=[call.job_id for call in calls])
    except CallsError:
        return frozenset()  # nobody can tell; what became of each is read with all others
    cancelled = (report for report in reports if report.job.status is JobStatus.CANCELLED)
    return frozenset(report.job.job_id for report in cancelled if (report.finished_at_ms or 0) > end_ms)


def _recover_add(run: Run, entry: OpenIntent) -> bool:
    """Whether the intent needs nothing more here: closed, or left open as unknown."""
    run.say(
        f"an earlier run was cut off while adding {calls_text(len(entry.intent.calls))}; asking what became of them"
    )
    try:
        found = _find(run, entry)
    except OutcomeUnknown as error:
        run.say(str(error))
        run.tally.unknown += len(entry.intent.calls)
        return True
    run.tally.added += len(found.done)
    if found.rest:
        run.say(f"{calls_text(len(found.rest))} not found: not added, as far as the server shows")
    if not found.done and run.client.dialect() is Dialect.CURRENT:
        return False
    run.book.close(entry, found.done)
    return True


def _find(run: Run, entry: OpenIntent) -> Found:
    found = confirm(run, entry) if entry.job_ids else look_until_settled(run, entry)
    if found.rest and entry.job_ids:
        found = look_until_settled(run, entry)
    if found.rest:
        refuse_lost_answer(entry, found)
    return found

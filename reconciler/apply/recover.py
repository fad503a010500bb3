"""What an earlier run left open: every intent is a question to the server, answered before anything new is sent."""

from __future__ import annotations

from reconciler.apply.adds import refuse_lost_answer
from reconciler.apply.moves import doubtful
from reconciler.apply.readback import Found, confirm, look_until_settled
from reconciler.apply.run import Run
from reconciler.calls.model import Dialect
from reconciler.errors import OutcomeUnknown, calls_text
from reconciler.lock.journal import OpenIntent
from reconciler.lock.model import CallStatus


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
    """The jobs are read next; what is cancelled by then was cancelled by us."""
    known = (run.book.lock.calls.get(call.call_id) for call in entry.intent.calls)
    asked = [call.with_status(CallStatus.CANCELLING) for call in known if call and not call.status.is_final]
    run.book.close(entry, asked, why="the process ended; the jobs are read again")


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

"""Who is suppressed by now is left out, whatever the plan says: the plan may be hours old when a batch is sent.

This holds for requests that are sent again too. The identical bytes under the same key are no mere question to the
server: where the first request never arrived they add everybody in it. So when somebody in it is suppressed by now, the
others travel in a request of their own, under a key of its own. That is what is always done where a server knows no
keys: only after nothing can still be travelling, and after a second look found none of them (ADR 14).
"""

from __future__ import annotations

from uuid import uuid4

from reconciler.apply.run import Run
from reconciler.errors import calls_text
from reconciler.lock.journal import Intent


def spare(run: Run, intent: Intent) -> Intent | None:
    """The intent without those who are suppressed by now; None when nobody is left.

    Raises ManifestError or GuardTripped when a suppression list cannot be trusted: then nothing may be sent.
    """
    suppressed = run.suppressed()
    phones = intent.phones() if suppressed else []
    if suppressed.isdisjoint(phones):
        return intent
    kept = [at for at, phone in enumerate(phones) if phone not in suppressed]
    leave_out(run, len(phones) - len(kept))
    if not kept:
        _close_recovered(run, intent)
        return None
    objects, calls = intent.objects(), intent.calls
    return intent.about(
        (calls[at] for at in kept),
        idempotence_key=str(uuid4()),
        body=(b"[" + b",".join(objects[at] for at in kept) + b"]").decode(),
    )


def leave_out(run: Run, count: int) -> None:
    """Counts calls that are not added, and says so."""
    run.tally.suppressed += count
    run.advance(count)
    run.say(f"{calls_text(count)} not added: on a suppression list since the plan was made")


def _close_recovered(run: Run, intent: Intent) -> None:
    for entry in run.book.opened:
        if entry.seq == intent.recovers:
            run.book.close(entry, why="everybody in it is suppressed by now")

"""Lost requests whose calls were all found while they could still be on their way.

What was found may be somebody else's jobs, so it does not count yet. It hinders nothing either: the run goes on with
other calls, leaves these open, and looks once more when no request can be travelling any more. However many answers
were lost, it waits for that once, at its end; only where somebody is called under two keys, before the second, or
nobody could tell the jobs of the two apart. Cut off before, the next run does the same.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from reconciler.apply.readback import Found, look, uncertain_for_s, wait_until_settled
from reconciler.apply.run import Run
from reconciler.errors import OutcomeUnknown, calls_text
from reconciler.lock.journal import OpenIntent


def postpone(run: Run, entry: OpenIntent) -> None:
    """Leaves the intent open until `settle_postponed`."""
    run.postponed.add(entry.intent.idempotence_key)


def is_postponed(run: Run, phones: AbstractSet[str]) -> bool:
    """Whether a call of one of these phones, as digests, was postponed."""
    return any(call.phone in phones for entry in _postponed(run) for call in entry.intent.calls)


def settle_postponed(run: Run, *, waits: bool = True) -> None:
    """Closes what was postponed with what is there by now; without waiting, as much of it as is certain already.

    Raises OutcomeUnknown when some of it is no longer found: that stays open, for the next run to find out about.
    """
    entries = _postponed(run)
    if waits:
        _wait(run, entries)
    lost = sum(_settle(run, entry) for entry in entries if waits or _uncertain_for_s(run, entry) <= 0)
    if lost:
        raise OutcomeUnknown(
            f"{calls_text(lost)}: found, and no longer reported by the server; they are recorded and will not be sent "
            "again: apply again later, or decide with `campaign resolve`"
        )


def _postponed(run: Run) -> list[OpenIntent]:
    if not run.postponed:  # nearly always
        return []
    return [entry for entry in run.book.opened if entry.intent.idempotence_key in run.postponed]


def _wait(run: Run, entries: list[OpenIntent]) -> None:
    wait_s = max((_uncertain_for_s(run, entry) for entry in entries), default=0.0)
    if wait_s > 0:
        wait_until_settled(run, Found(tuple(call for entry in entries for call in entry.intent.calls), ()), wait_s)


def _uncertain_for_s(run: Run, entry: OpenIntent) -> float:
    return uncertain_for_s(run, entry, Found(entry.intent.calls, ()))


def _settle(run: Run, entry: OpenIntent) -> int:
    """Closes the intent if all of its calls are there; returns how many are not."""
    found = look(run, entry)
    run.postponed.discard(entry.intent.idempotence_key)
    if not found.rest:
        run.book.close(entry, found.done)
        run.tally.added += len(found.done)
        run.advance(len(found.done))
    return len(found.rest)

"""Deciding about calls nobody can tell the outcome of: by asking the server once more, or by a person's word.

A person's word is kept in the lockfile with who gave it and why. `not-sent` frees the calls, so that the next apply
adds them; `sent` closes them for this wave, so that nothing ever adds them again by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Literal

import msgspec

from reconciler.apply.book import Book
from reconciler.apply.readback import look
from reconciler.apply.run import Run
from reconciler.lock.journal import OpenIntent
from reconciler.lock.model import CallStatus, Decision, LockedCall

Verdict = Literal["sent", "not-sent"]


class Doubt(msgspec.Struct, frozen=True):
    """One call in doubt, and the request it went out with if the journal still has it."""

    call: LockedCall
    entry: OpenIntent | None = None

    @property
    def shown_id(self) -> str:
        """How the call is named on the command line: the start of its key's digest, and its wave."""
        return f"{self.call.key[:8]}/{self.call.wave}"


def doubts(book: Book) -> tuple[Doubt, ...]:
    """Every call whose outcome is unknown: of open requests, and those the lockfile remembers as doubtful."""
    opened = [entry for entry in book.opened if entry.intent.operation == "addPhones"]
    of_requests = {call.call_id: Doubt(call, entry) for entry in opened for call in entry.intent.calls}
    of_lock = {call_id: Doubt(call) for call_id, call in book.lock.calls.items() if call.status.is_doubtful}
    return tuple((of_lock | of_requests).values())


def adopt(run: Run) -> int:
    """Asks the server once more about every open request and adopts the jobs it finds; returns how many.

    Raises OutcomeUnknown when the server cannot be asked. What is not found stays in doubt.
    """
    found = [call for doubt in _requests(run.book) for call in look(run, doubt).done]
    _settle(run.book, found)
    run.book.save()
    return len(found)


def _requests(book: Book) -> list[OpenIntent]:
    return [entry for entry in book.opened if entry.intent.operation == "addPhones"]


def decide(book: Book, chosen: Collection[Doubt], verdict: Verdict, *, who: str, why: str, now_s: float) -> None:
    """Records the verdict about `chosen` and saves the lockfile."""
    calls = [_after(doubt.call, verdict) for doubt in chosen]
    at = datetime.fromtimestamp(now_s, UTC).isoformat(timespec="seconds")
    decision = Decision(at, who, why, verdict, tuple(sorted(call.call_id for call in calls)))
    _settle(book, calls)
    header = book.lock.header
    book.set_header(msgspec.structs.replace(header, decisions=(*header.decisions, decision)))
    book.save()


def _after(call: LockedCall, verdict: Verdict) -> LockedCall:
    return call.with_status(CallStatus.VOUCHED if verdict == "sent" else CallStatus.CANCELLED)


def _settle(book: Book, calls: Iterable[LockedCall]) -> None:
    """Records what became of doubtful calls.

    A request is closed with all its calls, the undecided ones staying in doubt: from then on the lock remembers them.
    """
    known = {call.call_id: call for call in calls}
    for entry in _requests(book):
        if any(call.call_id in known for call in entry.intent.calls):
            book.close(entry, [known.pop(call.call_id, call) for call in entry.intent.calls], why="decided")
    book.remember(known.values())

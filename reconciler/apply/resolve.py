"""Deciding about calls nobody can tell the outcome of: by asking the server once more, or by a person's word.

A person's word is kept in the lockfile with who gave it and why. `not-sent` frees the calls, so that the next apply
adds them; `sent` closes them for this wave, so that nothing ever adds them again by itself. What neither settles stays
an open question with the exact request it is about, so that a later apply can still answer it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

import msgspec

from reconciler.apply.book import Book
from reconciler.apply.readback import Found, look, look_until_settled
from reconciler.apply.run import Run
from reconciler.calls.lookup import find_jobs
from reconciler.lock.journal import Intent, OpenIntent
from reconciler.lock.model import DOUBTFUL, CallStatus, Decision, LockedCall

Verdict = Literal["sent", "not-sent"]
CallId = tuple[str, str]


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
    of_requests = {call.call_id: Doubt(call, entry) for entry in _requests(book) for call in entry.intent.calls}
    of_lock = {call.call_id: Doubt(call) for call in book.lock.with_status(DOUBTFUL)}
    return tuple((of_lock | of_requests).values())


def unconfirmed(book: Book) -> tuple[OpenIntent, ...]:
    """The open cancels and moves. No call is in doubt because of them: the next apply reads what became of each."""
    return tuple(entry for entry in book.opened if entry.intent.operation != "addPhones")


def _requests(book: Book) -> tuple[OpenIntent, ...]:
    return tuple(entry for entry in book.opened if entry.intent.operation == "addPhones")


# ----------------------------------------------------------------------------------------------------- asking again


def adopt(run: Run) -> int:
    """Asks the server once more about every call in doubt and takes what it has; returns for how many it had something.

    Waits while what it has may be another's than the request's. Raises CallsError or OutcomeUnknown when the server
    cannot be asked. What is not found stays in doubt.
    """
    before = len(doubts(run.book))
    _close_superseded(run.book)
    for entry in _requests(run.book):
        # One by one: a job that one request is given is no longer there for the next.
        _settle(run.book, entry, _found(run, entry).done, why="found by `campaign resolve`")
    run.book.remember(_reported(run))
    run.book.save()
    return before - len(doubts(run.book))


def _found(run: Run, entry: OpenIntent) -> Found:
    found = look(run, entry)
    return look_until_settled(run, entry, found) if found.done else found


def _reported(run: Run) -> list[LockedCall]:
    """The doubtful calls that have a job, as far as the server now says something of it that can be understood."""
    asked = [call for call in run.book.lock.with_status(DOUBTFUL) if call.job_id]
    found = find_jobs(run.client, job_ids=[call.job_id for call in asked], batch=run.options.batch)
    jobs = {job.job_id: job for job in found.jobs}
    seen = (call.with_status(call.seen(jobs.get(call.job_id))) for call in asked)
    return [call for call in seen if not call.status.is_doubtful]


# --------------------------------------------------------------------------------------------------- a person's word


def decide(book: Book, chosen: Collection[Doubt], verdict: Verdict, *, who: str, why: str, now_s: float) -> None:
    """Records the verdict about `chosen` and saves the lockfile."""
    calls = {doubt.call.call_id: _after(doubt.call, verdict) for doubt in chosen}
    at = datetime.fromtimestamp(now_s, UTC).isoformat(timespec="seconds")
    decision = Decision(at, who, why, verdict, tuple(sorted(calls)))
    header = book.header
    book.set_header(msgspec.structs.replace(header, decisions=(*header.decisions, decision)))
    # Saved first: after a crash in here the calls are still in doubt and are decided again. The other way round there
    # would be calls that were decided, and nobody could tell by whom and why.
    book.save()
    _close_superseded(book)
    for entry in _requests(book):
        _settle(book, entry, calls.values(), why=f"decided: {verdict}")
    book.remember(calls.values())
    book.save()


def _after(call: LockedCall, verdict: Verdict) -> LockedCall:
    return call.with_status(CallStatus.VOUCHED if verdict == "sent" else CallStatus.CANCELLED)


# -------------------------------------------------------------------------------------------------- closing requests


def _close_superseded(book: Book) -> None:
    """Closes requests that were being sent again when the run died: the later one speaks for their calls."""
    superseded = {entry.intent.recovers for entry in _requests(book)}
    for entry in _requests(book):
        if entry.seq in superseded:
            book.close(entry, why="sent again")


def _settle(book: Book, entry: OpenIntent, known: Iterable[LockedCall], *, why: str) -> None:
    """Closes a request with what is now known of its calls; the others stay an open question of their own.

    That question is written down first: a crash in between leaves both, which asks about some calls twice.
    """
    by_id = {call.call_id: call for call in known}
    settled = {call.call_id: by_id[call.call_id] for call in entry.intent.calls if call.call_id in by_id}
    if not settled:
        return
    if len(settled) < len(entry.intent.calls):
        _leave_open(book, entry, settled)
    book.close(entry, settled.values(), why=why)


def _leave_open(book: Book, entry: OpenIntent, settled: Mapping[CallId, LockedCall]) -> None:
    """Asks on about the calls that are not settled, with all that is known of their request."""
    rest = book.intend(_without(entry.intent, settled))
    taken = {call.job_id for call in settled.values()}
    # As long as there are as many answered ids as calls, all of these were added and none is ever sent again.
    if answered := tuple(job_id for job_id in entry.job_ids if job_id not in taken):
        rest = book.answered(rest, answered)
    if entry.gave_up_ms is not None:
        book.doubt(rest, entry.gave_up_ms, entry.why)


def _without(intent: Intent, settled: Mapping[CallId, LockedCall]) -> Intent:
    """The request as if it had held only the other calls; another body needs another key."""
    objects = zip(intent.calls, intent.objects(), strict=True)
    kept = [(call, each) for call, each in objects if call.call_id not in settled]
    return intent.about(
        (call for call, _ in kept),
        idempotence_key=str(uuid4()),
        body=(b"[" + b",".join(each for _, each in kept) + b"]").decode(),
        recovers=0,
    )

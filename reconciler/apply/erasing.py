"""Erasing one person from the lock of one campaign: nothing while a phone may still ring, then all of it at once."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.apply.book import Book
from reconciler.apply.cancels import cancel_calls
from reconciler.apply.run import Run
from reconciler.calls.client import CallsClient
from reconciler.calls.lookup import find_jobs
from reconciler.errors import Refusal, calls_text
from reconciler.lock.erasure import Person, traces, without
from reconciler.lock.keyed import Keyer
from reconciler.lock.model import CallStatus, LockedCall

_MAY_RING = frozenset({*(status for status in CallStatus if status.is_live), CallStatus.UNKNOWN, CallStatus.IN_DOUBT})
"""Not those that are missing from the report: the server has nothing there that could ring."""


def refuse_unsettled(book: Book) -> None:
    """Raises Refusal while the outcome of some request is unknown: it may be about this person."""
    if book.opened:
        raise Refusal("an earlier run was cut off, and its journal holds phones; apply first, then erase")


def refresh_traces(book: Book, person: Person, client: CallsClient) -> list[LockedCall]:
    """The person's calls with the statuses the server reports now."""
    calls = traces(book.lock, person)
    open_ = [call for call in calls if call.job_id and not call.status.is_final]
    jobs = {job.job_id: job for job in find_jobs(client, job_ids=[call.job_id for call in open_]).jobs}
    book.remember(call.with_status(call.seen(jobs.get(call.job_id))) for call in open_)
    return traces(book.lock, person)


def take_back(run: Run, person: Person) -> None:
    """Cancels the person's calls that may still ring."""
    live = [call for call in traces(run.book.lock, person) if call.job_id and may_ring(call)]
    if live:
        cancel_calls(run, live)


def may_ring(call: LockedCall) -> bool:
    """Whether a phone may still ring because of it."""
    return call.status in _MAY_RING


def erase(book: Book, person: Person, keyer: Keyer, say: Callable[[str], None]) -> int:
    """Takes the person out of lock and journal; returns how many calls that were. Raises Refusal while any may ring."""
    calls = traces(book.lock, person)
    live = [call for call in calls if may_ring(call)]
    if any(call.status in (CallStatus.IN_DOUBT, CallStatus.UNKNOWN) for call in live):
        raise Refusal("nobody can tell whether a call of theirs may still ring; see `campaign resolve`, then erase")
    if any(call.status is CallStatus.CANCELLING or call.status is CallStatus.IN_PROCESS for call in live):
        raise Refusal("they are being called now, or a cancellation is not confirmed yet; erase again once it is over")
    if live:
        raise Refusal(f"{calls_text(len(live))} of theirs may still ring; erase with --cancel to take that back first")
    book.refresh(without(book.lock, person, calls, keyer))
    book.save()
    if calls:
        say(f"{calls_text(len(calls))} erased")
    return len(calls)

"""Adding calls: the one thing that must never happen twice.

A batch is written down, sent once, and confirmed by reading the new jobs back, because the order of the ids promises
nothing. When the answer leaves doubt the server is asked, twice if need be, before anything is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from reconciler.apply.batch import Batch, ToAdd
from reconciler.apply.postponed import postpone
from reconciler.apply.readback import (
    Found,
    confirm,
    has_acted,
    is_answered_for_all,
    look,
    look_until_settled,
    uncertain_for_s,
)
from reconciler.apply.run import Run
from reconciler.apply.spare import spare
from reconciler.calls.model import AddAnswer, Dialect
from reconciler.errors import Ambiguous, BadCall, CallsError, OutcomeUnknown, TryLater, calls_text
from reconciler.lock.journal import Intent, OpenIntent
from reconciler.lock.model import CallStatus, LockedCall

SENDS = 4
"""How often one batch is sent at most when answers keep getting lost or the server keeps asking to wait."""

CallId = tuple[str, str]


def settle(run: Run, batch: Batch, entry: OpenIntent, failed: Callable[[], AddAnswer] | None = None) -> None:
    """Finishes a batch whose request was sent: by another request, by waiting or by asking, as its outcome demands.

    `failed` raises what came instead of an answer; None when it was answered and the report did not show its jobs.
    Raises Refused and NotSent when nothing was added by the request they came from, OutcomeUnknown when nobody can
    tell; whatever was added before is recorded.
    """
    outcome = partial(_after_answer, run, entry) if failed is None else partial(_after_sending, run, entry, failed)
    _add_batch(run, batch, _send(run, entry.intent, _Begun(entry, outcome)))


def _add_batch(run: Run, batch: Batch, refused: frozenset[CallId]) -> None:
    """Adds what was `refused` for the sake of another number, setting aside those the server names as bad."""
    waiting, refusals = [_those(batch, refused)] if refused else [], 1
    while waiting:
        run.stop.check()
        part = waiting.pop()
        refused = _send(run, run.intent("addPhones", part.held, part.body()))
        if refused:
            refusals += 1
            waiting.extend(_split(_those(part, refused), into_halves=refusals > 1))


def _those(batch: Batch, refused: Collection[CallId]) -> Batch:
    return batch.only([at for at, call in enumerate(batch.calls) if call.call_id in refused])


def _split(batch: Batch, *, into_halves: bool) -> list[Batch]:
    """What is sent next. With many bad numbers, halves let the good ones through in ever larger shares."""
    middle = batch.size // 2 if into_halves else 0
    return [part for part in (batch.cut(middle, batch.size), batch.cut(0, middle)) if part.size]


def take_up(run: Run, carried: Iterable[OpenIntent], calls: Sequence[ToAdd]) -> list[ToAdd]:
    """Sends intents of an earlier run again, byte for byte, where all their calls are still to be added.

    Returns the calls that are left. Intents that no longer fit are closed: their calls have no job.
    """
    left = {call.wanted.call_id: call for call in calls}
    for entry in _still_open(run, carried):
        again = [left[c.call_id] for c in entry.intent.calls if _is_same(left.get(c.call_id), c)]
        if len(again) < len(entry.intent.calls):
            run.book.close(entry, why="no longer wanted as it was sent")
            continue
        run.stop.check()
        _add_batch(run, Batch.of(again), _send(run, run.intent_again(entry.intent, recovers=entry.seq)))
        for call in again:
            del left[call.wanted.call_id]
    return list(left.values())


def _still_open(run: Run, carried: Iterable[OpenIntent]) -> list[OpenIntent]:
    """The carried intents under the numbers they have since the lockfile was last written."""
    keys = {entry.intent.idempotence_key for entry in carried}
    return [entry for entry in run.book.opened if entry.intent.idempotence_key in keys]


def _is_same(call: ToAdd | None, sent: LockedCall) -> bool:
    return call is not None and call.wanted.request == sent.request


class _Begun(NamedTuple):
    """A first try that was made already, and what to do about its outcome."""

    entry: OpenIntent
    outcome: Callable[[], Intent | None]


def _begin(run: Run, intent: Intent) -> _Begun:
    entry = run.book.intend(intent)
    run.book.close_recovered(entry)
    return _Begun(entry, partial(_post, run, entry))


def _send(run: Run, intent: Intent, begun: _Begun | None = None) -> frozenset[CallId]:
    """Sends one intent until its outcome is known.

    Whoever is suppressed by then is left out of every try. Returns the calls that are still to be added, because the
    server refused them for the sake of another.
    """
    for _ in range(SENDS):
        if begun is None:
            spared = spare(run, intent)
            if spared is None:
                return frozenset()
            begun = _begin(run, spared)
        (entry, outcome), begun = begun, None
        try:
            again = outcome()
        except BadCall as error:
            return _set_aside(run, entry, error)
        if again is None:
            return frozenset()
        intent = again
    if intent.recovers:
        raise OutcomeUnknown(f"no usable answer to addPhones after {SENDS} tries; what was sent is recorded")
    raise CallsError("addPhones", f"no usable answer after {SENDS} tries", "nothing is in doubt: apply again later")


def _post(run: Run, entry: OpenIntent) -> Intent | None:
    """One POST. None when its outcome is recorded, or the intent to send next.

    Raises BadCall with the intent still open; other refusals and NotSent with the intent closed.
    """
    run.count("addPhones")
    intent = entry.intent
    return _after_sending(run, entry, lambda: run.client.add_phones(intent.body.encode(), intent.idempotence_key))


def _after_sending(run: Run, entry: OpenIntent, outcome: Callable[[], AddAnswer]) -> Intent | None:
    """The same, once there is an `outcome`."""
    try:
        answer = outcome()
    except BadCall:
        raise
    except TryLater as error:
        return _later(run, entry, error)
    except Ambiguous as error:
        run.say(f"{error}; asking the server what became of it")
        return _after_doubt(run, _doubted(run, entry, error))
    except CallsError as error:
        run.book.close(entry, why=error.what)
        raise
    return _after_answer(run, run.book.answered(entry, answer.job_ids))


def leaves_doubt(error: CallsError) -> bool:
    """Whether what came instead of an answer does not say for certain that nothing was done."""
    return isinstance(error, Ambiguous) or (isinstance(error, TryLater) and not error.is_certain)


def _doubted(run: Run, entry: OpenIntent, error: CallsError) -> OpenIntent:
    return run.book.doubt(entry, run.now_ms(), error.what) if entry.gave_up_ms is None else entry


def _later(run: Run, entry: OpenIntent, error: TryLater) -> Intent | None:
    """Waits as long as the server asks; then the same request is a new intent.

    Where it is not certain that nothing was done the server is asked in between. If it has some of the calls, the
    answer was one that leaves doubt.
    """
    if error.is_certain:
        run.book.close(entry, why=error.what)
    else:
        entry = _doubted(run, entry, error)
    run.say(str(error))
    run.clock.sleep(error.retry_after_s)
    if not error.is_certain:
        if has_acted(run, entry):
            return _after_doubt(run, entry)
        run.book.close(entry, why=error.what)
    return run.intent_again(entry.intent, recovers=0)


def _after_answer(run: Run, entry: OpenIntent) -> Intent | None:
    found = confirm(run, entry)
    if found.rest:
        return _after_doubt(run, entry)
    _close(run, entry, found)
    return None


def _after_doubt(run: Run, entry: OpenIntent) -> Intent | None:
    found = look(run, entry)
    if not found.rest and uncertain_for_s(run, entry, found) > 0:
        postpone(run, entry)
        return None
    found = look_until_settled(run, entry, found)
    if not found.rest:
        _close(run, entry, found)
        return None
    refuse_lost_answer(entry, found)
    return _rest_of(run, entry, found)


def refuse_lost_answer(entry: OpenIntent, found: Found) -> None:
    """Raises OutcomeUnknown when the server answered enough ids, so that every call has a job, found or not."""
    if is_answered_for_all(entry):
        raise OutcomeUnknown(
            f"{calls_text(len(found.rest))}: added, but the server does not report them; they are recorded and "
            "will not be sent again: apply again later, or decide with `campaign resolve`"
        )


def _close(run: Run, entry: OpenIntent, found: Found) -> None:
    run.book.close(entry, found.done)
    run.tally.added += len(found.done)
    run.advance(len(found.done))


def _rest_of(run: Run, entry: OpenIntent, found: Found) -> Intent:
    """What to send for the calls that have no job although no request can still be travelling.

    When nothing arrived and the server honours keys: the identical bytes under the same key, so that even a request
    that travels longer than anybody thought is done once. Otherwise the rest is a request of its own.
    """
    if not found.done and run.client.dialect() is Dialect.CURRENT:
        return run.intent_again(entry.intent, recovers=entry.seq)
    rest = {call.call_id for call in found.rest}
    objects = zip(entry.intent.objects(), entry.intent.calls, strict=True)
    body = b",".join(each for each, call in objects if call.call_id in rest)
    _close(run, entry, found)
    return run.intent("addPhones", found.rest, f"[{body.decode()}]")


def _set_aside(run: Run, entry: OpenIntent, error: BadCall) -> frozenset[CallId]:
    """Records the number the server names as rejected; returns the calls that were refused with it.

    Raises the error when it names none of the request's.
    """
    phone = run.keyer.phone("".join(filter(str.isdigit, error.phone)))
    bad = next((call for call in entry.intent.calls if call.phone == phone), None)
    if bad is None:
        run.book.close(entry, why=error.what)
        raise error
    run.book.close(entry, [bad.with_status(CallStatus.REJECTED)], why=error.type)
    run.tally.rejected.append((bad.mask, error.type))
    run.advance(1)
    # Not the whole batch: some of it may have been added before, by a request this one was the rest of.
    return frozenset(call.call_id for call in entry.intent.calls if call.call_id != bad.call_id)

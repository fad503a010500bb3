"""Batches of adds, several under way at once, and one thread that keeps the book.

Other threads only send and wait. Everything that is written down, and every decision, happens here in turn: which makes
the records of batches that come back together durable together, with one fsync.

The straight way is in this module: an intent that is durable, a request, an answer, a report that shows all its jobs.
For calls of which nothing was remembered it is walked in columns, from the plan to the line in the lockfile. This is
the hot path of a large apply: only what a server says of a job is a struct on it.

Whatever comes back in any other way waits until nothing else is under way, and is then settled by itself, as
`adds.settle` does it. So no two requests are ever in doubt about each other's calls, and what a single batch promises
holds for each of several.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any, Self, cast

from reconciler.apply.adds import leaves_doubt, settle
from reconciler.apply.batch import Batch
from reconciler.apply.postponed import is_postponed, settle_postponed
from reconciler.apply.run import Run
from reconciler.apply.spare import leave_out
from reconciler.calls.model import AddAnswer, Job, JobStatus
from reconciler.calls.parallel import first_done
from reconciler.errors import CallsError, LockError, TryLater
from reconciler.lock.journal import OpenIntent
from reconciler.lock.model import CallStatus, LockedCall, seen
from reconciler.lock.new_calls import NewCalls


def add_batches(run: Run, batches: Iterator[Batch]) -> None:
    """Adds these batches, as many at once as the options say.

    Raises what `adds.settle` raises for the first batch that could not be added; whatever else was under way by then is
    recorded. When the run is asked to stop, so is what was under way.
    """
    with _Flights(run) as flights:
        flights.fly(batches)


class _Flight:
    """One batch under way: first its request, then the report that confirms it."""

    def __init__(self, batch: Batch, entry: OpenIntent) -> None:
        self.batch, self.entry = batch, entry
        self.is_answered = False
        self.landed_s = 0.0  # when its request came back without a usable answer, Unix seconds
        self.answer: Future[AddAnswer] | None = None
        self.report: Future[tuple[Job, ...]] | None = None

    @property
    def awaited(self) -> Future[Any]:
        """What is under way for it, once something was sent."""
        return cast("Future[Any]", self.report or self.answer)


class Here(Executor):
    """Does one thing after the other, in this thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """What `fn` returned or raised."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as every executor does: raised where the result is asked for
            future.set_exception(error)
        return future


class _Flights:
    def __init__(self, run: Run) -> None:
        self._run = run
        at_once = run.options.parallelism
        # Reports have room of their own: else every other request would be one, and adding take twice as long.
        self._pool: Executor = Here() if at_once == 1 else run.options.pool(2 * at_once)
        self._under_way: list[_Flight] = []
        self._odd: list[_Flight] = []
        self._next: Batch | None = None
        self._suppressed: frozenset[str] = frozenset()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def fly(self, batches: Iterator[Batch]) -> None:
        """Everything, until no batch is left."""
        self._next = next(batches, None)
        try:
            while self._step(batches):
                pass
        except LockError:
            raise  # nothing can be recorded any more
        except Exception:
            self._record_all()
            raise

    def _step(self, batches: Iterator[Batch]) -> bool:
        """Lands what has come back and starts as much as there is room for; False when there was nothing to do."""
        if self._next and not self._is_held:
            self._run.stop.check()
            # Before anything is written down: it may raise, and then nothing goes on.
            self._suppressed = self._run.suppressed()
        with self._run.book.together():
            onward = self._land_all()
            for batch in self._room(batches):
                onward.append(self._take_off(batch))
        self._send_all(onward)
        if self._under_way:
            self._wait()
            return True
        return self._between()

    @property
    def _is_held(self) -> bool:
        """Whether something has to be settled or saved before anything else is begun."""
        return bool(self._odd) or self._run.book.is_save_due(self._run.options.checkpoint)

    def _room(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """As many of the next batches as may be begun now."""
        at_once = self._run.options.parallelism
        busy = self._under_way if at_once == 1 else [each for each in self._under_way if not each.is_answered]
        # No more flights than threads: a request that waited for one would be sent later than its intent says.
        room = 0 if self._is_held else min(at_once - len(busy), 2 * at_once - len(self._under_way))
        while self._next and room > 0 and not self._meets_itself(self._next):
            batch, self._next = self._spared(self._next), next(batches, None)
            if batch.size:
                yield batch
                room -= 1

    def _spared(self, batch: Batch) -> Batch:
        """The batch without those who are suppressed by now."""
        if self._suppressed.isdisjoint(batch.phones):
            return batch
        kept = batch.only([at for at, phone in enumerate(batch.phones) if phone not in self._suppressed])
        leave_out(self._run, batch.size - kept.size)
        return kept

    def _meets_itself(self, batch: Batch) -> bool:
        """Whether somebody who is called under two keys would be in two open requests at once."""
        if not batch.shared:
            return False
        is_under_way = any(call.phone in batch.shared for each in self._under_way for call in each.batch.calls)
        return is_under_way or is_postponed(self._run, batch.shared)

    def _take_off(self, batch: Batch) -> _Flight:
        intent = self._run.intent("addPhones", batch.held, batch.body())
        flight = _Flight(batch, self._run.book.intend(intent))
        self._under_way.append(flight)
        return flight

    def _wait(self) -> None:
        first_done([flight.awaited for flight in self._under_way])

    def _send_all(self, flights: list[_Flight]) -> None:
        """Sends the next request of each; their intents are durable by now."""
        client = self._run.client
        for flight in flights:
            intent, ids = flight.entry.intent, tuple(dict.fromkeys(flight.entry.job_ids))
            if flight.is_answered:
                flight.report = self._pool.submit(client.jobs, job_ids=ids)
            else:
                self._run.count("addPhones")
                flight.answer = self._pool.submit(client.add_phones, intent.body.encode(), intent.idempotence_key)

    def _land_all(self) -> list[_Flight]:
        """Takes in what has come back; returns the flights that were answered and have to be confirmed."""
        landed = [flight for flight in self._under_way if flight.awaited.done()]
        return [flight for flight in landed if self._land(flight)]

    def _land(self, flight: _Flight) -> bool:
        error = flight.awaited.exception()
        if error is None and flight.report is None:
            flight.entry = self._run.book.answered(flight.entry, flight.awaited.result().job_ids)
            flight.is_answered = True
            return True
        self._under_way.remove(flight)
        if error is not None or not self._close(flight, flight.awaited.result()):
            self._set_aside(flight, error)
        return False

    def _set_aside(self, flight: _Flight, error: BaseException | None) -> None:
        flight.landed_s = self._run.clock.now_s()
        if isinstance(error, CallsError) and leaves_doubt(error) and not flight.is_answered:
            # At once, so that several that are in doubt wait for the same time to pass and not for one after the other.
            flight.entry = self._run.book.doubt(flight.entry, self._run.now_ms(), error.what)
        self._odd.append(flight)

    def _close(self, flight: _Flight, jobs: tuple[Job, ...]) -> bool:
        """Records the jobs of its calls; False when they are not exactly theirs and new."""
        found, book, batch = paired(self._run, flight.batch, jobs), self._run.book, flight.batch
        if found is None:
            return False
        statuses = [_status(job) for job in found]
        ids = [job.job_id for job in found]
        if isinstance(batch.held, NewCalls):
            book.confirm(flight.entry, batch.held, batch.phones, ids, "".join(statuses))
        else:
            book.close(flight.entry, map(_with_job, batch.held, ids, statuses))
        self._run.tally.added += batch.size
        self._run.advance(batch.size)
        return True

    def _between(self) -> bool:
        """What is done while nothing is under way; False when there was nothing to do."""
        if self._odd:
            self._settle(self._odd.pop(0))
            return True
        if self._next and self._meets_itself(self._next):  # in what was postponed: nothing is under way
            settle_postponed(self._run)
            return True
        if self._next and self._is_held:
            self._run.book.checkpoint()
        return self._next is not None

    def _settle(self, flight: _Flight) -> None:
        error = flight.awaited.exception()
        if isinstance(error, TryLater):  # the time it asks for began then
            error.retry_after_s = max(0.0, error.retry_after_s + flight.landed_s - self._run.clock.now_s())
        settle(self._run, flight.batch, flight.entry, None if flight.is_answered else flight.awaited.result)
        settle_postponed(self._run, waits=False)  # so that few are open at a time

    def _record_all(self) -> None:
        """Brings down what is under way, and writes down what is known of the odd ones, sending nothing more."""
        for flight in [each for each in self._under_way if each.answer is None]:
            self._under_way.remove(flight)
            self._run.book.close(flight.entry, why="it was not sent")
        while self._under_way:
            self._wait()
            with self._run.book.together():
                onward = self._land_all()
            self._send_all(onward)
        for flight in self._odd:
            _write_down(self._run, flight)


def _write_down(run: Run, flight: _Flight) -> None:
    """What is known of a flight that nobody settles any more; what is not known stays open."""
    error = None if flight.is_answered else flight.awaited.exception()
    if isinstance(error, CallsError) and not leaves_doubt(error):
        run.book.close(flight.entry, why=error.what)


def paired(run: Run, batch: Batch, jobs: tuple[Job, ...]) -> list[Job] | None:
    """The job of each call of the batch; None when the jobs are not exactly theirs and new."""
    by_phone = {job.phone: job for job in jobs}
    if not len(by_phone) == len(jobs) == batch.size or run.book.owns_any([job.job_id for job in jobs]):
        return None
    found = [by_phone.get(phone) for phone in batch.phones]
    return cast("list[Job]", found) if all(found) else None


def _status(job: Job) -> CallStatus:
    return CallStatus.PLANNED if job.status is JobStatus.PLANNED else seen(CallStatus.PLANNED, job)


def _with_job(sent: LockedCall, job_id: str, status: CallStatus) -> LockedCall:
    return LockedCall(sent.key, sent.wave, sent.phone, sent.request, job_id, status, sent.mask, sent.former)

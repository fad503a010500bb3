"""One campaign of the sandbox: its state, its jobs, and everything the API and other people can do to it.

Every public method takes the sandbox's one lock and first lets the dialer catch up with the clock, so that
callers on any thread see a campaign that has lived until this very moment. What is returned is frozen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from threading import RLock
from typing import Any, Concatenate, ParamSpec, TypeVar, get_args

from msgspec.structs import replace

from reconciler.sandbox.answers import NOT_FOUND, RefusedError, impossible_move, refused
from reconciler.sandbox.book import JobBook
from reconciler.sandbox.clock import Clock
from reconciler.sandbox.dialer import Dialer
from reconciler.sandbox.jobs import (
    CALLED,
    CANCELED,
    FINISHED,
    IN_PROCESS,
    NO_ANSWER,
    NOT_DONE,
    ON_RETRY,
    WAITING,
    Attempt,
    Creator,
    Job,
)
from reconciler.sandbox.outcomes import Dice, draw
from reconciler.sandbox.policies import PolicyBook, Terms, zone_of
from reconciler.sandbox.rules import Named, Page, Range, Wanted, wanted
from reconciler.sandbox.settings import Settings, State
from reconciler.sandbox.windows import FOREVER_MS, Window

MOVES: dict[str, tuple[frozenset[str], State]] = {
    "start": (frozenset({"new", "planned"}), "inProgress"),
    "pause": (frozenset({"inProgress"}), "paused"),
    "resume": (frozenset({"paused"}), "inProgress"),
    "stop": (frozenset({"new", "planned", "inProgress", "paused"}), "finished"),
}
"""From which states each action is possible, and where it leads."""

_CLOSED_STATES = {"finished": "FINISHED", "deleted": "DELETED"}
"""States that take no more numbers, as `invalid.call.task.state` spells them."""

P = ParamSpec("P")
R = TypeVar("R")


def _caught_up(
    method: Callable[Concatenate[Campaign, P], R],
) -> Callable[Concatenate[Campaign, P], R]:
    @wraps(method)
    def locked(self: Campaign, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self._lock:
            self._settle()
            return method(self, *args, **kwargs)

    return locked


class JobIds:
    """Job ids in the style of the API's examples, unique over all campaigns of a sandbox."""

    FIRST = 5665330001

    def __init__(self, following: int = FIRST) -> None:
        self.following = following

    def take(self, amount: int) -> list[str]:
        """So many new ids, ascending."""
        first = self.following
        self.following += amount
        return [str(number) for number in range(first, first + amount)]


class Campaign:
    """A campaign and its jobs. `settings` are complete (see `Settings.complete`)."""

    def __init__(self, settings: Settings, *, clock: Clock, lock: RLock, ids: JobIds, seed: int) -> None:
        now_ms = clock.now_ms()
        self.settings = settings
        self.created_ms = now_ms
        self.started_ms: int | None = None
        self.ended_ms: int | None = None
        self._state: State = "new"
        self._clock = clock
        self._lock = lock
        self._ids = ids
        self._seed = seed
        self._book = JobBook()
        default = Terms(Window(zone_of(settings.zone)), settings.attempts, int(settings.retry * 1000))
        self._policies = PolicyBook(default)
        self._dice = Dice(seed, always=settings.outcome, knows_technical_error=settings.dialect == "current")
        self._dialer = Dialer(self._book, self._policies, self._dice, lines=settings.lines, at_ms=now_ms)
        self._enter(settings.state)

    def __repr__(self) -> str:
        """Without the token."""
        return f"Campaign(dialect={self.settings.dialect!r}, state={self._state!r}, jobs={len(self._book)})"

    def _settle(self) -> None:
        self._dialer.settle(self._clock.now_ms())

    # -------------------------------------------------------------------------------------------------- what it is

    @property
    @_caught_up
    def state(self) -> State:
        """The state's word, `inProgress` in whatever spelling clients are told."""
        return self._state

    @property
    @_caught_up
    def jobs(self) -> tuple[Job, ...]:
        """Every job, oldest first."""
        return tuple(self._book.all())

    @_caught_up
    def job(self, job_id: str | int) -> Job:
        """The job of this id; KeyError when there is none."""
        return self._existing(str(job_id))

    @_caught_up
    def has(self, job_id: str | int) -> bool:
        """Whether there is a job of this id."""
        return self._book.get(str(job_id)) is not None

    @_caught_up
    def totals(self) -> tuple[dict[str, int], int]:
        """How many jobs there are of each status, and the seconds talked in all of them."""
        return {status: number for status, number in self._book.counts.items() if number}, self._book.talked_s

    def _existing(self, job_id: str) -> Job:
        job = self._book.get(job_id)
        if job is None:
            raise KeyError("no job of this id")
        return job

    # ------------------------------------------------------------------------------------------------- adding jobs

    @_caught_up
    def add(self, body: object) -> tuple[str, ...]:
        """Ids of the jobs created for an addPhones body; all or none: RefusedError when any number breaks a rule."""
        if state := _CLOSED_STATES.get(self._state):
            raise refused("invalid.call.task.state", "The campaign takes no more numbers", state=state)
        ids = self._add(wanted(body, self._policies, self.settings.rejects.split(",")), "api")
        return tuple(self._shuffled(ids, "answer")) if self.settings.order == "shuffled" else tuple(ids)

    @_caught_up
    def add_foreign(self, phone: str, *, via: Creator = "somebody", status: str | None = None) -> str:
        """The id of a job that somebody else adds, in `status` if given; RefusedError for a bad phone."""
        numbers = wanted([{"phone": phone}], self._policies)
        job_id = self._add(numbers, via)[0]
        if status is not None:
            self.set_status(job_id, status)
        return job_id

    def _add(self, numbers: Sequence[Wanted], creator: Creator) -> list[str]:
        now_ms = self._clock.now_ms()
        ids = self._ids.take(len(numbers))
        if self.settings.order == "shuffled":
            ids = self._shuffled(ids, "creation")
        for job_id, number in zip(ids, numbers, strict=True):
            job = Job(
                id=job_id,
                phone=number.phone,
                created_ms=now_ms,
                created_by=creator,
                payload=number.payload,
                policy=number.policy,
            )
            self._dialer.follow(self._book.put(job))
        self._settle()
        return ids

    def _shuffled(self, ids: Iterable[str], purpose: str) -> list[str]:
        return sorted(ids, key=lambda job_id: draw(self._seed, job_id, purpose))

    @_caught_up
    def reject(self, phone: str) -> None:
        """From now on refuse this number as badly formatted."""
        rejects = [*self.settings.rejects.split(","), phone]
        self.settings = replace(self.settings, rejects=",".join(filter(None, rejects)))

    # --------------------------------------------------------------------------------------------------- cancelling

    @_caught_up
    def cancel(self, request: Named) -> tuple[str, ...]:
        """Ids really cancelled. RefusedError, and nothing cancelled, when any id or phone is unknown."""
        return self._cancel(self._find(request, FOREVER_MS))

    @_caught_up
    def cancel_externally(self, job_id: str | int) -> bool:
        """Whether somebody else's cancel of this job took effect; KeyError when there is no such job."""
        return bool(self._cancel((self._existing(str(job_id)),)))

    def _cancel(self, jobs: Iterable[Job]) -> tuple[str, ...]:
        cancelled = []
        for job in jobs:
            if job.created_by == "web":
                continue  # only numbers added through the API can be cancelled
            if job.status in WAITING:
                self._put(job, status=CANCELED, finished_ms=self._clock.now_ms())
                cancelled.append(job.id)
            elif job.status == IN_PROCESS:
                # The turn stays: the call in progress goes on to its own end.
                self._book.put(replace(job, cancelling=True))
                if self.settings.inprocess == "listed":
                    cancelled.append(job.id)
        return tuple(cancelled)

    def _put(self, job: Job, **changes: Any) -> Job:
        return self._book.put(replace(job, turn=job.turn + 1, **changes))

    # -------------------------------------------------------------------------------------------------- state moves

    @_caught_up
    def control(self, action: str) -> None:
        """Start, pause, resume or stop; RefusedError when the campaign's state does not allow it."""
        if action == "start" and self.settings.start == 404:
            raise RefusedError(NOT_FOUND)
        possible_from, target = MOVES[action]
        if self._state not in possible_from:
            raise impossible_move(action, self._state)
        self._enter(target)

    @_caught_up
    def set_state(self, state: str) -> None:
        """Put the campaign into a state, whatever state it is in; ValueError for a word that is none."""
        if state not in get_args(State):
            raise ValueError(f"state is one of {', '.join(get_args(State))}")
        self._enter(state)  # type: ignore[arg-type]

    def _enter(self, state: State) -> None:
        self._state = state
        now_ms = self._clock.now_ms()
        self._dialer.is_running = state == "inProgress"
        self._dialer.is_over = state in _CLOSED_STATES
        if state in ("inProgress", "paused") and self.started_ms is None:
            self.started_ms = now_ms
        self.ended_ms = now_ms if state in _CLOSED_STATES else None
        if state in _CLOSED_STATES:
            for job in [job for job in self._book.live() if job.status in WAITING]:
                self._put(job, status=NOT_DONE, finished_ms=now_ms)
        self._settle()

    @_caught_up
    def set_status(self, job_id: str | int, status: str) -> Job:
        """The job after its status was forced; any word will do. `inProcess` stays until forced again.

        A status that only a call leads to leaves an attempt behind, as a real call does. KeyError when there
        is no such job.
        """
        job = self._existing(str(job_id))
        status = CANCELED if status == "cancelledByUser" else status
        now_ms = self._clock.now_ms()
        changes: dict[str, Any] = {
            "status": status,
            "held": status == IN_PROCESS,
            "started_ms": now_ms if status == IN_PROCESS else None,
            "finished_ms": now_ms if status in FINISHED else None,
        }
        if status in CALLED or (status == ON_RETRY and not job.attempts):
            changes["attempts"] = (*job.attempts, self._forced_attempt(job, status, now_ms))
        forced = self._put(job, **changes)
        self._dialer.follow(forced)
        self._settle()
        return self._existing(forced.id)

    def _forced_attempt(self, job: Job, status: str, now_ms: int) -> Attempt:
        number = len(job.attempts) + 1
        result = status if status in CALLED else NO_ANSWER
        outcome = self._dice.of(result, job.id, number)
        return Attempt(number, result, now_ms, now_ms, outcome.talk_s, outcome.report, outcome.tag)

    @_caught_up
    def forget(self, job_id: str | int) -> None:
        """Lose the job: reports no longer know it. KeyError when there is no such job."""
        self._book.forget(self._existing(str(job_id)))

    # ------------------------------------------------------------------------------------------------------ reports

    @_caught_up
    def report(self, request: Named) -> tuple[Job, ...]:
        """The jobs named; RefusedError when any id or phone is unknown, or does not show yet."""
        return self._find(request, self._shows_until_ms())

    @_caught_up
    def created_and_finished(self, created: Range, finished: Range) -> list[Job]:
        """Jobs that show already and lie in both ranges, oldest first."""
        jobs = self._book.created_between(created.from_ms, min(created.to_ms, self._shows_until_ms()))
        return jobs if finished.is_open else [job for job in jobs if finished.holds(job.finished_ms)]

    @_caught_up
    def unfinished(self, page: Page) -> list[Job]:
        """One page of the live jobs that show already."""
        until_ms = self._shows_until_ms()
        return page.cut([job for job in self._book.live() if job.created_ms <= until_ms])

    def _shows_until_ms(self) -> int:
        return self._clock.now_ms() - int(self.settings.visible * 1000)

    def _find(self, request: Named, until_ms: int) -> tuple[Job, ...]:
        found: dict[str, Job] = {}
        for job_id in map(str, request.ids or ()):
            job = self._book.get(job_id)
            if job is None or job.created_ms > until_ms:
                raise refused("id.not.found", "Some ids are not in the campaign")
            found[job.id] = job
        for phone in request.phones or ():
            jobs = [job for job in self._book.of_phone(phone) if job.created_ms <= until_ms]
            if not jobs:
                raise refused("phone.not.found", "Some phones are not in the campaign")
            found |= {job.id: job for job in jobs}
        return tuple(found.values())

    # ---------------------------------------------------------------------------------------------------- restoring

    def restore(self, state: State, times: tuple[int, int | None, int | None], jobs: Iterable[Job]) -> None:
        """Take up a stored life: the state, when it was created, started and ended, and every job."""
        for job in jobs:
            self._dialer.follow(self._book.put(job))
        self.created_ms, self.started_ms, self.ended_ms = times
        self._state = state
        self._dialer.is_running = state == "inProgress"
        self._dialer.is_over = state in _CLOSED_STATES

"""What a run works with, and what it did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from uuid import uuid4

import msgspec

from reconciler.apply.book import Book
from reconciler.apply.clock import Clock, StopRequest
from reconciler.calls.client import CallsClient
from reconciler.lock.erasure import Graves
from reconciler.lock.journal import Intent, Operation
from reconciler.lock.keyed import Keyer
from reconciler.lock.model import LockedCall
from reconciler.lock.new_calls import NewCalls

BATCH = 2000
"""Calls per request by default: past this the measured cost of requests and fsyncs is a few percent of the whole."""

SETTLE_S = 120.0
"""How long a request may still take effect after its client gave up, unless `--settle` says otherwise."""


CHECKPOINT = 200_000
"""Calls added before the lockfile is written in the middle of a run: some fifty megabytes of journal."""


class Options(msgspec.Struct, frozen=True):
    """How a run goes about its requests. Times in seconds."""

    batch: int = BATCH
    parallelism: int = 1  # batches of adds under way at once
    checkpoint: int = CHECKPOINT
    pool: Callable[[int], Executor] = ThreadPoolExecutor  # of so many threads, for sending
    settle_s: float = SETTLE_S
    timeout_s: float = 60.0


class Tally(msgspec.Struct):
    """What a run has done so far; calls unless said otherwise."""

    added: int = 0
    cancelled: int = 0
    cancelling: int = 0  # asked for; a call in progress is finished first
    replaced: int = 0
    adopted: int = 0
    deferred: int = 0  # could not be taken back in time, or wait for something that could not
    unknown: int = 0
    withheld: int = 0  # actions held back by a guard
    suppressed: int = 0  # on a suppression list since the plan was made, so not added
    rejected: list[tuple[str, str]] = msgspec.field(default_factory=list)  # mask and the server's reason
    moves: list[str] = msgspec.field(default_factory=list)
    requests: dict[str, int] = msgspec.field(default_factory=dict)  # mutating requests by endpoint


def _ignore(_: str) -> None:
    """Says nothing."""


def _no_progress(_: int) -> None:
    """Shows nothing."""


def _nobody() -> frozenset[str]:
    """Nobody is suppressed."""
    return frozenset()


class Run(msgspec.Struct, frozen=True):
    """Everything the steps of an apply share."""

    client: CallsClient
    book: Book
    keyer: Keyer
    clock: Clock
    stop: StopRequest
    options: Options
    tally: Tally
    say: Callable[[str], None] = _ignore  # a message for a person, now
    advance: Callable[[int], None] = _no_progress  # so many more calls are done
    # The digits of those nobody may call by now, whatever the plan says. Raises when a list cannot be trusted.
    suppressed: Callable[[], frozenset[str]] = _nobody
    postponed: set[str] = msgspec.field(default_factory=set)  # idempotence keys; see `postponed.py`
    graves: Graves = Graves()  # who was erased from other locks

    def intent(
        self, operation: Operation, calls: Sequence[LockedCall] | NewCalls = (), body: str = "", move: str = ""
    ) -> Intent:
        """A new intent from now until the timeout, under a key of its own; waits until its request may be sent."""
        self.client.take_turn()  # before the time is taken: a request must not go out after the intent's deadline
        now_ms = self.now_ms()
        deadline_ms = now_ms + int(1000 * self.options.timeout_s)
        held = calls if isinstance(calls, NewCalls) else tuple(calls)
        skew_ms = int(1000 * self.client.clock_skew_s())
        return Intent(operation, str(uuid4()), now_ms, deadline_ms, held, body, move, skew_ms=skew_ms)

    def intent_again(self, intent: Intent, recovers: int) -> Intent:
        """The identical request under the same key, with a deadline of its own.

        It counts as created when it was first: the jobs of either are looked for from there on.
        """
        self.client.take_turn()
        deadline_ms = self.now_ms() + int(1000 * self.options.timeout_s)
        return msgspec.structs.replace(intent, deadline_ms=deadline_ms, recovers=recovers)

    def now_ms(self) -> int:
        """Unix milliseconds."""
        return int(1000 * self.clock.now_s())

    def count(self, endpoint: str) -> None:
        """Counts a mutating request."""
        self.tally.requests[endpoint] = self.tally.requests.get(endpoint, 0) + 1

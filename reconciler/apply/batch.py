"""Calls that are added together, column by column: what stands at one position is one call.

Calls of which nothing was remembered come from the plan as columns and become batches as they are sent, so that of a
million calls only those under way are held as structs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from reconciler.lock.model import CallStatus, LockedCall
from reconciler.lock.new_calls import NewCalls
from reconciler.plan.fresh import Fresh, Part
from reconciler.plan.wanted import Wanted


class ToAdd(msgspec.Struct, frozen=True, gc=False):
    """A call to add, and what the lock remembers of it."""

    wanted: Wanted
    before: LockedCall | None = None

    def in_doubt(self) -> LockedCall:
        """The call as it is remembered while its request is under way."""
        return self.wanted.locked("", CallStatus.IN_DOUBT, self.before)


class Batch(NamedTuple):
    """What travels in one request. No phone is in it twice."""

    phones: Sequence[str]  # E.164 digits
    requests: Sequence[bytes]  # canonical JSON objects
    held: Sequence[LockedCall] | NewCalls = ()  # the latter where nothing was remembered of any of them
    shared: frozenset[str] = frozenset()  # digests of the phones that are called under two keys

    @classmethod
    def of(cls, calls: Iterable[ToAdd]) -> Batch:
        """These calls."""
        known = tuple(calls)
        wanted = [each.wanted for each in known]
        shared = frozenset(each.phone for each in wanted if each.call.is_same_phone_allowed)
        phones, requests = [each.call.phone for each in wanted], [each.call.request for each in wanted]
        return cls(phones, requests, [call.in_doubt() for call in known], shared=shared)

    @classmethod
    def of_part(cls, part: Part) -> Batch:
        """The calls of a part, however many they are."""
        chunk = part.chunk()
        return cls(chunk.phones, chunk.requests, part.new())

    @property
    def size(self) -> int:
        """How many calls there are."""
        return len(self.phones)

    @property
    def calls(self) -> Sequence[LockedCall]:
        """The calls as they are remembered while the request is under way."""
        return self.held.calls(self.phones) if isinstance(self.held, NewCalls) else self.held

    def body(self) -> str:
        """The request that adds them."""
        return (b"[" + b",".join(self.requests) + b"]").decode()

    def cut(self, start: int, end: int) -> Batch:
        """The calls from one position to before another."""
        held = self.held.cut(start, end) if isinstance(self.held, NewCalls) else self.held[start:end]
        return Batch(self.phones[start:end], self.requests[start:end], held, self.shared)

    def only(self, positions: Sequence[int]) -> Batch:
        """The calls at these positions."""
        calls = self.calls
        return Batch(
            [self.phones[at] for at in positions],
            [self.requests[at] for at in positions],
            [calls[at] for at in positions],
            shared=self.shared,
        )

    def joined(self, other: Batch) -> Batch:
        """The calls of both, no two of whom have the same phone."""
        phones, requests = [*self.phones, *other.phones], [*self.requests, *other.requests]
        one, more, shared = self.held, other.held, self.shared | other.shared
        if isinstance(one, NewCalls) and isinstance(more, NewCalls) and one.wave == more.wave:
            return Batch(phones, requests, one.joined(more), shared)
        return Batch(phones, requests, [*self.calls, *other.calls], shared)

    def __repr__(self) -> str:
        return f"Batch({self.size} calls)"


def batches(calls: Iterable[ToAdd], size: int) -> Iterator[Batch]:
    """`calls` in order, at most `size` at a time; calls of one phone never travel in one request."""
    waiting = list(calls)
    while waiting:
        batch: dict[str, ToAdd] = {}
        later: list[ToAdd] = []
        for call in waiting:
            if call.wanted.phone in batch:
                later.append(call)
                continue
            batch[call.wanted.phone] = call
            if len(batch) == size:
                yield Batch.of(batch.values())
                batch = {}
        if batch:
            yield Batch.of(batch.values())
        waiting = later


def all_batches(calls: Iterable[ToAdd], new: Fresh, size: int) -> Iterator[Batch]:
    """`calls` as `batches` has them, then those of which nothing is remembered; the last of the former is filled up."""
    last = NOBODY
    for batch in batches(calls, size):
        if last.size:
            yield last
        last = batch
    if new.has_phone(last.shared):
        yield last
        last = NOBODY
    yield from _filled(last, new, size)


def _filled(rest: Batch, new: Fresh, size: int) -> Iterator[Batch]:
    """`rest`, which is no more than a batch, and the new ones, whose phones are all different, in full batches."""
    for part in new.parts:
        rest = rest.joined(Batch.of_part(part)) if rest.size else Batch.of_part(part)
        full = rest.size - rest.size % size
        yield from (rest.cut(start, start + size) for start in range(0, full, size))
        rest = rest.cut(full, rest.size)
    if rest.size:
        yield rest


NOBODY: Final = Batch((), ())

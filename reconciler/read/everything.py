"""All that is wanted, where the lock is short: whoever it knows is among so few that they are found at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from hashlib import blake2b
from typing import Final

from reconciler.lock.keyed import Keyer
from reconciler.lock.model import Header, Lock, LockedCall
from reconciler.phones.model import Call, CallSource, Chunk, Desired
from reconciler.plan.diff import Aside, Observed
from reconciler.plan.fresh import Fresh, Part
from reconciler.plan.wanted import Wanted
from reconciler.read.spool import Spool

SEVERAL: Final = 1000
"""Calls that are handed on one by one, however long the lists are: a plan of so few is quick, and in their order."""


def are_several(calls: Sized) -> bool:
    """Whether so many are decided about one by one already that further new ones are held in columns."""
    return len(calls) >= SEVERAL


class Everything:
    """All that is wanted, where the lock is short: some calls one by one, those after them by the chunk."""

    def __init__(self, source: CallSource, keyer: Keyer) -> None:
        self._source, self._keyer = source, keyer
        self._calls: list[Call] = []
        self._fresh: list[Part] = []
        self._screen = Screen(source)
        self._spool = Spool()

    def take(self, chunks: Iterator[Chunk]) -> None:
        """Keeps the calls of these chunks."""
        for chunk in map(self._screen.without_suppressed, chunks):
            if chunk.is_same_phone_allowed or not are_several(self._calls):
                self._calls += chunk.calls()
            elif chunk.keys:
                self._fresh.append(Part.of(chunk, self._keyer, keep=self._spool.keep))

    def compared(self, lock: Lock, observed: Observed) -> tuple[Desired, Lock, Aside]:  # noqa: ARG002 - as the sieve's
        """Wanted and remembered calls for `make_plan`."""
        known, fresh = apart(Fresh(self._fresh), lock.calls.values(), lock.header)
        calls = (*self._calls, *(wanted.call for wanted in known))
        aside = Aside(suppressed=self._screen.suppressed, met=frozenset(self._screen.met), fresh=fresh)
        return Desired(calls, self._source.suppressed, self._source.sizes), lock, aside

    def digest(self, keyer: Keyer) -> str:
        """A digest of all that is wanted, and of who is suppressed; the same as a sieve's."""
        seen = Seen()
        keys = keyer.digests(b"key", [call.key.encode() for call in self._calls])
        seen.add(keys, keyer.digests(b"request", [call.request for call in self._calls]))
        for part in self._fresh:
            new = part.new()
            seen.add(new.keys.encode(), new.requests.encode())
        return seen.digest(keyer, self._source.suppressed)


class Screen:
    """Takes those out who are suppressed, and remembers how many and whom."""

    def __init__(self, source: CallSource) -> None:
        self._source = source
        self.suppressed = 0  # rows
        self.met: set[str] = set()  # phones of these

    def without_suppressed(self, chunk: Chunk) -> Chunk:
        """The chunk without them."""
        met = self._source.suppressed.intersection(chunk.phones)
        if not met:
            return chunk
        self.met |= met
        kept = [at for at, phone in enumerate(chunk.phones) if phone not in met]
        self.suppressed += len(chunk.phones) - len(kept)
        return chunk.only(kept, is_same_phone_allowed=chunk.is_same_phone_allowed)


def apart(fresh: Fresh, remembered: Iterable[LockedCall], header: Header) -> tuple[list[Wanted], Fresh]:
    """Those of whom something is remembered after all, if only that they were erased, and the others."""
    if not fresh:
        return [], fresh
    erased = header.erased
    keys, phones = set(erased.keys if erased else ()), set(erased.phones if erased else ())
    for call in remembered:
        keys.add(call.key)
        phones.add(call.phone)
    return fresh.apart(keys, phones)


class Seen:
    """Running digests of the wanted calls: of keys and of requests, so that it does not matter where chunks end."""

    def __init__(self) -> None:
        self._keys, self._requests = blake2b(digest_size=12), blake2b(digest_size=12)

    def add(self, keys: bytes, requests: bytes) -> None:
        """Takes the digests of some more calls."""
        self._keys.update(keys)
        self._requests.update(requests)

    def digest(self, keyer: Keyer, suppressed: frozenset[str]) -> str:
        """A digest of all of them, and of who is suppressed."""
        phones = keyer.digests(b"phone", [phone.encode() for phone in sorted(suppressed)])
        return keyer.fingerprint(self._keys.hexdigest() + self._requests.hexdigest() + blake2b(phones).hexdigest())

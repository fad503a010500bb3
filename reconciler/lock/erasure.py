"""Taking one person out of a lock, and remembering by digests alone that nobody is to call them again.

What goes are the lines of their calls, and with them digests, mask and former jobs. What stays, in the header, are the
digests of phone and key (tombstones), and apart from them the ids of the jobs: they are still ours when the jobs of a
campaign are counted, or they would look like somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat

import msgspec

from reconciler.lock.keyed import Keyer
from reconciler.lock.model import Erased, Header, Lock, LockedCall
from reconciler.lock.opening import find_keyer


class Person(msgspec.Struct, frozen=True):
    """Digests of somebody's phone or key, as one lock has them; "" for the one nobody gave."""

    phone: str = ""
    key: str = ""

    def __repr__(self) -> str:
        return "Person(…)"

    @classmethod
    def of(cls, keyer: Keyer, phone: str, key: str) -> Person:
        """Whoever has this phone (E.164 digits), or this key."""
        return cls(keyer.phone(phone) if phone else "", keyer.key(key) if key else "")


def proof(keyer: Keyer) -> str:
    """What tells whether tombstones were made with this keyer."""
    return keyer.fingerprint("erased")


def traces(lock: Lock, person: Person) -> list[LockedCall]:
    """The calls of somebody: of their key, of their phone now or before, and of any key these are under."""
    own = _calls(lock, {person.phone} - {""}, {person.key} - {""})
    return _calls(lock, {person.phone} - {""}, {call.key for call in own} | ({person.key} - {""}))


def _calls(lock: Lock, phones: set[str], keys: set[str]) -> list[LockedCall]:
    ledger = lock.ledger
    if ledger is None:
        candidates: Iterable[LockedCall] = lock.calls.values()
    else:
        candidates = (*ledger.of(phones, keys), *ledger.later())
    found = (c for c in candidates if c.key in keys or c.phone in phones or any(f.phone in phones for f in c.former))
    return sorted(found, key=lambda call: call.call_id)


def without(lock: Lock, person: Person, calls: Sequence[LockedCall], keyer: Keyer) -> Lock:
    """The lock without these calls, which are somebody's, and with tombstones for them."""
    after = lock.copy()
    for call in calls:
        del after.calls[call.call_id]
    phones = {call.phone for call in calls if call.key == person.key} | ({person.phone} - {""})
    keys = {call.key for call in calls} | ({person.key} - {""})
    jobs = {job.job_id for call in calls for job in call.job_history()}
    return msgspec.structs.replace(after, header=_marked(_undecided(lock.header, calls), keyer, phones, keys, jobs))


def _marked(header: Header, keyer: Keyer, phones: set[str], keys: set[str], jobs: set[str]) -> Header:
    before = header.erased or Erased(proof(keyer))
    erased = Erased(
        before.proof,
        tuple(sorted(phones.union(before.phones))),
        tuple(sorted(keys.union(before.keys))),
        tuple(sorted(jobs.union(before.jobs))),  # sorted, so that they tell nothing about whose they were
    )
    return msgspec.structs.replace(header, erased=erased)


def _undecided(header: Header, calls: Iterable[LockedCall]) -> Header:
    """The header whose decisions no longer name these calls."""
    gone = {call.call_id for call in calls}
    kept = (
        msgspec.structs.replace(one, calls=tuple(call_id for call_id in one.calls if call_id not in gone))
        for one in header.decisions
    )
    return msgspec.structs.replace(header, decisions=tuple(one for one in kept if one.calls))


def inherited(header: Header, others: Iterable[Header], keyer: Keyer) -> Header:
    """The header with the tombstones of other locks that were made with the same keyer: of campaigns that are older.

    The jobs of one that has the same campaign were ours too: its lockfile could not be read, but for the first line.
    """
    expected = proof(keyer)
    found = [other for other in others if other.erased and other.erased.proof == expected]
    if not found:
        return header
    phones, keys, jobs = set[str](), set[str](), set[str]()
    for other in found:
        if other.erased:
            phones.update(other.erased.phones)
            keys.update(other.erased.keys)
            jobs.update(other.erased.jobs if other.campaign == header.campaign else ())
    return _marked(header, keyer, phones, keys, jobs)


def with_jobs(header: Header, keyer: Keyer, jobs: Iterable[str]) -> Header:
    """The header that knows these jobs, too, for those of people who were erased."""
    return _marked(header, keyer, set(), set(), set(jobs))


class Graves(msgspec.Struct, frozen=True):
    """The tombstones of other locks that were made with other secrets or salts: they tell who is erased by phone."""

    others: tuple[tuple[Keyer, frozenset[str]], ...] = ()

    def of(self, phones: Sequence[str]) -> list[bool]:
        """Of each of these phones (E.164 digits), whether one of those locks knows its owner as erased."""
        found = [*repeat(False, len(phones))]
        for keyer, erased in self.others:
            digests = keyer.texts(b"phone", [phone.encode() for phone in phones])
            found = [is_one or digest in erased for is_one, digest in zip(found, digests, strict=True)]
        return found


def graves(headers: Iterable[Header], secret: str | None, own: Keyer) -> Graves:
    """Those among these headers whose digests `own` does not make. One whose secret is not at hand cannot be asked."""
    found = []
    for header in headers:
        keyer = find_keyer(header, secret)
        if header.erased and keyer is not None and header.erased.proof == proof(keyer) != proof(own):
            found.append((keyer, frozenset(header.erased.phones)))
    return Graves(tuple(found))

"""Finding calls in a lock by what a person can name: an id that was shown, a phone, a key. And forgetting some."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from reconciler.lock.keyed import Keyer
from reconciler.lock.model import CallStatus, FormerJob, Lock, LockedCall

if TYPE_CHECKING:  # numpy is imported only where there is a long lockfile, which has imported it already
    from reconciler.lock.columns import Positions
    from reconciler.lock.ledger import Ledger

SHOWN: Final = 8
"""Characters of a key's digest that an id shows: two of a million calls show the same with odds of 1 in 500."""

FORGOTTEN: Final = "forgotten"
"""The mask of a line that stands for the jobs of a call nobody remembers any more."""

_AT_ONCE: Final = 100_000  # lines


def shown_id(call: LockedCall) -> str:
    """How the call is named on the command line: the start of its key's digest, and its wave."""
    return f"{call.key[:SHOWN]}/{call.wave}"


def by_shown_id(lock: Lock, shown: str) -> list[LockedCall]:
    """The calls of this id; more of the digest than an id shows may be given."""
    start, _, wave = shown.partition("/")
    if len(start) < SHOWN:
        return []

    def is_it(call: LockedCall) -> bool:
        return call.wave == wave and call.key.startswith(start)

    return _found(lock, is_it, lambda ledger: _lines_of_key(ledger, start))


def by_key(lock: Lock, digest: str) -> list[LockedCall]:
    """The calls of the key with this digest, of all waves."""
    return _found(lock, lambda call: call.key == digest, lambda ledger: _lines_of_key(ledger, digest))


def by_phone(lock: Lock, digest: str) -> list[LockedCall]:
    """The calls of the phone with this digest."""
    return _found(lock, lambda call: call.phone == digest, lambda ledger: _lines_of_phone(ledger, digest))


def _found(lock: Lock, is_it: Callable[[LockedCall], bool], lines: Callable[[Ledger], Positions]) -> list[LockedCall]:
    """The calls that are it; of a long lock only those of some `lines`, and what came later, are looked at."""
    calls: Iterable[LockedCall] = lock.calls.values()
    if lock.ledger is not None:
        at = lines(lock.ledger)
        calls = [*lock.ledger.calls(at[lock.ledger.holds[at]]), *lock.ledger.later()]
    return sorted((call for call in calls if is_it(call)), key=lambda call: call.call_id)


def _lines_of_key(ledger: Ledger, digest: str) -> Positions:
    import numpy as np

    keys = ledger.columns.keys
    number = np.frombuffer(digest[:SHOWN].encode("ascii", "replace")[:SHOWN], ">u8").astype(np.uint64)
    first, after = (int(np.searchsorted(keys, number, side)[0]) for side in ("left", "right"))
    return np.arange(first, after)


def _lines_of_phone(ledger: Ledger, digest: str) -> Positions:
    import numpy as np

    found = [np.empty(0, np.int64)]
    for start in range(0, ledger.columns.size, _AT_ONCE):
        phones = ledger.columns.phones(slice(start, start + _AT_ONCE))
        found.append(start + np.flatnonzero(phones == digest.encode()))
    return np.concatenate(found)


def forget(lock: Lock, calls: Iterable[LockedCall], keyer: Keyer) -> Lock:
    """The lock without these calls. What stays of each is a line that names its jobs that are over, and nobody.

    Those jobs are still on the server and still ours: without that line a count of them would not add up, they would
    be taken for somebody else's, and every plan would list all jobs. A job that may still ring is not kept: taken for
    somebody else's it blocks its phone, where the server lists jobs, and nobody is called a second time meanwhile.
    """
    lock = lock.copy()
    for call in calls:
        del lock.calls[call.call_id]
        jobs = [job.job_id for job in (call.former if call.status.is_live else call.job_history())]
        if jobs:
            rest = _rest_of(jobs, keyer)
            lock.calls[rest.call_id] = rest
    return lock


def _rest_of(jobs: list[str], keyer: Keyer) -> LockedCall:
    *former, last = jobs
    nobody = f"{FORGOTTEN} {last}"  # no list has such a key, and no phone reads like it
    phone = keyer.phone(nobody)
    return LockedCall(
        keyer.key(nobody),
        "",
        phone,
        keyer.request(b""),
        last,
        CallStatus.CANCELLED,
        FORGOTTEN,
        tuple(FormerJob(job_id, phone) for job_id in former),
    )

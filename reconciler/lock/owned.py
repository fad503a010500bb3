"""Every job a lock ever created, present and former: what tells our jobs from those of others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import nlargest
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.lock.model import Lock, LockedCall

if TYPE_CHECKING:  # numpy is imported only where there is a long lockfile, which has imported it already
    from reconciler.lock.columns import Numbers, Positions
    from reconciler.lock.id_numbers import IdNumbers
    from reconciler.lock.ledger import Ledger

MOST_TEXTS: Final = 5_000
"""Ids that are kept as texts, which take a hundred bytes each; of more those that can be are kept as numbers."""
_AT_ONCE: Final = 20_000  # lines looked at together: their columns stay in the processor's cache


class OwnedJobs:
    """The ids of all jobs of a lock. Where there are many, those that are plain numbers take eight bytes each."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._texts: set[str] = set()
        self._numbers: IdNumbers | None = None  # where there are many
        calls: Iterable[LockedCall] = lock.calls.values()
        if lock.ledger is not None:
            known = _sorted(lock.ledger)
            self._numbers, calls = _id_numbers(known.numbers), known.others
        self.add([job.job_id for call in calls for job in call.job_history()])
        self.add(lock.header.erased.jobs if lock.header.erased else ())

    def __len__(self) -> int:
        return len(self._texts) + (0 if self._numbers is None else len(self._numbers))

    def __contains__(self, job_id: str) -> bool:
        return self.has_any([job_id])

    def has_any(self, job_ids: Sequence[str]) -> bool:
        """Whether any of these is among them."""
        if not self._texts.isdisjoint(job_ids):
            return True
        return self._numbers is not None and bool(self._numbers.among(_apart(job_ids)[0]).any())

    def add(self, job_ids: Sequence[str]) -> None:
        """Takes note of jobs that were created since."""
        if self._numbers is None and len(self._texts) + len(job_ids) > MOST_TEXTS:
            self._numbers = _id_numbers()
            job_ids, self._texts = [*self._texts, *job_ids], set()
        if self._numbers is None:
            self._texts.update(job_ids)
            return
        numbers, others = _apart(job_ids)
        self._numbers.add(numbers)
        self._texts.update(others)

    def count_beyond(self, other: OwnedJobs) -> int:
        """How many of these jobs the other lock does not own."""
        texts = [*self._texts.difference(other._texts)]
        if self._numbers is None and other._numbers is None:
            return len(texts)
        numbers, texts_only = _apart(texts)
        theirs = _id_numbers(_apart([*other._texts])[0]) if other._numbers is None else other._numbers
        ours = _id_numbers() if self._numbers is None else self._numbers
        return len(texts_only) + theirs.count_others(numbers) + ours.count_beyond(theirs)

    def newest(self, count: int) -> list[str]:
        """Up to so many ids, the highest: they were likely created last."""
        numbers = [] if self._numbers is None else self._numbers.highest(count)
        return nlargest(count, [*map(str, numbers), *self._texts], key=lambda job_id: (len(job_id), job_id))

    def count_phones(self) -> int:
        """How many different phones the jobs are of."""
        ledger = self._lock.ledger
        if ledger is None:
            return len({job.phone for call in self._lock.calls.values() for job in call.job_history()})
        import numpy as np

        known = _sorted(ledger)
        phones = {job.phone.encode() for call in known.others for job in call.job_history()}
        return len(np.unique(np.concatenate([ledger.columns.phones(known.lines), np.array([*phones], "S12")])))


class _Sorted(NamedTuple):
    """The calls of a ledger by whether all there is of their jobs is one id in digits."""

    lines: Positions  # those of which it is
    numbers: Numbers  # their ids
    others: list[LockedCall]


def _sorted(ledger: Ledger) -> _Sorted:
    import numpy as np

    from reconciler.lock.id_numbers import read_numbers

    held = np.flatnonzero(ledger.holds)
    plain, numbers, others = [np.empty(0, np.int64)], [np.empty(0, np.uint64)], [*ledger.later()]
    for start in range(0, len(held), _AT_ONCE):
        some = held[start : start + _AT_ONCE]
        found, are_numbers = read_numbers(ledger.columns, some)
        are_numbers &= ~ledger.columns.has_former[some]
        plain.append(some[are_numbers])
        numbers.append(found[are_numbers])
        others += ledger.calls(some[~are_numbers])
    return _Sorted(np.concatenate(plain), np.concatenate(numbers), others)


def _id_numbers(*numbers: Numbers) -> IdNumbers:
    from reconciler.lock.id_numbers import IdNumbers

    return IdNumbers(*numbers)


def _apart(job_ids: Sequence[str]) -> tuple[Numbers, Sequence[str]]:
    from reconciler.lock.id_numbers import apart

    return apart(job_ids)

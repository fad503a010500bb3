"""Every job a lock ever created, present and former: what tells our jobs from those of others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import nlargest
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.lock.model import Lock, LockedCall

if TYPE_CHECKING:  # numpy is imported only where there is a long lockfile, which has imported it already
    from reconciler.lock.columns import Columns, Flags, Numbers, Positions
    from reconciler.lock.ledger import Ledger

_MOST_DIGITS: Final = 18  # of an id that is kept as a number
MOST_TEXTS: Final = 100_000
"""Ids that are kept as texts; what is more is folded into numbers, as far as they are."""
_AT_ONCE: Final = 20_000  # lines looked at together: their columns stay in the processor's cache


class OwnedJobs:
    """The ids of all jobs of a lock. Ids of a long lockfile that are plain numbers take eight bytes each."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._texts: set[str] = set()
        self._most_texts = MOST_TEXTS
        self._numbers: Numbers | None = None  # a sorted array, where there is one
        calls: Iterable[LockedCall] = lock.calls.values()
        if lock.ledger is not None:
            known = _sorted(lock.ledger)
            known.numbers.sort()
            self._numbers, calls = known.numbers, known.others
        self._texts.update(job.job_id for call in calls for job in call.job_history())
        self._texts.update(lock.header.erased.jobs if lock.header.erased else ())
        if self._numbers is not None:
            self._texts.difference_update(_those_among(self._numbers, [*self._texts]))

    def __len__(self) -> int:
        return len(self._texts) + (0 if self._numbers is None else len(self._numbers))

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._texts or (self._numbers is not None and _is_among(self._numbers, job_id))

    def has_any(self, job_ids: Sequence[str]) -> bool:
        """Whether any of these is among them."""
        if not self._texts.isdisjoint(job_ids):
            return True
        return self._numbers is not None and bool(_those_among(self._numbers, job_ids))

    def add(self, job_ids: Iterable[str]) -> None:
        """Takes note of jobs that were created since."""
        self._texts.update(job_ids)
        if len(self._texts) >= self._most_texts:
            self._fold()

    def _fold(self) -> None:
        """Keeps as numbers what can be: a text takes a hundred bytes."""
        import numpy as np

        plain = _numbers_among([*self._texts])
        numbers = np.array([*map(int, plain)], np.uint64)
        known = np.empty(0, np.uint64) if self._numbers is None else self._numbers
        self._numbers = np.sort(np.concatenate([known, numbers]))
        self._texts.difference_update(plain)
        self._most_texts = max(MOST_TEXTS, 2 * len(self._texts))

    def newest(self, count: int) -> list[str]:
        """Up to so many ids, the highest: they were likely created last."""
        numbers = [] if self._numbers is None else [str(number) for number in self._numbers[-count:].tolist()]
        return nlargest(count, [*numbers, *self._texts], key=lambda job_id: (len(job_id), job_id))

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


def read_numbers(columns: Columns, positions: Positions) -> tuple[Numbers, Flags]:
    """The ids of these lines' jobs as numbers, and whether each is one: digits without a leading zero."""
    import numpy as np

    letters = np.frombuffer(columns.body, np.uint8)
    starts, ends = columns.jobs_at(positions)
    sizes = ends - starts
    numbers = np.zeros(len(positions), np.uint64)
    are_digits = (sizes > 0) & (sizes <= _MOST_DIGITS) & (letters[starts] != ord("0"))
    for offset in range(min(_MOST_DIGITS, int(sizes.max(initial=0)))):
        inside = sizes > offset
        digits = np.where(inside, letters[np.minimum(starts + offset, len(letters) - 1)] - np.uint8(ord("0")), 0)
        are_digits &= digits <= 9
        numbers = np.where(inside, numbers * np.uint64(10) + digits, numbers)
    return numbers, are_digits


def _those_among(numbers: Numbers, job_ids: Sequence[str]) -> list[str]:
    """Which of the ids are among these, which are in order."""
    import numpy as np

    asked = _numbers_among(job_ids)
    values = np.array([*map(int, asked)], np.uint64)
    at = numbers.searchsorted(values)
    at[at == len(numbers)] = -1
    found = numbers[at] == values if len(numbers) else np.zeros(len(asked), np.bool_)
    return [asked[position] for position in found.nonzero()[0].tolist()]


def _is_among(numbers: Numbers, job_id: str) -> bool:
    if not is_number(job_id):
        return False
    # As one of their own type: of a number of Python's numpy makes a float, and of all the others too. That takes a
    # millisecond for a million, and ids of seventeen digits that are close together become the same.
    value = numbers.dtype.type(int(job_id))
    at = int(numbers.searchsorted(value))
    return at < len(numbers) and bool(numbers[at] == value)


def _numbers_among(job_ids: Sequence[str]) -> Sequence[str]:
    return job_ids if are_numbers(job_ids) else [job_id for job_id in job_ids if is_number(job_id)]


def are_numbers(job_ids: Sequence[str]) -> bool:
    """Whether all of these are, asked of all at once; False may mean that it was not asked."""
    digits = "".join(job_ids)
    are_short = max(map(len, job_ids), default=0) <= _MOST_DIGITS
    return digits.isascii() and digits.isdigit() and are_short and all(job_ids) and min(job_ids)[0] != "0"


def is_number(job_id: str) -> bool:
    """Whether the id is what `read_numbers` takes for a number."""
    return job_id.isascii() and job_id.isdigit() and len(job_id) <= _MOST_DIGITS and not job_id.startswith("0")

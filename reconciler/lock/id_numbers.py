"""Ids of jobs as arrays of numbers: to be imported only where there are many, since numpy is slow to import."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from reconciler.lock.job_ids import MOST_DIGITS, are_even, is_number

if TYPE_CHECKING:
    from reconciler.lock.columns import Columns, Flags, Numbers, Positions

_ZERO: Final = np.uint8(ord("0"))
_TEN: Final = np.uint64(10)
_FAR_LONGER: Final = 4


class IdNumbers:
    """A set of ids as numbers, in sorted arrays, each far longer than the next: so adding some touches few others."""

    def __init__(self, *numbers: Numbers) -> None:
        self._arrays = [*map(np.sort, numbers)]

    def __len__(self) -> int:
        return sum(map(len, self._arrays))

    def among(self, asked: Numbers) -> Flags:
        """Which of these are in it."""
        found = np.zeros(len(asked), np.bool_)
        for array in filter(len, self._arrays):
            at = np.minimum(array.searchsorted(asked), len(array) - 1)
            found |= array[at] == asked
        return found

    def count_others(self, asked: Numbers) -> int:
        """How many of these are not in it."""
        return len(asked) - int(np.count_nonzero(self.among(asked)))

    def count_beyond(self, other: IdNumbers) -> int:
        """How many of its ids are not in the other."""
        return sum(map(other.count_others, self._arrays))

    def add(self, numbers: Numbers) -> None:
        """Takes these in."""
        self._arrays.append(np.unique(numbers[~self.among(numbers)]))
        while len(self._arrays) > 1 and len(self._arrays[-2]) < _FAR_LONGER * len(self._arrays[-1]):
            both = np.concatenate([self._arrays.pop(-2), self._arrays.pop()])
            self._arrays.append(np.sort(both, kind="stable"))  # which is fast where two parts are in order

    def highest(self, count: int) -> list[int]:
        """Up to so many of them, the highest, in order."""
        ends = [array[-count:] for array in self._arrays]
        return [int(number) for number in np.sort(np.concatenate(ends))[-count:]] if ends else []


def apart(job_ids: Sequence[str]) -> tuple[Numbers, Sequence[str]]:
    """The ids that are numbers as such, and the others."""
    if are_even(job_ids):
        return _of_even(job_ids), ()
    plain = [int(job_id) for job_id in job_ids if is_number(job_id)]
    return np.array(plain, np.uint64), [job_id for job_id in job_ids if not is_number(job_id)]


def _of_even(job_ids: Sequence[str]) -> Numbers:
    """The ids, which are numbers of one length: a digit of all of them at a time."""
    digits = np.frombuffer("".join(job_ids).encode(), np.uint8).reshape(len(job_ids), -1) - _ZERO
    numbers = np.zeros(len(job_ids), np.uint64)
    for column in digits.T:
        numbers = numbers * _TEN + column
    return numbers


def read_numbers(columns: Columns, positions: Positions) -> tuple[Numbers, Flags]:
    """The ids of these lines' jobs as numbers, and whether each is one: digits without a leading zero."""
    letters = np.frombuffer(columns.body, np.uint8)
    starts, ends = columns.jobs_at(positions)
    sizes = ends - starts
    numbers = np.zeros(len(positions), np.uint64)
    are_digits = (sizes > 0) & (sizes <= MOST_DIGITS) & (letters[starts] != _ZERO)
    for offset in range(min(MOST_DIGITS, int(sizes.max(initial=0)))):
        inside = sizes > offset
        digits = np.where(inside, letters[np.minimum(starts + offset, len(letters) - 1)] - _ZERO, 0)
        are_digits &= digits <= 9
        numbers = np.where(inside, numbers * _TEN + digits, numbers)
    return numbers, are_digits

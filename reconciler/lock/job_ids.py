"""Ids of jobs, which nearly always are numbers: as numbers a million of them take eight bytes each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

MOST_DIGITS: Final = 18
"""Of an id that is taken for a number."""


def is_number(job_id: str) -> bool:
    """Whether the id is taken for a number: digits without a leading zero, and not too many."""
    return job_id.isascii() and job_id.isdigit() and len(job_id) <= MOST_DIGITS and not job_id.startswith("0")


def as_number(job_id: str) -> int:
    """An id as a number; 0 where it is none, which makes it one of the oldest."""
    return int(job_id) if is_number(job_id) else 0


def lowest(job_ids: Sequence[str]) -> int:
    """The lowest of these ids as numbers; -1 where there are none."""
    if not are_even(job_ids):
        return min(map(as_number, job_ids), default=-1)
    return int(min(job_ids))  # of equally long ones the lowest is the first in their order as texts


def are_even(job_ids: Sequence[str]) -> bool:
    """Whether these are numbers of one length, as they nearly always are, asked of all at once; False for none."""
    text = "".join(job_ids)
    return text.isdigit() and text.isascii() and len({*map(len, job_ids)}) == 1 and is_number(min(job_ids))

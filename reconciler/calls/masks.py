"""Phones as people may read them: enough to recognise a row by, not enough to call."""

from __future__ import annotations

from collections.abc import Sequence


def mask(phone: str) -> str:
    """`phone` for people to read: the first and last four digits, the rest as bullets (`1650•••0042`).

    At least three digits are always hidden; of a number shorter than 11 digits fewer are shown.
    """
    head, dots, rest = mask_of(len(phone))
    return f"{phone[:head]}{dots}{phone[rest:]}"


def masks(phones: Sequence[str]) -> list[str]:
    """The mask of each phone."""
    sizes = {*map(len, phones)}
    if len(sizes) != 1:
        return [*map(mask, phones)]
    head, dots, rest = mask_of(sizes.pop())
    return [f"{phone[:head]}{dots}{phone[rest:]}" for phone in phones]


def mask_of(size: int) -> tuple[int, str, int]:
    """The mask of phones of this length: how many digits are shown, what follows, where the digits at the end begin."""
    shown = max(0, min(8, size - 3))
    tail = shown // 2
    return shown - tail, "•" * (size - shown), size - tail

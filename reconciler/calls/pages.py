"""Whole listings out of pages: 200 jobs a page, 200 pages a filter, and nothing yielded twice or left out.

A filter that fills its 200 pages holds more than can be read, so its time window is halved. The halves overlap by
two milliseconds, because it is not known which ends of a window are part of it.

While pages are read, jobs move. A listing in which none can leave (by creation date) can only lose one behind our
back by showing another twice, so a round that met a job twice is read again. Where jobs can leave (unfinished
ones), those behind them move forward over the edge of a page unseen, so rounds go on until one brings nothing new.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Hashable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

import msgspec

from reconciler.calls.answers import Page
from reconciler.errors import Unreadable

T = TypeVar("T")

PAGE_SIZE = 200
PAGES = 200
ROUNDS = 5  # how often a listing is read before it counts as never still
NARROWEST_S = 1.0
_OVERLAP_S = 0.001
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Window(msgspec.Struct, frozen=True):
    """A filter by date, in Unix seconds; None leaves that end open."""

    created_from_s: float | None = None
    created_to_s: float | None = None
    finished_from_s: float | None = None
    finished_to_s: float | None = None

    def filter(self) -> dict[str, str]:
        """The filter as the API wants it: ISO 8601 to the millisecond, rounded outwards."""
        ends = {
            "createdAtFrom": _iso(self.created_from_s, math.floor),
            "createdAtTo": _iso(self.created_to_s, math.ceil),
            "finishedAtFrom": _iso(self.finished_from_s, math.floor),
            "finishedAtTo": _iso(self.finished_to_s, math.ceil),
        }
        return {name: end for name, end in ends.items() if end is not None}

    def halves(self, oldest_s: float, newest_s: float) -> tuple[Window, Window] | None:
        """Two windows that together hold this one; None when it is too narrow to be cut.

        An open end stays open: the oldest and newest job only say where the middle is.
        """
        start_s = oldest_s if self.created_from_s is None else self.created_from_s
        end_s = newest_s if self.created_to_s is None else self.created_to_s
        if end_s - start_s <= NARROWEST_S:
            return None
        middle_s = (start_s + end_s) / 2
        return (
            msgspec.structs.replace(self, created_to_s=middle_s + _OVERLAP_S),
            msgspec.structs.replace(self, created_from_s=middle_s - _OVERLAP_S),
        )


def _iso(time_s: float | None, rounding: Callable[[float], int]) -> str | None:
    if time_s is None:
        return None
    moment = _EPOCH + timedelta(milliseconds=rounding(time_s * 1000))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Round(msgspec.Struct, frozen=True):
    """What one reading of all pages of a filter met."""

    pages: int
    is_full: bool
    has_repeats: bool
    new: int


class Listing(Generic[T]):
    """Each item of a listing once; keeps the identities it has yielded, and serves one iteration."""

    def __init__(
        self, endpoint: str, fetch: Callable[[Window, int], Page[T]], identity: Callable[[T], Hashable]
    ) -> None:
        self._endpoint, self._fetch, self._identity = endpoint, fetch, identity
        self._yielded: set[Hashable] = set()

    def unfinished(self) -> Iterator[T]:
        """Everything of a listing that has no dates to cut it by; raises Unreadable when it is too long."""
        for _ in range(ROUNDS):
            seen = yield from self._round(Window())
            if seen.is_full:
                raise self._unreadable(
                    f"there are {PAGES * PAGE_SIZE:,} unfinished jobs or more, and no more can be read"
                )
            if seen.pages == 1 or not seen.new:
                return
        raise self._unreadable("the list changes faster than it can be read")

    def by_date(self, window: Window, oldest_s: Callable[[], float], newest_s: Callable[[], float]) -> Iterator[T]:
        """Everything in a window, cut as often as needed; raises Unreadable when one second holds too much."""
        for _ in range(ROUNDS):
            seen = yield from self._round(window)
            if seen.is_full:
                yield from self._cut(window, oldest_s, newest_s)
                return
            if not seen.has_repeats:
                return
        raise self._unreadable("the list changes faster than it can be read")

    def _cut(self, window: Window, oldest_s: Callable[[], float], newest_s: Callable[[], float]) -> Iterator[T]:
        halves = window.halves(
            oldest_s() if window.created_from_s is None else 0, newest_s() if window.created_to_s is None else 0
        )
        if halves is None:
            raise self._unreadable(f"one second holds {PAGES * PAGE_SIZE:,} entries or more, and no more can be read")
        for half in halves:
            # One look at the last page saves reading 199 others only to find that there is more.
            if self._page(half, PAGES - 1).items:
                yield from self._cut(half, oldest_s, newest_s)
            else:
                yield from self.by_date(half, oldest_s, newest_s)

    def _round(self, window: Window) -> Generator[T, None, _Round]:
        met: set[Hashable] = set()
        entries = new = 0
        for number in range(PAGES):
            page = self._page(window, number)
            entries += len(page.items)
            for item in page.items:
                identity = self._identity(item)
                met.add(identity)
                if identity not in self._yielded:
                    self._yielded.add(identity)
                    new += 1
                    yield item
            if len(page.items) < min(page.size or PAGE_SIZE, PAGE_SIZE):
                return _Round(number + 1, False, len(met) < entries, new)
        return _Round(PAGES, True, len(met) < entries, new)

    def _page(self, window: Window, number: int) -> Page[T]:
        page = self._fetch(window, number)
        if page.number not in (None, number):
            raise self._unreadable(f"page {number} was asked for and page {page.number} came")
        return page

    def _unreadable(self, what: str) -> Unreadable:
        return Unreadable(self._endpoint, what, "ask for less at a time")

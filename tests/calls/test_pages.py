"""A listing yields everything in it once, however its pages move, or says that it cannot."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.calls.answers import Page
from reconciler.calls.pages import PAGE_SIZE, PAGES, Listing, Window
from reconciler.errors import Unreadable

NOW_S = 1_000_000.0


class Shelf:
    """A server's listing: each item is the second it was created in, or an id; `moves` happen before that request."""

    def __init__(
        self,
        items: list[int],
        moves: dict[int, Callable[[list[int]], None]] | None = None,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self.items, self.moves, self.page_size = items, moves or {}, page_size
        self.created = {item: item / 1000 for item in items}
        self.requests: list[tuple[Window, int]] = []
        self._inside: dict[Window, list[int]] = {}

    def page(self, window: Window, number: int) -> Page[int]:
        if move := self.moves.get(len(self.requests)):
            move(self.items)
            self._inside.clear()
        self.requests.append((window, number))
        if window not in self._inside:
            start_s = -1 if window.created_from_s is None else window.created_from_s
            end_s = math.inf if window.created_to_s is None else window.created_to_s
            # Neither end belongs to the window: the most that a server could leave out.
            self._inside[window] = [item for item in self.items if start_s < self.created.get(item, 0) < end_s]
        inside = self._inside[window]
        start = number * self.page_size
        return Page(tuple(inside[start : start + self.page_size]), number, self.page_size)

    def listing(self) -> Listing[int]:
        return Listing("listing", self.page, lambda item: item)

    def by_date(self, window: Window = Window()) -> Iterator[int]:  # noqa: B008 - it is frozen
        return self.listing().by_date(window, lambda: 0.0, lambda: NOW_S)


def halves(cut: tuple[Window, Window] | None) -> tuple[Window, Window]:
    assert cut is not None
    return cut


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (199, 1), (200, 2), (201, 2), (400, 3), (39_999, 200)])
def test_a_short_page_is_the_last_one(count: int, requests: int) -> None:
    shelf = Shelf(list(range(count)))
    assert list(shelf.by_date()) == list(range(count))
    assert len(shelf.requests) == requests


def test_a_window_that_fills_its_pages_is_cut_in_two_until_it_fits() -> None:
    # All but one are in the last thousandth of the time that is searched.
    items = [1, *range(999_000_000, 999_000_000 + 90_000)]
    assert sorted(Shelf(items).by_date()) == items


def test_halves_overlap_so_that_a_job_on_the_cut_is_in_one_of_them() -> None:
    first, second = halves(Window(0, 10).halves(0, 0))
    assert (first.created_from_s, second.created_to_s) == (0, 10)
    assert (first.created_to_s, second.created_from_s) == (5.001, 4.999)


def test_an_open_end_stays_open_when_a_window_is_cut() -> None:
    first, second = halves(Window(None, None, 3, 4).halves(100, 200))
    assert first == Window(None, 150.001, 3, 4)
    assert second == Window(149.999, None, 3, 4)


def test_one_look_at_the_last_page_tells_that_a_half_must_be_cut_again() -> None:
    shelf = Shelf(list(range(500_000_000, 500_000_000 + 40_500)))
    list(shelf.by_date())
    by_window: dict[Window, list[int]] = {}
    for window, number in shelf.requests:
        by_window.setdefault(window, []).append(number)
    whole, *cut = by_window.values()
    assert whole == list(range(PAGES))
    assert all(numbers[0] == PAGES - 1 for numbers in cut)
    assert sum(map(len, cut)) < 300


def test_more_than_forty_thousand_jobs_in_one_second_are_an_error() -> None:
    shelf = Shelf(list(range(40_000)))
    shelf.created = dict.fromkeys(shelf.items, 0.5)
    with pytest.raises(Unreadable, match="one second holds 40,000 entries or more"):
        list(shelf.by_date(Window(0, 1000)))


def test_a_job_that_moved_to_a_later_page_is_yielded_once() -> None:
    shelf = Shelf(list(range(300)), {1: lambda items: items.insert(0, 999)})
    assert sorted(shelf.by_date()) == [*range(300), 999]


def test_a_listing_that_was_reordered_between_pages_is_read_again() -> None:
    def swap(items: list[int]) -> None:
        items[5], items[250] = items[250], items[5]  # 250 hides on a page already read, 5 shows a second time

    assert sorted(Shelf(list(range(300)), {1: swap}).by_date()) == list(range(300))


def test_a_listing_that_is_never_still_is_an_error() -> None:
    moves = {number: lambda items: items.reverse() for number in range(100)}
    with pytest.raises(Unreadable, match="changes faster than it can be read"):
        list(Shelf(list(range(300)), moves).by_date())


def test_unfinished_jobs_on_one_page_take_one_request() -> None:
    shelf = Shelf([1, 2, 3])
    assert list(shelf.listing().unfinished()) == [1, 2, 3]
    assert len(shelf.requests) == 1


def test_an_unfinished_job_is_not_missed_when_one_before_it_finishes_between_two_pages() -> None:
    shelf = Shelf(list(range(300)), {1: lambda items: items.remove(7)})
    assert sorted(shelf.listing().unfinished()) == list(range(300))


def test_forty_thousand_unfinished_jobs_are_an_error() -> None:
    with pytest.raises(Unreadable, match="40,000 unfinished jobs or more"):
        list(Shelf(list(range(40_000))).listing().unfinished())


def test_unfinished_jobs_that_are_never_still_are_an_error() -> None:
    moves = {number: lambda items: items.insert(0, 1000 + len(items)) for number in range(100)}
    with pytest.raises(Unreadable, match="changes faster than it can be read"):
        list(Shelf(list(range(300)), moves).listing().unfinished())


def test_a_server_that_gives_smaller_pages_than_asked_for_is_read_to_the_end() -> None:
    def page(_: Window, number: int) -> Page[int]:
        return Page(tuple(range(50)[number * 20 : number * 20 + 20]), number, 20)

    assert list(Listing("listing", page, lambda item: item).unfinished()) == list(range(50))


def test_a_server_that_gives_another_page_than_asked_for_is_an_error() -> None:
    def page(_window: Window, _number: int) -> Page[int]:
        return Page(tuple(range(PAGE_SIZE)), 0, PAGE_SIZE)

    with pytest.raises(Unreadable, match="page 1 was asked for and page 0 came"):
        list(Listing("listing", page, lambda item: item).unfinished())


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 250)), max_size=4), st.floats(0, 10**6))
def test_everything_created_since_a_moment_is_yielded_once_however_often_it_is_cut(
    bursts: list[tuple[int, int]], since_s: float
) -> None:
    items = sorted({start + n * 7 for start, count in bursts for n in range(count)})
    shelf = Shelf(items, page_size=1)  # 200 of them fit into a window
    expected = [item for item in items if since_s < item / 1000]
    try:
        listed = list(shelf.by_date(Window(since_s)))
    except Unreadable:
        assert max(map(sum, _per_second(expected))) >= PAGES
    else:
        assert sorted(listed) == expected


def _per_second(items: list[int]) -> Iterator[list[bool]]:
    """For each item, which ones are within the narrowest window around it, overlaps included."""
    for item in items:
        yield [abs(other - item) <= 1010 for other in items]

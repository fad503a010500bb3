"""Several requests at once, their answers in order, and no more of them in memory than are under way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import chain, islice
from typing import Any, Final, TypeVar

T = TypeVar("T")
U = TypeVar("U")


WAKE_S: Final = 0.2
"""How long a thread waits for others at a stretch. A signal that comes in the moment before the main thread blocks is
noticed only when it wakes, which without this could be as late as the answer to a request."""


def first_done(futures: Collection[Future[Any]]) -> None:
    """Waits until one of them is done; signals are noticed meanwhile."""
    while not wait(futures, timeout=WAKE_S, return_when=FIRST_COMPLETED).done:
        pass


def in_order(work: Callable[[T], U], items: Iterable[T], at_once: int) -> Iterator[U]:
    """What `work` makes of each item, in the order of the items, up to `at_once` of them being worked on in threads.

    Raises what `work` raises, when its turn comes; then and when the caller stops iterating, items that nobody works
    on yet are left alone, and those under way are waited for.
    """
    rest = iter(items)
    first = [*islice(rest, at_once)]
    if at_once == 1 or len(first) < 2:  # a thread for one request would only cost: most campaigns have no more
        yield from map(work, chain(first, rest))
        return
    with ThreadPoolExecutor(at_once) as pool:
        under_way: deque[Future[U]] = deque(pool.submit(work, item) for item in first)
        try:
            while under_way:
                oldest = under_way.popleft()
                first_done([oldest])
                result = oldest.result()
                under_way.extend(pool.submit(work, item) for item in islice(rest, 1))
                yield result
        finally:
            for future in under_way:
                future.cancel()

"""How far a long operation is: a bar on a terminal, a line now and then in a log, or nothing.

Progress is a courtesy: it goes to stderr, a bar leaves nothing behind, and a reader that went away does not disturb
what it reports on (see `console.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console

from reconciler.render.page import line, write
from reconciler.render.words import duration, number

EVERY_S = 5.0
"""Seconds between two lines of `LineProgress`: a log of an hour stays readable."""


class Progress(Protocol):
    """Told how far an operation is. Operations follow each other; leaving the context finishes the last one."""

    def start(self, label: str, total: int | None) -> None:
        """An operation of `total` steps begins (None: nobody knows how many); the one before it is over."""
        ...

    def advance(self, n: int = 1) -> None:
        """`n` more steps are done."""
        ...

    def finish(self) -> None:
        """The operation is over."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Context:
    """What every progress does as a context: nothing at first, finish at the end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish()

    def finish(self) -> None:
        """Nothing to end."""


class SilentProgress(Context):
    """Shows nothing."""

    def start(self, label: str, total: int | None) -> None:
        """Nothing is shown."""

    def advance(self, n: int = 1) -> None:
        """Nothing is shown."""


class LineProgress(Context):
    """A plain line when an operation begins and ends, and at most every five seconds of `clock` (s) in between."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._label, self._done = "", 0
        self._total: int | None = None
        self._began = self._said = clock()

    def start(self, label: str, total: int | None) -> None:
        """Say that `label` begins."""
        self.finish()
        self._label, self._total, self._done = label, total, 0
        self._began = self._said = self._clock()
        self._say("…" if total is None else f"0 of {number(total)}")

    def advance(self, n: int = 1) -> None:
        """Say how far it is, if the last line is five seconds old."""
        self._done += n
        now = self._clock()
        if self._label and now - self._said >= EVERY_S:
            self._said = now
            self._say(figures(self._done, self._total, now - self._began))

    def finish(self) -> None:
        """Say how much was done and how long it took; nothing when nothing is under way."""
        if self._label:
            self._say(f"{number(self._done)} done in {duration(self._clock() - self._began)}")
            self._label = ""

    def _say(self, what: str) -> None:
        write(self._console, [line(f"{self._label}: {what}")])


def figures(done: int, total: int | None, elapsed_s: float) -> str:
    """How far, how fast and how long still: `1,200 of 5,000, 240/s, 16 s left`."""
    rate = done / elapsed_s if elapsed_s > 0 else 0.0
    speed = f", {number(rate) if rate >= 10 else f'{rate:.1f}'}/s" if rate else ""
    if not total:
        return number(done) + speed
    left = f", {duration((total - done) / rate)} left" if rate and done < total else ""
    return f"{number(done)} of {number(total)}{speed}{left}"


def for_terminal(
    console: Console, *, quiet: bool = False, verbose: bool = False, clock: Callable[[], float] = time.monotonic
) -> Progress:
    """What suits `console`: a bar on a terminal, lines elsewhere if `verbose`, nothing if `quiet` or otherwise."""
    if quiet:
        return SilentProgress()
    if console.is_terminal:
        from reconciler.render.bar import BarProgress  # 10 ms, and CI has no terminal

        return BarProgress(console, clock)
    return LineProgress(console, clock) if verbose else SilentProgress()

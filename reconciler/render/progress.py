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
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn
from rich.progress import Progress as RichProgress
from rich.table import Column
from rich.text import Text

from reconciler.render.page import line, write
from reconciler.render.shown import plain
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


class _Context:
    """What every progress does as a context: nothing at first, finish at the end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish()

    def finish(self) -> None:
        """Nothing to end."""


class SilentProgress(_Context):
    """Shows nothing."""

    def start(self, label: str, total: int | None) -> None:
        """Nothing is shown."""

    def advance(self, n: int = 1) -> None:
        """Nothing is shown."""


class LineProgress(_Context):
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


class BarProgress(_Context):
    """A bar with rate and time left that disappears when the operation is over. `clock` counts seconds."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._bar: RichProgress | None = None

    def start(self, label: str, total: int | None) -> None:
        """Show a bar; a pulsing one when the total is unknown."""
        self.finish()
        self._bar = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            _Figures(),
            console=self._console,
            get_time=self._clock,
            transient=True,
            # Replacing sys.stdout for the whole process is not for a bar to do; messages go through the console.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._bar.add_task(plain(label), total=total)
        self._bar.start()

    def advance(self, n: int = 1) -> None:
        """Move the bar."""
        if self._bar:
            self._bar.advance(self._bar.task_ids[0], n)

    def finish(self) -> None:
        """Take the bar away."""
        if self._bar:
            self._bar.stop()
            self._bar = None


class _Figures(ProgressColumn):
    """The figures beside the bar, the same words as in a log."""

    def __init__(self) -> None:
        super().__init__(Column(no_wrap=True))

    def render(self, task: Task) -> Text:
        """The figures of `task`."""
        total = None if task.total is None else int(task.total)
        return Text(figures(int(task.completed), total, task.elapsed or 0.0), style="dim")


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
        return BarProgress(console, clock)
    return LineProgress(console, clock) if verbose else SilentProgress()

"""How far several campaigns are that are worked on at once: one bar for all of them, or a line now and then."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn
from rich.progress import Progress as RichProgress
from rich.table import Column
from rich.text import Text

from reconciler.render.page import line, write
from reconciler.render.progress import EVERY_S, Progress, SilentProgress, figures
from reconciler.render.words import duration, number


class Several:
    """The progress of `total` campaigns, shown on `console`; on None it is not.

    `part` may be used from any thread, everything else is for the one that writes to the console.
    """

    def __init__(
        self,
        console: Console | None,
        label: str,
        total: int,
        *,
        is_bar: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console, self._label, self._total, self._is_bar, self._clock = console, label, total, is_bar, clock
        self._ended = self._steps = 0
        self._counting = threading.Lock()
        self._began = self._said = clock()
        self._bar: RichProgress | None = None

    def part(self) -> Progress:
        """The progress of one of them: what it counts is counted for all."""
        return _Part(self._moved)

    def begin(self) -> None:
        """They begin."""
        self._say("…")
        self._show()

    def ended(self) -> None:
        """One more of them is over, and what it had to say was said."""
        self._ended += 1
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=self._ended)
        if self._clock() - self._said >= EVERY_S:
            self._said = self._clock()
            self._say(self._figures())

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Within the block the bar is away, so that something else can be written."""
        self._hide()
        try:
            yield
        finally:
            self._show()

    def finish(self) -> None:
        """All are over, or nobody waits for the rest."""
        self._hide()
        self._say(f"{number(self._ended)} of {number(self._total)} in {duration(self._clock() - self._began)}")
        self._is_bar = False

    def _moved(self, n: int) -> None:
        with self._counting:
            self._steps += n

    def _figures(self) -> str:
        elapsed_s = self._clock() - self._began
        done, _, speed = figures(self._steps, None, elapsed_s).partition(", ")
        steps = f", {done} calls" + (f", {speed}" if speed else "") if self._steps else ""
        left_s = (self._total - self._ended) * elapsed_s / self._ended if self._ended else 0.0
        left = f", {duration(left_s)} left" if left_s else ""
        return f"{number(self._ended)} of {number(self._total)}{steps}{left}"

    def _say(self, what: str) -> None:
        if self._console and not self._is_bar:
            write(self._console, [line(f"{self._label}: {what}")])

    def _show(self) -> None:
        if self._console and self._is_bar:
            columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=20), _Figures(self._figures))
            self._bar = RichProgress(
                *columns,
                console=self._console,
                get_time=self._clock,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._bar.add_task(self._label, total=self._total, completed=self._ended)
            self._bar.start()

    def _hide(self) -> None:
        if self._bar:
            self._bar.stop()
            self._bar = None


class _Part(SilentProgress):
    """One campaign's part."""

    def __init__(self, moved: Callable[[int], None]) -> None:
        self._moved = moved

    def advance(self, n: int = 1) -> None:
        """So much more is done."""
        self._moved(n)


class _Figures(ProgressColumn):
    """The figures beside the bar, the same as in a log."""

    def __init__(self, figures: Callable[[], str]) -> None:
        super().__init__(Column(no_wrap=True))
        self._words = figures

    def render(self, task: Task) -> Text:  # noqa: ARG002 - what rich hands over
        """The figures of all campaigns."""
        return Text(self._words(), style="dim")

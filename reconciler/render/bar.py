"""How far a long operation is, as a bar on a terminal: apart from `progress.py`, since bars are slow to import."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn
from rich.progress import Progress as RichProgress
from rich.table import Column
from rich.text import Text

from reconciler.render.progress import Context, figures
from reconciler.render.shown import plain


class BarProgress(Context):
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

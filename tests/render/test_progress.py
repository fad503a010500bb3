"""Progress: a bar, lines now and then, or nothing."""

from __future__ import annotations

from io import StringIO

import pytest

from reconciler.render.bar import BarProgress
from reconciler.render.progress import LineProgress, SilentProgress, figures, for_terminal
from tests.render.plans import Terminal, console_on


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


@pytest.mark.parametrize(
    ("stream", "quiet", "verbose", "kind"),
    [
        pytest.param(Terminal(), False, False, BarProgress, id="terminal"),
        pytest.param(Terminal(), True, False, SilentProgress, id="quiet terminal"),
        pytest.param(StringIO(), False, False, SilentProgress, id="log"),
        pytest.param(StringIO(), False, True, LineProgress, id="verbose log"),
        pytest.param(StringIO(), True, True, SilentProgress, id="quiet wins"),
    ],
)
def test_progress_suits_where_it_is_shown(stream: StringIO, quiet: bool, verbose: bool, kind: type) -> None:
    assert type(for_terminal(console_on(stream), quiet=quiet, verbose=verbose)) is kind


def test_a_dumb_terminal_gets_no_bar() -> None:
    assert isinstance(for_terminal(console_on(Terminal(), {"TERM": "dumb"})), SilentProgress)


def test_a_log_gets_a_line_at_most_every_five_seconds() -> None:
    stream, clock = StringIO(), Clock()
    with LineProgress(console_on(stream), clock) as progress:
        progress.start("adding calls", 5000)
        for _ in range(12):
            clock.now += 1
            progress.advance(100)
    assert stream.getvalue().splitlines() == [
        "adding calls: 0 of 5,000",
        "adding calls: 500 of 5,000, 100/s, 45 s left",
        "adding calls: 1,000 of 5,000, 100/s, 40 s left",
        "adding calls: 1,200 done in 12 s",
    ]


def test_the_next_operation_ends_the_one_before() -> None:
    stream = StringIO()
    with LineProgress(console_on(stream), Clock()) as progress:
        progress.start("reading", None)
        progress.advance()
        progress.start("adding", 2)
    assert stream.getvalue().splitlines() == [
        "reading: …",
        "reading: 1 done in 0.0 s",
        "adding: 0 of 2",
        "adding: 0 done in 0.0 s",
    ]


def test_a_log_says_nothing_when_nothing_was_started() -> None:
    stream, clock = StringIO(), Clock()
    with LineProgress(console_on(stream), clock) as progress:
        clock.now += 10
        progress.advance()
    assert stream.getvalue() == ""


def test_a_bar_shows_label_and_figures_and_is_gone_in_the_end() -> None:
    stream, clock = Terminal(), Clock()
    with BarProgress(console_on(stream, {"COLUMNS": "80"}), clock) as progress:
        progress.advance()  # nothing was started: nothing happens
        progress.start("Adding [all] calls", 5000)
        clock.now += 2
        progress.advance(2400)
        progress.start("Confirming", None)
        progress.advance(3)
    shown = stream.getvalue()
    assert "Adding [all] calls" in shown
    assert "2,400 of 5,000, 1,200/s, 2.2 s left" in shown
    assert "Confirming" in shown
    assert shown.endswith("\x1b[1A\x1b[2K")  # the line of the bar is erased


def test_a_bar_is_taken_away_when_the_operation_fails() -> None:
    stream = Terminal()

    def fail() -> None:
        with BarProgress(console_on(stream, {}), Clock()) as progress:
            progress.start("Adding", 2)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert stream.getvalue().count("\x1b[?25l") == stream.getvalue().count("\x1b[?25h")  # the cursor is back


def test_silence_is_silent() -> None:
    with SilentProgress() as progress:
        progress.start("adding", 3)
        progress.advance(3)


@pytest.mark.parametrize(
    ("done", "total", "elapsed_s", "words"),
    [
        (0, 5000, 0, "0 of 5,000"),
        (1200, 5000, 5, "1,200 of 5,000, 240/s, 16 s left"),
        (3, 10, 2, "3 of 10, 1.5/s, 4.7 s left"),
        (5000, 5000, 5, "5,000 of 5,000, 1,000/s"),
        (6000, 5000, 6, "6,000 of 5,000, 1,000/s"),
        (7, None, 0, "7"),
        (20, None, 2, "20, 10/s"),
        (0, 0, 1, "0"),
    ],
)
def test_figures_say_how_far_how_fast_and_how_long_still(
    done: int, total: int | None, elapsed_s: float, words: str
) -> None:
    assert figures(done, total, elapsed_s) == words

"""The progress of several campaigns at once: one bar or a line now and then, for all of them."""

from __future__ import annotations

from io import StringIO

from reconciler.render.several import Several
from tests.render.plans import Terminal, console_on
from tests.render.test_progress import Clock


def test_a_log_gets_a_line_at_most_every_five_seconds() -> None:
    stream, clock = StringIO(), Clock()
    progress = Several(console_on(stream), "planning campaigns", 4, clock=clock)
    progress.begin()
    for _ in range(4):
        clock.now += 3
        progress.part().advance(300)
        progress.ended()
    progress.finish()
    assert stream.getvalue().splitlines() == [
        "planning campaigns: …",
        "planning campaigns: 2 of 4, 600 calls, 100/s, 6.0 s left",
        "planning campaigns: 4 of 4, 1,200 calls, 100/s",
        "planning campaigns: 4 of 4 in 12 s",
    ]


def test_a_terminal_gets_a_bar_that_makes_room_for_what_is_written_and_leaves_nothing() -> None:
    stream = Terminal()
    progress = Several(console_on(stream), "planning campaigns", 2, is_bar=True)
    progress.begin()
    for name in ("spring", "summer"):
        with progress.aside():
            stream.write(f"<{name}>")
            progress.ended()
    progress.finish()
    shown = stream.getvalue()
    assert "0 of 2" in shown
    assert "1 of 2" in shown
    for name in ("spring", "summer"):
        assert not shown[: shown.index(f"<{name}>")].endswith("of 2")
    assert shown.rstrip("\x1b[?25h").endswith("\x1b[2K")


def test_where_nothing_is_to_be_seen_nothing_is() -> None:
    stream = StringIO()
    progress = Several(None, "planning campaigns", 1)
    progress.begin()
    with progress.aside():
        progress.ended()
    progress.finish()
    assert stream.getvalue() == ""

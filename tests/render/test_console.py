"""The consoles of a command: colours, width, encodings, and readers that go away."""

from __future__ import annotations

import os
import subprocess
import sys
from io import BytesIO, StringIO, TextIOWrapper

import pytest

from reconciler.render.console import WIDTH, make_consoles
from reconciler.render.page import line, write
from tests.render.plans import Terminal, console_on

RED = [line(("red", "red"))]
IN_RED = "\x1b[31mred\x1b[0m\n"


@pytest.mark.parametrize(
    ("stream", "environ", "shown"),
    [
        pytest.param(Terminal(), {}, IN_RED, id="a terminal has colours"),
        pytest.param(StringIO(), {}, "red\n", id="a file has none"),
        pytest.param(Terminal(), {"NO_COLOR": "1"}, "red\n", id="NO_COLOR"),
        pytest.param(Terminal(), {"NO_COLOR": ""}, IN_RED, id="an empty NO_COLOR means nothing"),
        pytest.param(Terminal(), {"TERM": "dumb"}, "red\n", id="a dumb terminal"),
        pytest.param(StringIO(), {"FORCE_COLOR": "1"}, IN_RED, id="FORCE_COLOR"),
        pytest.param(StringIO(), {"FORCE_COLOR": "0"}, "red\n", id="FORCE_COLOR says no"),
        pytest.param(StringIO(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, "red\n", id="NO_COLOR wins"),
    ],
)
def test_colours_follow_the_terminal_and_the_environment(stream: StringIO, environ: dict[str, str], shown: str) -> None:
    write(console_on(stream, environ), RED)
    assert stream.getvalue() == shown


def test_no_color_on_the_command_line_beats_everything() -> None:
    out = Terminal()
    write(make_consoles(out, StringIO(), {"FORCE_COLOR": "1"}, no_color=True).out, RED)
    assert out.getvalue() == "red\n"


def test_messages_go_to_stderr() -> None:
    out, err = StringIO(), StringIO()
    write(make_consoles(out, err, {}).err, RED)
    assert (out.getvalue(), err.getvalue()) == ("", "red\n")


def test_anything_but_a_terminal_is_100_columns_wide() -> None:
    assert console_on(StringIO(), {"COLUMNS": "40"}).width == WIDTH == 100
    assert console_on(StringIO(), {"FORCE_COLOR": "1"}).width == 100


def test_a_terminal_has_its_own_width() -> None:
    assert console_on(Terminal(), {"COLUMNS": "72"}).width == 72


def test_a_stream_that_cannot_encode_a_bullet_gets_a_question_mark() -> None:
    raw = BytesIO()
    stream = TextIOWrapper(raw, encoding="ascii", write_through=True)
    write(make_consoles(stream, StringIO(), {}).out, [line("1650•••0042 → 3")])
    assert raw.getvalue() == b"1650???0042 ? 3\n"


def test_a_reader_that_goes_away_does_not_end_the_run() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        console = make_consoles(stream, StringIO(), {}).out
        write(console, RED)
        write(console, RED)
        assert console.quiet


def test_a_stream_without_a_file_that_breaks_does_not_end_the_run_either() -> None:
    class Broken(StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    console = console_on(Broken())
    write(console, RED)
    assert console.quiet


def test_importing_the_package_and_its_words_does_not_load_rich() -> None:
    program = "import reconciler.render, reconciler.render.headline, sys; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

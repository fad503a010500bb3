"""Lines on a console: wrapped between words on a terminal, never elsewhere, and no spaces at the end."""

from __future__ import annotations

from io import StringIO

import pytest

from reconciler.render.page import columns, line, write
from tests.render.plans import console_on, on_terminal, printed

SENTENCE = "one two three four five six seven eight nine ten"


def test_a_file_gets_a_long_sentence_as_one_line() -> None:
    assert printed([line(SENTENCE * 50)]) == SENTENCE * 50 + "\n"


def test_a_terminal_gets_it_wrapped_under_its_first_word() -> None:
    shown = on_terminal([line("! x: ", SENTENCE, indent=2, hang=2)], 32)
    assert shown == "  ! x: one two three four five\n    six seven eight nine ten\n"


@pytest.mark.parametrize("width", [40, 120])
def test_a_sentence_that_fits_is_left_as_it_is(width: int) -> None:
    assert on_terminal([line("one two", indent=2)], width) == "  one two\n"


def test_a_line_that_must_not_be_broken_is_left_to_the_terminal() -> None:
    assert on_terminal([line(SENTENCE, hang=None)], 30) == SENTENCE + "\n"


def test_nothing_is_wrapped_into_a_column_too_narrow_to_read() -> None:
    assert on_terminal([line(SENTENCE, hang=25)], 40) == SENTENCE + "\n"


def test_columns_are_aligned_and_an_empty_one_takes_no_room() -> None:
    rows = [["a", "", "1", "x"], ["bbb", "", "1,200", ""]]
    assert printed(columns(rows, indent=1, right="  r")) == " a        1  x\n bbb  1,200\n"


def test_wide_characters_count_as_the_two_columns_they_take() -> None:
    assert printed(columns([["電話", "x"], ["abcd", "y"]])) == "電話  x\nabcd  y\n"


def test_no_rows_are_no_lines() -> None:
    assert list(columns([])) == []


def test_text_that_looks_like_markup_or_an_emoji_is_shown_as_it_is() -> None:
    assert printed([line("[bold]:smile: 12 'x'[/bold]")], {"FORCE_COLOR": "1"}) == "[bold]:smile: 12 'x'[/bold]\n"


def test_more_lines_than_are_written_at_once_all_arrive_in_order() -> None:
    stream = StringIO()
    write(console_on(stream), (line(str(n)) for n in range(2500)))
    assert stream.getvalue().split() == [str(n) for n in range(2500)]

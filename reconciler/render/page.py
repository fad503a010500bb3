"""Lines, and how they get onto a console.

On a terminal a long sentence is wrapped between words, under its own first word. Into a file or a CI log it is
written as one line, however long: such a log is searched by line. Nothing is ever cut off or padded at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from reconciler.render.shown import plain

_NARROWEST = 20  # columns; with less beside the indent, wrapping makes it worse
_AT_ONCE = 1000  # lines handed to rich together: a full plan of a million calls is never in memory as text
_GAP = "  "  # between columns


Cell = str | tuple[str, str]
"""A text, alone or with a style."""


class Line(NamedTuple):
    """One line. `hang` is the column its continuation starts in on a terminal; None: never wrapped (paths, ids)."""

    text: Text
    hang: int | None = None


BLANK = Line(Text())


def line(*parts: Cell, indent: int = 0, hang: int | None = 0) -> Line:
    """A line of texts, each alone or with a style, freed of control characters; `hang` counts from the indent."""
    text = Text(" " * indent)
    for words, style in map(_plain_cell, parts):
        text.append(words, style or None)
    text.rstrip()
    return Line(text, None if hang is None else indent + hang)


def columns(rows: Sequence[Sequence[Cell]], *, indent: int = 0, right: str = "") -> Iterator[Line]:
    """The rows as lines with aligned columns; in `right`, an `r` at a column's position aligns it to the right.

    A column without any text takes no room.
    """
    cells = [list(map(_plain_cell, row)) for row in rows]
    widths = [max(cell_len(words) for words, _ in column) for column in zip(*cells, strict=True)]
    hang = sum(width + len(_GAP) for width in widths[:-1] if width)
    for row in cells:
        padded = [
            _padded(cell, width, is_right=right[at : at + 1] == "r")
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            if width
        ]
        yield line(*chain.from_iterable([*cell, (_GAP, "")] for cell in padded), indent=indent, hang=hang)


def about(name: str, lines: Iterable[Line]) -> Iterator[Line]:
    """The lines, with the name of what they are about before the first."""
    start = f"{plain(name)}: "
    for at, each in enumerate(lines):
        text = each.text if at else Text.assemble((start, "bold"), each.text)
        yield Line(text, each.hang if at or each.hang is None else each.hang + len(start))


def _plain_cell(cell: Cell) -> tuple[str, str]:
    words, style = cell if isinstance(cell, tuple) else (cell, "")
    return plain(words), style


def _padded(cell: tuple[str, str], width: int, *, is_right: bool) -> list[tuple[str, str]]:
    pad = (" " * (width - cell_len(cell[0])), "")
    return [pad, cell] if is_right else [cell, pad]


def write(console: Console, lines: Iterable[Line]) -> None:
    """Write the lines to `console`, a thousand at a time."""
    rest = iter(lines)
    while some := list(islice(rest, _AT_ONCE)):
        console.print(*(_fitted(each, console) for each in some), sep="\n", soft_wrap=True)


def _fitted(each: Line, console: Console) -> Text:
    if each.hang is None or not console.is_terminal or each.text.cell_len <= console.width:
        return each.text
    room = console.width - each.hang
    if room < _NARROWEST:
        return each.text
    first, rest = each.text.divide([each.hang])
    wrapped = rest.wrap(console, room)
    for words in wrapped:
        words.rstrip()
    return first + Text(f"\n{' ' * each.hang}").join(wrapped)

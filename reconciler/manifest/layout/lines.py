"""Lines in the making: what stands on them, the comments behind it, and blank lines between them.

Comments that stood below each other stay in one column as long as what is before them leaves room; a comment alone
stands two spaces behind its line. Of blank lines in a row one is kept, at the beginning and the end none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

_GAP = 2  # spaces before a comment


class _Line(msgspec.Struct):
    """One line; `comment_column` is where the comment behind it stood, counted from 0."""

    text: str
    comment: str = ""
    comment_column: int = 0

    @property
    def is_break(self) -> bool:
        """Whether comments before and after it have nothing to do with each other."""
        return self.text in ("", "---", "...")

    def with_comment_at(self, column: int) -> str:
        """The line as it is written."""
        return f"{self.text:<{column}}{self.comment}" if self.comment else self.text


class Lines:
    """A text that grows at its end."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []
        self._is_blank_due = False

    @property
    def column(self) -> int:
        """Where the next text goes, counted from 0."""
        return len(self._lines[-1].text) if self._lines else 0

    def begin(self, indent: int, text: str = "") -> None:
        """Begin a line."""
        if self._is_blank_due and self._lines:
            self._lines.append(_Line(""))
        self._is_blank_due = False
        self._lines.append(_Line(" " * indent + text))

    def put(self, text: str) -> None:
        """Go on with the line."""
        self._lines[-1].text += text

    def add(self, lines: Iterable[str]) -> None:
        """Write lines that are to stay as they are, blank ones too."""
        self._lines += map(_Line, lines)

    def comment(self, text: str, column: int) -> None:
        """Put a comment behind the line; it stood in `column`."""
        self._lines[-1].comment, self._lines[-1].comment_column = text, column

    def blank(self) -> None:
        """Leave a line blank, if another one follows."""
        self._is_blank_due = True

    def __str__(self) -> str:
        return "".join(f"{text}\n" for group in self._paragraphs() for text in _aligned(group))

    def _paragraphs(self) -> Iterable[list[_Line]]:
        group: list[_Line] = []
        for line in self._lines:
            group.append(line)
            if line.is_break:
                yield group
                group = []
        yield group


def _aligned(group: list[_Line]) -> Iterable[str]:
    """The lines of a paragraph with their comments in place."""
    below_each_other: dict[int, list[_Line]] = defaultdict(list)
    for line in group:
        if line.comment:
            below_each_other[line.comment_column].append(line)
    columns = {column: _column(column, lines) for column, lines in below_each_other.items()}
    return (line.with_comment_at(columns.get(line.comment_column, 0)) for line in group)


def _column(column: int, lines: list[_Line]) -> int:
    """Where comments that stood in `column` go."""
    needed = max(len(line.text) for line in lines) + _GAP
    return max(column, needed) if len(lines) > 1 else needed

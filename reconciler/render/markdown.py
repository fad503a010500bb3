"""Markdown that says what was meant whatever the data holds: for comments of GitHub and GitLab.

Text from outside (names, files, values, messages) only ever appears as code. In code nothing is formatted, linked or
mentioned, and nobody is notified; it cannot end a table's cell or begin another block.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from reconciler.render.shown import plain

_BACKTICKS = re.compile(r"`+")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ]")


def code(text: str, longest: int = 80) -> str:
    """`text` as code on one line, its middle cut out beyond `longest` characters."""
    text = _cut(plain(text), longest) or " "
    if "|" in text:
        # A pipe ends a table's cell even within backticks, and after a backslash parsers disagree. Numbers are safe.
        return f"<code>{_NOT_PLAIN.sub(lambda found: f'&#{ord(found[0])};', text)}</code>"
    fence = "`" * (1 + max(map(len, _BACKTICKS.findall(text)), default=0))
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    head, tail = longest // 2, longest - longest // 2 - 1
    return f"{text[:head]}…{text[-tail:]}"


def table(heads: Sequence[str], rows: Iterable[str], right: str = "") -> str:
    """A table of rows made by `row`; in `right`, an `r` at a column's position aligns it to the right."""
    rule = ["--:" if right[at : at + 1] == "r" else "---" for at in range(len(heads))]
    return "\n".join([row(heads), row(rule), *rows])


def row(cells: Iterable[str]) -> str:
    """One row of a table. Cells are Markdown already."""
    return f"| {' | '.join(cells)} |"


def folded(summary: str, body: str) -> str:
    """`body`, seen once somebody opens `summary`, which is no Markdown."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"

"""A diff of two layouts: what goes, what comes, and three lines around it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from reconciler.render.page import Line, line

_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_BEHIND = re.compile(r"[ \t]+$")


def diff_text(name: str, old: str, new: str) -> Iterator[Line]:
    """The lines of a unified diff. Spaces at the end of a line are dots: they are what often changes."""
    yield line((f"--- {name}", "bold"))
    yield line((f"+++ {name}", "bold"))
    if old == new:
        yield line("(only how lines end, or the encoding)")
    before, after = ([_visible(each) for each in text.removesuffix("\n").split("\n")] for text in (old, new))
    for each in [*difflib.unified_diff(before, after, lineterm="")][2:]:
        yield line((each, _STYLES.get(each[0], "")), hang=None)


def _visible(text: str) -> str:
    return _BEHIND.sub(lambda spaces: "·" * len(spaces[0]), text)

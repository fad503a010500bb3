"""Everything wrong with manifests and phone lists: the first problems in full, the rest counted by kind.

Ten thousand rows without a phone are one mistake. The first lines say where to look, the summary says how much of
the same there is, and `--errors-file` has all of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TextIO

from reconciler.errors import Problem
from reconciler.render.page import Line, columns, line
from reconciler.render.shown import plain
from reconciler.render.words import count, number

LIMIT = 50
"""Problems shown in full: a few screens."""

_MOST_KINDS = 10
# What differs from row to row: quoted values, numbers and masks, names of items in a path.
_PARTICULAR = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`|[+-]?[\d•][\d•.,:]*")


def problems_text(problems: Sequence[Problem], *, limit: int = LIMIT, omitted: int = 0) -> Iterator[Line]:
    """The first `limit` problems, a line each, and a summary of the rest and of `omitted` ones nobody kept."""
    for problem in problems[:limit]:
        yield _problem(problem)
    rest = problems[limit:]
    if rest or omitted:
        yield from _summary(rest, omitted)


def write_problems(problems: Sequence[Problem], file: TextIO) -> None:
    """Write all problems to `file`, one per line. Raises what writing to `file` raises."""
    file.writelines(f"{plain(str(problem))}\n" for problem in problems)


def _problem(problem: Problem) -> Line:
    path = f" {problem.path}:" if problem.path else ""
    fix = (f"; {problem.fix}", "green") if problem.fix else ""
    return line((f"{problem.place}:", "bold"), path, f" {problem.what}", fix, hang=None)


def _summary(rest: Sequence[Problem], omitted: int) -> Iterator[Line]:
    kinds = Counter((problem.place.file, _kind(problem)) for problem in rest)
    most = kinds.most_common(_MOST_KINDS)
    others = kinds.total() - sum(n for _, n in most)
    yield line((f"… and {number(len(rest) + omitted)} more:", "bold"))
    rows = [[f"{number(n)} ×", f"{file}: {kind}"] for (file, kind), n in most]
    rows += [[f"{number(n)} ×", what] for n, what in ((others, "other kinds"), (omitted, "not listed")) if n]
    yield from columns(rows, indent=2, right="r")


def _kind(problem: Problem) -> str:
    """What two problems of the same kind have in common."""
    path = f"{problem.path}: " if problem.path else ""
    return _PARTICULAR.sub("…", path + problem.what)


def total_of_problems(problems: Sequence[Problem], omitted: int = 0) -> str:
    """How many problems there are, and in how many files."""
    files = len({problem.place.file for problem in problems})
    return f"{count(len(problems) + omitted, 'problem')} in {count(files, 'file')}"

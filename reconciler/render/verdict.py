"""What `campaign validate` found, and that as one JSON document.

`{"version": 1, "isValid": …, "campaigns": …, "calls": …, "problems": […], "omitted": …, "warnings": […]}`;
docs/fmt-and-validate.md says what is in it. Problems hold masks only, as everywhere.
"""

from __future__ import annotations

import json
import os.path
from collections.abc import Iterator, Sequence

import msgspec

from reconciler.errors import Place, Problem
from reconciler.render.shown import plain

VERSION = 1
"""Of the JSON document; a later one with the same number only adds fields."""


class Verdict(msgspec.Struct, frozen=True):
    """How many campaigns and calls are valid, everything that is wrong, and how many problems more nobody kept."""

    campaigns: int
    calls: int
    problems: tuple[Problem, ...] = ()
    omitted: int = 0
    warnings: tuple[Problem, ...] = ()  # what is no reason to stop

    def seen_from(self, root: str, here: str) -> Verdict:
        """The same with files named from `root` instead of `here` (absolute folders), where they are below it."""
        problems, warnings = (
            tuple(_seen(each, root, here) for each in some) for some in (self.problems, self.warnings)
        )
        return msgspec.structs.replace(self, problems=problems, warnings=warnings)


def _seen(problem: Problem, root: str, here: str) -> Problem:
    file = os.path.relpath(os.path.join(here, problem.place.file), root)  # noqa: PTH118 - names only, nothing is read
    if file.split(os.sep, 1)[0] == os.pardir:
        return problem
    return msgspec.structs.replace(problem, place=Place(file, problem.place.line, problem.place.column))


def verdict_json(verdict: Verdict) -> Iterator[str]:
    """The lines of the JSON document: one for each problem, so that a diff of two runs shows what is new."""
    counts = (verdict.campaigns, verdict.calls) if not verdict.problems else (None, None)
    yield f'{{"version": {VERSION}, "isValid": {json.dumps(not verdict.problems)},'
    yield f' "campaigns": {json.dumps(counts[0])}, "calls": {json.dumps(counts[1])},'
    yield ' "problems": ['
    yield from _lines(verdict.problems)
    yield f' ], "omitted": {verdict.omitted},'
    yield ' "warnings": ['
    yield from _lines(verdict.warnings)
    yield " ]}"


def _lines(problems: Sequence[Problem]) -> Iterator[str]:
    last = len(problems) - 1
    for at, problem in enumerate(problems):
        yield f"  {json.dumps(_fields(problem))}{',' if at < last else ''}"


def _fields(problem: Problem) -> dict[str, object]:
    place = problem.place
    return {
        "file": plain(place.file),
        "line": place.line or None,
        "column": place.column or None,
        "path": plain(problem.path),
        "what": plain(problem.what),
        "fix": plain(problem.fix),
    }

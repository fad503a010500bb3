"""Problems as workflow commands of GitHub Actions, which shows them beside the lines they are about.

A command is `::error file=…,line=…,col=…,title=…::message`. In the message `%` and line breaks are escaped, in a
property `:` and `,` as well. The format is that of
https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.errors import Problem
from reconciler.render.problems import total_of_problems
from reconciler.render.shown import plain
from reconciler.render.verdict import Verdict
from reconciler.render.words import count

_SHOWN = 10  # annotations of one kind that GitHub shows of a step; the others are in its log only
_TITLE = "campaign validate"


def workflow_commands(verdict: Verdict) -> Iterator[str]:
    """A command for each problem, files named from the repository's root; then one line that counts them."""
    yield from (_annotation("error", problem) for problem in verdict.problems)
    yield from (_annotation("warning", problem) for problem in verdict.warnings)
    total = _total(verdict)
    if len(verdict.problems) > _SHOWN or verdict.omitted:
        # A notice: of errors only the first ten are shown.
        yield command(
            "notice", f"{total}; GitHub shows the first {_SHOWN}, the log of this step has more", title=_TITLE
        )
    else:
        yield total


def _total(verdict: Verdict) -> str:
    warnings = count(len(verdict.warnings), "warning") if verdict.warnings else ""
    problems = total_of_problems(verdict.problems, verdict.omitted) if verdict.problems or not warnings else ""
    return ", ".join(filter(None, (problems, warnings)))


def _annotation(name: str, problem: Problem) -> str:
    place = problem.place
    return command(
        name,
        problem.what + (f"; {problem.fix}" if problem.fix else ""),
        file="" if place.file == "." else place.file,
        line=place.line,
        col=place.column if place.line else 0,
        title=problem.path or _TITLE,
    )


def command(name: str, message: str, **properties: str | int) -> str:
    """The workflow command; properties that are 0 or empty are left out."""
    given = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value)
    return f"::{name} {given}::{_data(message)}"


def _data(text: str) -> str:
    return plain(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

"""Errors, warnings and hints for stderr: what went wrong in one calm line, what to do in the next.

Our own errors say what may be said. Of any other exception only the type and the place in the code are shown: its
text may hold a phone, a payload or a token.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import PurePath

from reconciler.errors import CallsError, ManifestError, ReconcilerError
from reconciler.render.page import Line, line
from reconciler.render.problems import problems_text, total_of_problems

_PACKAGE = "reconciler"


def error_text(error: BaseException) -> Iterator[Line]:
    """The lines for `error`: an `error:` line, then what else it says, then a `hint:` line if there is a next step."""
    match error:
        case ManifestError():
            yield _labelled("error", "bold red", total_of_problems(error.problems, error.omitted))
            yield from problems_text(error.problems, omitted=error.omitted)
        case CallsError():
            yield _labelled("error", "bold red", f"{error.endpoint}: {error.what}")
            yield from hint_text(error.next_step)
        case ReconcilerError():
            yield from _paragraph("error", "bold red", str(error) or type(error).__name__)
        case OSError(strerror=str(words)):
            # The system's own words, such as "No space left on device"; the file's name is left out.
            yield _labelled("error", "bold red", f"{words} ({type(error).__name__} at {code_place(error)})")
        case _:
            yield _labelled("error", "bold red", f"unexpected {type(error).__name__} at {code_place(error)}")
            yield from hint_text(
                "this is a defect of the program; the text of the exception may hold data and is left out"
            )


def error_words(error: BaseException) -> tuple[str, ...]:
    """What `error_text` says as plain lines: what went wrong, then the rest."""
    first, *others = (each.text.plain.strip() for each in error_text(error))
    return (first.removeprefix("error: "), *others)


def warning_text(what: str, hint: str = "") -> Iterator[Line]:
    """A `warning:` line, and a hint if there is one."""
    yield from _paragraph("warning", "bold yellow", what)
    yield from hint_text(hint)


def hint_text(hint: str) -> Iterator[Line]:
    """A `hint:` line; nothing for an empty one."""
    if hint:
        yield _labelled("hint", "bold cyan", hint)


def code_place(error: BaseException) -> str:
    """Where in the code `error` was raised, as `file:line in function`; if in a library, also where we called it."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "an unknown place"
    ours = [frame for frame in frames if _is_ours(frame)]
    last = [ours[-1]] if ours and ours[-1] is not frames[-1] else []
    return ", called from ".join(map(_frame, [frames[-1], *last]))


def _frame(frame: traceback.FrameSummary) -> str:
    # The last parts only: what comes before may be somebody's home directory.
    path = "/".join(PurePath(frame.filename).parts[-3 if _is_ours(frame) else -2 :])
    return f"{path}:{frame.lineno} in {frame.name}"


def _is_ours(frame: traceback.FrameSummary) -> bool:
    return _PACKAGE in PurePath(frame.filename).parts[-3:]


def _paragraph(label: str, style: str, text: str) -> Iterator[Line]:
    first, *others = text.splitlines() or [""]
    yield _labelled(label, style, first)
    for other in others:
        yield line(other, indent=2)


def _labelled(label: str, style: str, text: str) -> Line:
    return line((f"{label}:", style), f" {text}", hang=len(label) + 2)

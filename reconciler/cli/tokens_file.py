"""`--tokens-file`: campaigns by name, server and token, for a machine that has no manifests."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

from reconciler.errors import Place, Problem, UsageError


class Listed(NamedTuple):
    """One campaign of the file."""

    name: str
    host: str
    token: str

    def __repr__(self) -> str:
        return f"Listed({self.name})"


def read_tokens(path: Path, host: str | None) -> tuple[tuple[Listed, ...], tuple[Problem, ...]]:
    """The campaigns of the file, `-` for standard input, and what is wrong with its other lines.

    A line is `NAME TOKEN`, or `NAME TOKEN HOST`; `host` is for those without one. Empty lines and what follows a `#`
    at the start of a line are skipped. Raises UsageError when the file cannot be read. No line is ever repeated.
    """
    found: dict[str, Listed] = {}
    problems: list[Problem] = []
    for number, line in enumerate(_text(path).splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        what = _wrong(words, host, found)
        if what:
            problems.append(Problem(Place(path.name, number), "", what, "write NAME TOKEN HOST, or give --host"))
        else:
            found[words[0]] = Listed(words[0], words[2] if len(words) == 3 else host or "", words[1])
    return tuple(found.values()), tuple(problems)


def _wrong(words: list[str], host: str | None, found: dict[str, Listed]) -> str:
    if len(words) not in (2, 3):
        return "is not a name, a token and perhaps a host"
    if len(words) == 2 and not host:
        return "names no host"
    return "has the name of a line before it" if words[0] in found else ""


def _text(path: Path) -> str:
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise UsageError("--tokens-file cannot be read as text") from None

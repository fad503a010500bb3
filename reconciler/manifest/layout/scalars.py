"""Scalars set anew: quotes of one kind where they need no escapes, continued lines and block texts moved as a whole."""

from __future__ import annotations

import re
from functools import cache

import yaml

from reconciler.manifest.scalars import core_value

_NO_QUOTES = re.compile(r'["\\\n]')  # what double quotes would need an escape for, or a second line
_STR = "tag:yaml.org,2002:str"


def flow_scalar(raw: str, *, is_plain: bool) -> list[str]:
    """The lines of a plain or quoted scalar, without indentation; its quotes as they are to be."""
    if is_plain:
        return [f'"{raw}"'] if _is_misread(raw) else [line.strip(" \t") for line in raw.split("\n")]
    if raw.startswith("'"):
        inner = raw[1:-1].replace("''", "'")
        if not _NO_QUOTES.search(inner):
            return [f'"{inner}"']
    first, *others = raw.split("\n")
    lines = [first, *(line.lstrip(" \t") for line in others)]
    return [*map(_without_spaces_behind, lines[:-1]), lines[-1]]


def _without_spaces_behind(line: str) -> str:
    """The line without the spaces that folding drops; one that is escaped stays."""
    kept = line.rstrip(" \t")
    n_backslashes = len(kept) - len(kept.rstrip("\\"))
    return line[: len(kept) + 1] if n_backslashes % 2 else kept


def _is_misread(text: str) -> bool:
    """Whether plain text, as YAML 1.2 has it, is a number, a time or a truth value to readers of YAML 1.1."""
    if "\n" in text:
        return False
    try:
        is_text = isinstance(core_value(text), str)
    except ValueError:
        return False
    tag: str = _resolver().resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return is_text and tag != _STR


@cache
def _resolver() -> yaml.resolver.Resolver:
    return yaml.resolver.Resolver()


def block_scalar(raw: str, *, old_parent: int, new_parent: int) -> tuple[str, str, list[str], bool]:
    """Header, the comment behind it, and the lines of a literal or folded text; and whether a blank line follows.

    `old_parent` and `new_parent` are the columns of the list or mapping it is in; -1 where there is none.
    """
    head, *body = raw.split("\n")
    indicators, sign, words = head.partition("#")
    digit = indicators.strip("|>+- \t")
    chomping = indicators.strip("|>123456789 \t")
    if raw.endswith("\n"):
        body.pop()
    elif body:
        chomping = "-"  # the file ended within the text: there is no line break to keep
    old = max(old_parent, 0) + int(digit) if digit else _indent_of(body)
    new = max(new_parent, 0) + int(digit) if digit else (new_parent + 2 if new_parent >= 0 else 2)
    lines = [_moved(line, old, new) for line in body]
    n_lines = len(lines)
    while chomping != "+" and lines and not lines[-1]:
        lines.pop()
    return f"{head[0]}{digit}{chomping}", f"{sign}{words}".rstrip(), lines, len(lines) < n_lines


def _indent_of(body: list[str]) -> int:
    """The indentation of the first line that is not blank."""
    return next((len(line) - len(line.lstrip(" ")) for line in body if line.strip(" ")), 0)


def _moved(line: str, old: int, new: int) -> str:
    """A line of a block text, indented by `new` instead of `old`; a blank one may be shorter."""
    rest = line[old:]
    return " " * new + rest if rest else ""

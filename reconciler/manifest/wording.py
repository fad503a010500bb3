"""How names, values and paths of a manifest may appear in a message.

A manifest holds phones, payloads and secrets, and people put them in the wrong fields. So a message shows a value
only where the field is known to be harmless, and even then with every run of digits that could be a number masked;
a name is shown only when it looks like one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

KeyPath = tuple[str | int, ...]

MAX_SHOWN = 40  # characters: longer than any field name or value that belongs in a harmless field

# Five digits or more, however they are spaced: shorter runs are limits, dates and list numbers, longer may be phones.
_DIGITS = re.compile(r"\d(?:[\s().+/-]*\d){4,}")
_NAME = re.compile(r"[\w$.-]{1,40}")


def masked(text: str) -> str:
    """`text` on one line, cut to `MAX_SHOWN` characters, runs of five or more digits replaced by bullets."""
    without = _DIGITS.sub(lambda run: re.sub(r"\d", "•", run[0]), text)
    line = "".join(char if char.isprintable() else "·" for char in without)
    return line if len(line) <= MAX_SHOWN else line[: MAX_SHOWN - 1] + "…"


def quoted(value: object) -> str:
    """A value of a harmless field for a message: text in quotes, numbers and booleans bare, all masked."""
    if isinstance(value, str):
        return f'"{masked(value)}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    return masked(str(value)) if isinstance(value, int | float) else kind_of(value)


def shown_name(name: str) -> str:
    """A field name for a message, masked; `…` if it does not look like a name (it may be a value, even a secret)."""
    return masked(name) if _NAME.fullmatch(name) else "…"


def path_text(path: KeyPath) -> str:
    """`("spec", "phoneLists", 0, "policy")` as `spec.phoneLists[0].policy`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{shown_name(part)}" for part in path)
    return "".join(parts).removeprefix(".")


def kind_of(value: object) -> str:
    """What a JSON value is, in words: `text`, `a number`, `a list`, …"""
    words = {str: "text", bool: "true or false", int: "a whole number", float: "a number", dict: "a mapping"}
    if value is None:
        return "nothing (null)"
    return words.get(type(value), "a list")


def listed(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def did_you_mean(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """`did you mean X?` for the known word closest to `word`, or '' when none is close (0 to 1: how close)."""
    from difflib import get_close_matches

    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(word[: 2 * MAX_SHOWN].lower(), by_lower, n=1, cutoff=cutoff)
    return f"did you mean {by_lower[close[0]]}?" if close else ""

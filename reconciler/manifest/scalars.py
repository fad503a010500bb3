"""What an unquoted YAML scalar means: the core schema of YAML 1.2 (its chapter 10.3.2), and nothing more.

`10:00`, `no`, `on`, `2024-01-01` and `1_000` are text; `0650` is the integer 650, `0o7` is 7, `0xF` is 15.
"""

from __future__ import annotations

import re

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_JSON = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LONGEST = 30  # digits: 64 bits have at most 22 octal ones, and Python refuses to read thousands


def is_null(text: str) -> bool:
    """Whether an unquoted scalar is a null."""
    return text in _NULL


def core_value(text: str) -> str | int | float | bool | None:
    """What an unquoted scalar means.

    Raises ValueError, with words for a person, for what JSON has no way to say: infinities, NaN, and integers that
    need more than 64 bits.
    """
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return _float(text)
    if _NOT_JSON.fullmatch(text):
        raise ValueError("is no number that JSON can hold")
    return text


def _integer(text: str) -> int:
    """A decimal, `0o` or `0x` integer; leading zeros are decimal. Raises ValueError beyond 64 bits."""
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    digits = (text.lstrip("+-") if base == 10 else text[2:]).lstrip("0") or "0"
    number = int(digits, base) if len(digits) <= _LONGEST else 2**64
    number = -number if text.startswith("-") else number
    if not -(2**63) <= number < 2**63:
        raise ValueError("is an integer beyond 64 bits")
    return number


def _float(text: str) -> float:
    """A float. Raises ValueError for one so large that it would become infinite."""
    number = float(text)
    if abs(number) == float("inf"):
        raise ValueError("is no number that JSON can hold")
    return number

"""A cell → a JSON value of the type the manifest asks for.

Cells come as text from CSV and as native values from JSONL and Parquet; both end as the same value, so that a list
may change its format without a single call changing. What is empty (no text but spaces, null) is a field left
out, except for text, where it is "". Nothing here quotes a cell in what it raises.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec import UNSET

from reconciler.phones.problems import Wrong

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,19}")  # a longer one does not fit 64 bits
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_HALF_LETTER: Final = re.compile("[\ud800-\udfff]")  # a surrogate, which UTF-8 cannot write
_KEY: Final = re.compile(rb'"\s*:')
_TRUTH: Final[Mapping[str, bool]] = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

LARGEST_INTEGER: Final = 2**63 - 1  # what the readers of JSON on the other side are sure to hold
LARGEST_EXACT: Final = 2**53  # above it a float no longer tells neighbouring integers apart


def is_text(cells: Sequence[Any]) -> bool:
    """Whether all of them are text already."""
    return set(map(type, cells)) == {str}


def as_text(cell: Any) -> str:
    """The cell as text; whole floats lose their `.0`, dates are written by ISO 8601, null is ""."""
    if isinstance(cell, str):
        return cell
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case int():
            return str(cell)
        case float() if math.isfinite(cell):
            return str(int(cell)) if _is_whole(cell) else repr(cell)
        case Decimal() if cell.is_finite():
            return format(cell, "f")
        case dt.date() | dt.time():  # a datetime is a date
            return cell.isoformat()
        case _:
            raise Wrong("is not text, a number, a date or a truth value")


def as_integer(cell: Any) -> Any:
    """The cell as int within 64 bits, or UNSET."""
    text = as_text(cell).strip()
    if not text:
        return UNSET
    if not _INTEGER.fullmatch(text):
        raise Wrong("is not a whole number", "digits only, with - in front if negative")
    return _in_range(int(text))


def as_number(cell: Any) -> Any:
    """The cell as int where it is whole, so that 10 and 10.0 are one value, else float; or UNSET."""
    text = as_text(cell).strip()
    if not text:
        return UNSET
    if not _NUMBER.fullmatch(text):
        raise Wrong("is not a number", "digits with a decimal point, without separators of thousands")
    number = float(text)
    if number.is_integer() and _INTEGER.fullmatch(text):
        return _in_range(int(text))  # a float holds no more than 15 digits exactly
    if not math.isfinite(number):
        raise Wrong("is too large a number")
    return int(number) if _is_whole(number) else number


def as_boolean(cell: Any) -> Any:
    """The cell as bool, or UNSET."""
    text = as_text(cell).strip().lower()
    if not text:
        return UNSET
    if text not in _TRUTH:
        raise Wrong("is neither true nor false", "write true, yes or 1, false, no or 0")
    return _TRUTH[text]


def as_json(cell: Any) -> Any:
    """The cell's JSON value, or UNSET. Text is read as JSON, also where the file could hold the value itself."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return UNSET
    return checked_json(strict_json(cell.encode("utf-8", "replace")) if isinstance(cell, str) else cell)


def strict_json(text: bytes) -> Any:
    """The JSON value. Raises Wrong for what is not JSON, and for an object that has a key twice."""
    try:
        value = msgspec.json.decode(text)
        keys = len(_KEY.findall(text))
        # As many keys as colons after quotes: none is there twice, and none is hidden deeper. Else look closely.
        if keys and not (isinstance(value, dict) and len(value) == keys):
            json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError):  # what both decoders raise, bad UTF-8 and numbers out of range included
        raise Wrong("is not valid JSON", "check quotes, commas and brackets") from None
    return value


def checked_json(value: Any) -> Any:
    """The value itself if it is JSON through and through. Raises Wrong for NaN, infinity, dates and the like."""
    match value:
        case None | bool():
            pass
        case str():
            if _HALF_LETTER.search(value):
                raise Wrong("holds half a letter, which is no text", "write the letter, or both its escapes")
        case int():
            _in_range(value)
        case float():
            if not math.isfinite(value):
                raise Wrong("holds a number that JSON cannot express")
        case list() | tuple():
            for item in value:
                checked_json(item)
        case dict():
            for key, item in value.items():
                if not isinstance(key, str):
                    raise Wrong("holds a key that is not text")
                checked_json(key)
                checked_json(item)
        case _:
            raise Wrong("holds something that JSON cannot express")
    return value


CONVERSIONS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "string": as_text,
    "integer": as_integer,
    "number": as_number,
    "boolean": as_boolean,
    "json": as_json,
}


def _unique(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) < len(pairs):
        raise Wrong("has a key twice in one object", "keep one of them")


def _in_range(number: int) -> int:
    if abs(number) > LARGEST_INTEGER:
        raise Wrong("is too large a number", "64 bits hold a whole number")
    return number


def _is_whole(number: float) -> bool:
    return number.is_integer() and abs(number) <= LARGEST_EXACT

"""A column of cells → the JSON of each, as the canonical encoder writes it.

Two paths, one verdict. Where all cells of a column are text that needs no thought (any text for a string, `12.50` for a
number) the column is converted as a whole, by a handful of calls that each loop in C. Else every cell takes the exact
way of `values.py`, each distinct text once. `tests/phones/test_columns.py` compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET

from reconciler.phones.problems import Wrong
from reconciler.phones.values import CONVERSIONS, as_text, is_text

CANONICAL: Final = msgspec.json.Encoder(order="deterministic")

# As JSON writes them and a float holds them exactly: 15 digits before the point.
_PLAIN_INTEGER: Final = re.compile(r"-?[1-9][0-9]{0,17}|0")
_PLAIN_NUMBER: Final = re.compile(r"-?(?:[1-9][0-9]{0,14}|0)(?:\.[0-9]{1,17})?")
_FLOATS: Final = msgspec.json.Decoder(float)


def json_column(type: str, cells: Sequence[Any]) -> Sequence[bytes | None]:
    """The JSON of each cell: b"" for a field left out, None for a cell that cannot be converted to this type."""
    if not is_text(cells):
        return [_json(type, cell) for cell in cells]
    if type == "string":
        return _lines(cells)
    if type == "integer" and all(map(_PLAIN_INTEGER.fullmatch, cells)):
        return [*map(str.encode, cells)]
    if type == "number" and all(map(_PLAIN_NUMBER.fullmatch, cells)):
        numbers = _FLOATS.decode_lines("\n".join(cells))
        return _lines([int(number) if number.is_integer() else number for number in numbers])
    known = {cell: _json(type, cell) for cell in set(cells)}
    return [known[cell] for cell in cells]


def key_column(cells: Sequence[Any]) -> list[str]:
    """The key each cell holds, "" where there is none."""
    return [*map(str.strip, cells if is_text(cells) else map(_text, cells))]


def _lines(values: Sequence[Any]) -> list[bytes]:
    return CANONICAL.encode_lines(values).splitlines()  # JSON escapes all line ends within a text


def _json(type: str, cell: Any) -> bytes | None:
    try:
        value = CONVERSIONS[type](cell)
    except Wrong:
        return None
    return b"" if value is UNSET else CANONICAL.encode(value)


def _text(cell: Any) -> str:
    try:
        return as_text(cell)
    except Wrong:
        return ""

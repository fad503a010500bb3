"""JSON Lines: one object a line, read strictly."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec

from reconciler.phones.problems import Problems, Wrong
from reconciler.phones.rows import LONGEST_LINE, Block, Row, Sheet, in_blocks, locate, open_bytes
from reconciler.phones.values import strict_json


def read_jsonl(sheet: Sheet, problems: Problems) -> Iterator[Block]:
    """The wanted fields of the objects, None where one is absent.

    An absent field is an empty cell, but the first column, which holds the phone, has to be there from the first
    object on, and a field that no object has is a mistake in the manifest.
    """
    return in_blocks(_rows(sheet, problems))


def _rows(sheet: Sheet, problems: Problems) -> Iterator[Row]:
    columns: tuple[str, ...] = ()
    unseen = set(sheet.columns[1:])
    for number, line in _lines(sheet):
        try:
            row = _object(line)
        except Wrong as wrong:
            problems.add(sheet.problem(wrong, number))
            continue
        columns = columns or _columns(sheet, row, number)
        if unseen:
            unseen.difference_update(row)
        yield number, tuple(map(row.get, columns))
    if columns and unseen:
        names = ", ".join(repr(column) for column in sheet.columns if column in unseen)
        raise Wrong(f"has no object with a field {names}", "the manifest and the file have to use the same names")


def _columns(sheet: Sheet, row: dict[str, Any], number: int) -> tuple[str, ...]:
    """The wanted fields' names, once the first object shows that phones can be found."""
    fields = list(row)
    [index] = locate(msgspec.structs.replace(sheet, columns=sheet.columns[:1]), fields, number)
    return (fields[index], *sheet.columns[1:])


def _object(line: bytes) -> dict[str, Any]:
    value = strict_json(line)
    if not isinstance(value, dict):
        raise Wrong("is not a JSON object", 'one object on each line, as in {"phone": "…"}')
    return value


def _lines(sheet: Sheet) -> Iterator[tuple[int, bytes]]:
    """Numbered lines that are not blank."""
    number = 0
    with open_bytes(sheet) as stream:
        for number, line in enumerate(iter(partial(stream.readline, LONGEST_LINE), b""), 1):
            if len(line) == LONGEST_LINE:
                raise Wrong("has a line of a million characters", "write one object on each line", number)
            bare = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if not bare.isspace() and bare:
                yield number, bare
    if not number:
        raise Wrong("is empty", "a list of nobody is written as `phones: []`")

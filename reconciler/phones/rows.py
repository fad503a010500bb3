"""Files of rows: what to read from one, and its rows as they stream by.

A row is the line it starts on (for Parquet: its number), and the cells of the wanted columns in the order they were
asked for: text from delimited and text files, native values from JSONL and Parquet. A file is never whole in memory:
its rows come in blocks, column by column, since what is done to a whole column at once costs a tenth of what it costs
row by row. What is wrong with a row goes to `problems` and the reading goes on; what is wrong with the file ends it,
after the rows before it.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, TypeVar, cast

import msgspec

from reconciler.errors import Place, Problem
from reconciler.phones.problems import Problems, Wrong

Row = tuple[int, Sequence[Any]]
T = TypeVar("T")

# Rows of a block. Measured with 250 to 32,000: what is done to a column stays in the processor's cache, and below 700
# living lists the garbage collector never starts; 10,000 rows at once take twice the time.
BLOCK: Final = 500

LONGEST_LINE: Final = 1 << 20  # characters; a row of a phone list has some hundred

FAILURES: Final = (Wrong, OSError, EOFError, zlib.error)  # what the bytes of a file can end in

_FORMATS: Final = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}


class Sheet(msgspec.Struct, frozen=True):
    """A file, how it is written, and which of its columns are wanted."""

    path: Path
    shown: str  # as the user would name it
    place: Place  # where the manifest names it
    format: str  # csv, tsv, jsonl, parquet or text
    columns: tuple[str, ...]
    encoding: str = "utf-8"
    delimiter: str = ","
    has_options: bool = True  # encoding and delimiter can be said in the manifest
    is_only_column_enough: bool = False  # a file of one column may call it what it likes

    def problem(self, wrong: Wrong, line: int = 0, path: str = "") -> Problem:
        """What is wrong, at this line unless it knows better."""
        return Problem(Place(self.shown, wrong.line or line), path, wrong.what, wrong.fix)


def format_of(name: str, default: str = "") -> str:
    """The format a file's name tells, with or without `.gz`; else the default."""
    suffix = Path(name.lower().removesuffix(".gz")).suffix
    return _FORMATS.get(suffix, default)


class Block(NamedTuple):
    """Rows of a file, column by column: the line each starts on, and the cells of each wanted column."""

    rows: list[int]
    columns: Sequence[list[Any]]

    def row(self, at: int) -> tuple[Any, ...]:
        """The cells of the row at this position."""
        return tuple(column[at] for column in self.columns)

    def __repr__(self) -> str:
        return f"Block({len(self.rows)} rows)"  # cells stay out of tracebacks


def read_blocks(sheet: Sheet, problems: Problems) -> Iterator[Block]:
    """Blocks of about `BLOCK` rows, none empty, blank rows left out; all that is wrong goes to `problems`.

    Raises nothing the file is to blame for.
    """
    try:
        yield from (block for block in _reader(sheet.format)(sheet, problems) if block.rows)
    except Wrong as wrong:
        problems.add(sheet.problem(wrong))
    except (OSError, EOFError, zlib.error) as error:
        what, fix = _unusable(error)
        problems.add(sheet.problem(Wrong(what, fix or f"it is named at {sheet.place}")))


def read_rows(sheet: Sheet, problems: Problems) -> Iterator[Row]:
    """The same rows one by one."""
    for block in read_blocks(sheet, problems):
        yield from zip(block.rows, zip(*block.columns, strict=True), strict=True)


def in_blocks(rows: Iterator[Row]) -> Iterator[Block]:
    """These rows in blocks."""
    while True:
        taken, failure = take(rows, BLOCK, FAILURES)
        yield Block(
            [number for number, _ in taken], [list(column) for column in zip(*(c for _, c in taken), strict=True)]
        )
        if failure is not None:
            raise failure
        if len(taken) < BLOCK:
            return


def take(items: Iterator[T], count: int, errors: tuple[type[Exception], ...]) -> tuple[list[T], Exception | None]:
    """Up to `count` items; if one of the errors ends them, those before it, and the error."""
    taken: list[T] = []
    try:
        taken.extend(islice(items, count))  # what came before an error stays in the list
    except errors as error:
        return taken, error
    return taken, None


def _reader(format: str) -> Callable[[Sheet, Problems], Iterator[Block]]:
    # Imported when used: most lists are CSV, and pyarrow alone costs as much as everything else together.
    match format:
        case "jsonl":
            from reconciler.phones.jsonl import read_jsonl

            return read_jsonl
        case "parquet":
            from reconciler.phones.parquet import read_parquet

            return read_parquet
        case "text":
            from reconciler.phones.delimited import read_text

            return read_text
        case "csv" | "tsv":
            from reconciler.phones.delimited import read_delimited

            return read_delimited
        case _:
            raise Wrong("has a name that does not tell its format", "write `format: csv`, tsv, jsonl or parquet")


def open_bytes(sheet: Sheet) -> AbstractContextManager[IO[bytes]]:
    """The file's bytes as a stream, unpacked when its name ends in .gz."""
    if sheet.path.name.lower().endswith(".gz"):
        return cast("IO[bytes]", gzip.open(sheet.path, "rb"))
    return sheet.path.open("rb")


def _unusable(error: Exception) -> tuple[str, str]:
    """What went wrong with the file as a whole, and what to do. The system's own text names the absolute path."""
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return "there is no such file", ""
        case IsADirectoryError():
            return "is a directory, not a file", ""
        case PermissionError():
            return "may not be read: permission denied", ""
        case gzip.BadGzipFile():
            return "is not gzip, or damaged, though its name ends in .gz", "pack it again, or rename it"
        case EOFError():
            return "ends in the middle of its gzip data", "fetch it again: rows may be missing"
        case zlib.error():
            return "has damaged gzip data", "fetch it again"
        case _:
            return f"cannot be read: {getattr(error, 'strerror', None) or type(error).__name__}", ""


def locate(sheet: Sheet, header: Sequence[str], line: int = 0) -> list[int]:
    """Where the wanted columns are. Raises Wrong for missing and for ambiguous ones; the header is on this line."""
    is_plain = len(header) == 1 and not _looks_like_a_row(header) and not _other_delimiter(header)
    if sheet.is_only_column_enough and is_plain:
        return [0]
    missing = [column for column in sheet.columns if column not in header]
    if missing:
        raise Wrong(f"has no {_columns(missing)}", _about_header(sheet, header), line)
    twice = [column for column in sheet.columns if list(header).count(column) > 1]
    if twice:
        raise Wrong(f"has more than one {_columns(twice)}", "give each column a name of its own", line)
    return [list(header).index(column) for column in sheet.columns]


def _columns(names: Sequence[str]) -> str:
    return f"column{'s' if len(names) > 1 else ''} {', '.join(map(repr, names))}"


def _about_header(sheet: Sheet, header: Sequence[str]) -> str:
    """What may explain a missing column. Never a cell of a row: without a header line the first row stands here."""
    if _looks_like_a_row(header):
        return "its first line looks like a call: add a line with the names of the columns"
    other = _other_delimiter(header)
    if other and sheet.has_options:
        return f"its columns seem to be separated by {other!r}: say so with `source.delimiter`"
    shown = ", ".join(_name(name) for name in header[:20])
    return f"its columns are {shown}{', …' if len(header) > 20 else ''}"


def _other_delimiter(header: Sequence[str]) -> str:
    """What seems to separate the columns of a header that is a single cell, or ""."""
    return next((mark for mark in ";\t|," if len(header) == 1 and mark in header[0]), "")


def _looks_like_a_row(header: Sequence[str]) -> bool:
    """A phone, a mail address or a number of any length stands where names of columns should."""
    return any("@" in name or sum(map(str.isdigit, name)) > 4 for name in header)


def _name(text: str) -> str:
    return repr("".join("•" if letter.isdigit() else letter for letter in text[:40]))

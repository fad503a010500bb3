"""CSV, TSV and plain text: lines decoded, checked and split, some hundred at a time."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate, chain, compress
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from reconciler.phones.problems import Problems, Wrong
from reconciler.phones.rows import BLOCK, FAILURES, LONGEST_LINE, Block, Row, Sheet, in_blocks, locate, open_bytes, take

if TYPE_CHECKING:
    from _csv import Reader

PIECE: Final = 1 << 15  # characters read at once

# They decode to surrogates, which are not text: no such call could be sent or put into the lock.
_HALF_TEXT: Final = frozenset({"utf-7", "unicode-escape", "raw-unicode-escape"})


def read_text(sheet: Sheet, problems: Problems) -> Iterator[Block]:  # noqa: ARG001 - what all readers take
    """One cell a line; `#` starts a comment."""
    return in_blocks(_text_rows(sheet))


def _text_rows(sheet: Sheet) -> Iterator[Row]:
    number = 0
    for number, line in enumerate(_lines(sheet), 1):
        text = line.partition("#")[0].strip()
        if text:
            yield number, (text,)
    if not number:
        raise Wrong("is empty", "a line such as `# nobody yet` says that this is meant")


def read_delimited(sheet: Sheet, problems: Problems) -> Iterator[Block]:
    """The wanted cells of the records after the header; a record's row is the line it starts on."""
    reader = csv.reader(_lines(sheet), delimiter=_delimiter(sheet), strict=True)
    header = _header(reader)
    picks = [itemgetter(index) for index in locate(sheet, header, reader.line_num)]
    for starts, records in _batches(sheet, reader, problems):
        rows, complete = _complete(sheet, starts, records, len(header), problems)
        yield Block(rows, [[*map(pick, complete)] for pick in picks])


def _batches(sheet: Sheet, reader: Reader, problems: Problems) -> Iterator[tuple[list[int], list[list[str]]]]:
    """All records, with the lines they start on; those that are malformed go to `problems`."""
    while True:
        line = reader.line_num + 1
        records, error = take(reader, BLOCK, (csv.Error, *FAILURES))
        after = line + len(records)
        starts = [*range(line, after)]
        if reader.line_num != after - 1:  # some record spans lines, or a bad one follows
            *starts, after = accumulate(map(_line_count, records), initial=line)
        yield starts, records
        if isinstance(error, csv.Error):
            problems.add(sheet.problem(_malformed(error), after))
            if "field larger" in str(error):
                return  # nobody knows where the next record starts
        elif error:
            raise error
        elif len(records) < BLOCK:
            return


def _line_count(record: Sequence[str]) -> int:
    """How many lines the record takes: one, and one more for each line end in its cells."""
    return 1 + sum(cell.count("\n") + cell.count("\r") - cell.count("\r\n") for cell in record)


def _complete(
    sheet: Sheet, starts: list[int], records: list[list[str]], width: int, problems: Problems
) -> tuple[list[int], list[list[str]]]:
    """The records that are as wide as the header; blank ones are skipped, the others go to `problems`."""
    if {*map(len, records)} <= {width} and all(map(any, records)):
        return starts, records  # nearly always
    kept = [len(record) == width and any(record) for record in records]
    for line, record, is_kept in zip(starts, records, kept, strict=True):
        if not is_kept and any(map(str.strip, record)):
            problems.add(sheet.problem(_ragged(record, width), line))
    return [*compress(starts, kept)], [*compress(records, kept)]


def _header(reader: Iterator[list[str]]) -> list[str]:
    try:
        for row in reader:
            if any(map(str.strip, row)):
                return [cell.strip() for cell in row]
    except csv.Error as error:
        wrong = _malformed(error)
        raise Wrong(wrong.what, wrong.fix, 1) from None
    raise Wrong("is empty, it has not even a header", "a list of nobody is a header alone, or `phones: []`")


def _delimiter(sheet: Sheet) -> str:
    if sheet.delimiter in '"\r\n':
        raise Wrong("cannot be split at this `delimiter`", "one character that is neither a quote nor a line end")
    return sheet.delimiter


def _ragged(row: Sequence[str], width: int) -> Wrong:
    cells = f"{len(row)} cell{'s' if len(row) > 1 else ''}"
    return Wrong(f"has {cells} where the header has {width}", "quote a cell that holds the delimiter")


def _malformed(error: csv.Error) -> Wrong:
    text = str(error)
    if "field larger" in text:
        return Wrong(f"has a cell of more than {csv.field_size_limit()} characters", "look for a quote left open")
    if "end of data" in text:
        return Wrong("has a quote that is never closed", "close it, or write a quote inside a quoted cell twice")
    return Wrong("has a quote in the wrong place", "quote the whole cell, and write a quote inside it twice")


def _lines(sheet: Sheet) -> Iterator[str]:
    """Lines with their ends. Raises Wrong for what is no text, or not in the encoding it should be in."""
    return chain.from_iterable(_pieces(sheet))


def _pieces(sheet: Sheet) -> Iterator[Iterable[str]]:
    """The lines, some hundred at a time."""
    number = 1  # of the first line of a piece
    try:
        with open_bytes(sheet) as stream, io.TextIOWrapper(stream, _codec(sheet), newline="") as text:
            # Limits, not `for line in text`: garbage without line ends must not fill the memory.
            while piece := text.read(PIECE) + text.readline(LONGEST_LINE):
                lines = io.StringIO(piece, newline="").readlines()
                is_suspicious = "\0" in piece or len(piece) >= LONGEST_LINE
                yield _checked(sheet, lines, number) if is_suspicious else lines
                number += len(lines)
    except UnicodeError:
        raise _undecodable(sheet) from None
    except LookupError:
        raise Wrong("has an `encoding` that is not known", "such as utf-8, utf-16, latin-1 or cp1252") from None


def _checked(sheet: Sheet, lines: Sequence[str], first: int) -> Iterator[str]:
    """These lines up to the first that is no text. `first` is the first one's number."""
    for number, line in enumerate(lines, first):
        if "\0" in line:
            raise Wrong("has NUL characters in it", _encoding_hint(sheet, "utf-16"), number)
        if len(line) >= LONGEST_LINE:
            raise Wrong("has a line of a million characters", "write one row on each line", number)
        yield line


def _codec(sheet: Sheet) -> str:
    """The codec to read with: that of UTF-8 takes a byte order mark too."""
    name = codecs.lookup(sheet.encoding).name
    if name in _HALF_TEXT:
        raise LookupError
    return "utf-8-sig" if name == "utf-8" else name


def _undecodable(sheet: Sheet) -> Wrong:
    """Says on which line the decoding failed: found by a second reading, as a stream decodes many lines at once."""
    with open_bytes(sheet) as stream:
        start = stream.readline(LONGEST_LINE)
        lines = enumerate(chain([start], iter(partial(stream.readline, LONGEST_LINE), b"")), 1)
        line = next((number for number, line in lines if not _is_decodable(line, sheet.encoding)), 0)
    is_utf16 = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    hint = _encoding_hint(sheet, "utf-16" if is_utf16 else "latin-1")
    return Wrong(f"is not in {sheet.encoding}", hint, line)


def _is_decodable(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeError:
        return False
    return True


def _encoding_hint(sheet: Sheet, guess: str) -> str:
    return f"`encoding: {guess}` in its source may be right" if sheet.has_options else "save it as UTF-8"

"""Parquet, by pyarrow: an extra, imported only when a list needs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.phones.problems import Problems, Wrong
from reconciler.phones.rows import BLOCK, Block, Sheet, locate


def read_parquet(sheet: Sheet, problems: Problems) -> Iterator[Block]:  # noqa: ARG001 - what all readers take
    """The wanted cells of the rows as Python values; rows count from 1."""
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise Wrong("is Parquet", "to read it: pip install 'campaign-reconciler[parquet]'") from None
    if sheet.path.name.lower().endswith(".gz"):
        raise Wrong("is Parquet in gzip, which cannot be streamed", "Parquet compresses by itself: unpack it")
    try:
        with sheet.path.open("rb") as stream, ParquetFile(stream) as file:
            yield from _blocks(file, sheet)
    except (pyarrow.ArrowException, ValueError):  # ValueError: a time in nanoseconds
        raise Wrong("is not Parquet, is damaged, or holds what Python cannot", "write it again") from None


def _blocks(file: Any, sheet: Sheet) -> Iterator[Block]:
    names = file.schema_arrow.names
    columns = [names[index] for index in locate(sheet, names)]
    first = 1
    for batch in file.iter_batches(BLOCK, columns=list(dict.fromkeys(columns))):
        after = first + batch.num_rows
        yield Block(list(range(first, after)), [batch.column(name).to_pylist() for name in columns])
        first = after

"""Parquet, by pyarrow: an extra, imported only when a list needs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from reconciler.phones.problems import Problems, Wrong
from reconciler.phones.rows import Row, Sheet, locate

BATCH: Final = 10_000  # rows decoded at once


def read_parquet(sheet: Sheet, problems: Problems) -> Iterator[Row]:  # noqa: ARG001 - what all readers take
    """The wanted cells of each row as Python values; rows count from 1."""
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise Wrong("is Parquet", "to read it: pip install 'campaign-reconciler[parquet]'") from None
    if sheet.path.name.lower().endswith(".gz"):
        raise Wrong("is Parquet in gzip, which cannot be streamed", "Parquet compresses by itself: unpack it")
    try:
        with sheet.path.open("rb") as stream, ParquetFile(stream) as file:
            yield from _rows(file, sheet)
    except (pyarrow.ArrowException, ValueError):  # ValueError: a time in nanoseconds
        raise Wrong("is not Parquet, is damaged, or holds what Python cannot", "write it again") from None


def _rows(file: Any, sheet: Sheet) -> Iterator[Row]:
    names = file.schema_arrow.names
    columns = [names[index] for index in locate(sheet, names)]
    read = 0
    for batch in file.iter_batches(BATCH, columns=list(dict.fromkeys(columns))):
        cells = [batch.column(name).to_pylist() for name in columns]
        yield from enumerate(zip(*cells, strict=True), read + 1)
        read += batch.num_rows

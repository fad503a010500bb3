"""Suppression files: the numbers nobody may call, whatever the lists say.

A line that cannot be read stops everything: it may be somebody who asked not to be called.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import UNSET

from reconciler.errors import Problem
from reconciler.manifest.model import Campaign, SuppressionList
from reconciler.phones.normalise import Numbering
from reconciler.phones.problems import Problems, Wrong
from reconciler.phones.rows import Sheet, format_of, read_blocks
from reconciler.phones.shelf import Shelf
from reconciler.phones.values import as_text


def read_suppression(lists: Sequence[SuppressionList]) -> frozenset[str]:
    """E.164 digits of all suppressed numbers. Raises ManifestError with everything wrong in the files."""
    problems = Problems()
    suppressed = collect_suppressed(lists, problems)
    problems.raise_if_any()
    return suppressed


def read_suppressed(campaign: Campaign) -> frozenset[str]:
    """E.164 digits of all numbers that this campaign may not call. Raises ManifestError as `read_suppression` does."""
    return read_suppression(campaign.suppress)


def collect_suppressed(
    lists: Sequence[SuppressionList], problems: Problems, shelf: Shelf | None = None
) -> frozenset[str]:
    """As `read_suppression`, but what is wrong goes to `problems`. `shelf` has the files of other campaigns."""
    found = [_of(suppression, problems, shelf) for suppression in lists]
    # A copy only where there is something to put together: millions of numbers may be shared by many campaigns.
    return found[0] if len(found) == 1 else frozenset().union(*found)


def _of(suppression: SuppressionList, problems: Problems, shelf: Shelf | None) -> frozenset[str]:
    def read() -> frozenset[str]:
        return frozenset(_numbers(suppression, problems))

    if shelf is None:
        return read()
    return shelf.numbers(_sheet(suppression), suppression.spec.region or "", problems, read)


def _numbers(suppression: SuppressionList, problems: Problems) -> Iterator[str]:
    try:
        numbering = Numbering(suppression.spec.region or "")
    except Wrong as wrong:
        problems.add(Problem(suppression.place, "region", wrong.what, wrong.fix))
        return
    sheet = _sheet(suppression)
    path = "" if sheet.format == "text" else sheet.columns[0]
    for block in read_blocks(sheet, problems):
        [cells] = block.columns
        for row, cell, digits in zip(block.rows, cells, numbering.column(cells), strict=True):
            try:
                yield digits or numbering.digits(as_text(cell))
            except Wrong as wrong:
                problems.add(sheet.problem(wrong, row, path))


def _sheet(suppression: SuppressionList) -> Sheet:
    spec = suppression.spec
    format = spec.format or format_of(suppression.path.name, "text")
    return Sheet(
        path=suppression.path,
        shown=suppression.shown,
        place=suppression.place,
        format=format,
        columns=(spec.column or "phone",),
        delimiter="\t" if format == "tsv" else ",",
        has_options=False,
        is_only_column_enough=spec.column is UNSET,
    )

"""Suppression files: the numbers nobody may call, whatever the lists say.

A line that cannot be read stops everything: it may be somebody who asked not to be called. An entry may say until when
it holds; a day that is over somewhere is not over everywhere, so it holds until that day has ended all over the world.
Without a region digits may be a whole number or one of the country of a list: then they stand for both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

from msgspec import UNSET

from reconciler.errors import Problem
from reconciler.manifest.model import Campaign, SuppressionList
from reconciler.phones.normalise import Numbering
from reconciler.phones.problems import Problems, Wrong
from reconciler.phones.rows import Block, Sheet, format_of, read_blocks
from reconciler.phones.shelf import Shelf
from reconciler.phones.values import as_text

ALWAYS: Final = float("-inf")
"""A time before every expiry: entries that have expired by now count too."""

_DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ].*)?")
_REASON: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|[ _-]){0,23}")
_LAST_ZONE: Final = timedelta(hours=12)  # a day ends last at UTC-12

OTHER: Final = "other"
"""What a reason is called that is longer than a word or two, or has digits: it may name somebody."""


class Listed(NamedTuple):
    """A suppression file as it was read. A number that is in it several times is suppressed as long as any entry is."""

    digits: frozenset[str]  # suppressed now
    reasons: Mapping[str, str]  # of those of them that have one
    rows: int  # entries, also those that have expired

    def __repr__(self) -> str:
        return f"Listed({len(self.digits)} of {self.rows} entries)"  # phones stay out of tracebacks


NOBODY: Final = Listed(frozenset(), {}, 0)


def read_suppression(lists: Sequence[SuppressionList], now_s: float = ALWAYS) -> frozenset[str]:
    """E.164 digits of all suppressed numbers. Raises ManifestError with everything wrong in the files."""
    problems = Problems()
    suppressed = collect_suppressed(lists, problems, now_s)
    problems.raise_if_any()
    return suppressed


def read_suppressed(campaign: Campaign, now_s: float = ALWAYS) -> frozenset[str]:
    """E.164 digits of all numbers that this campaign may not call. Raises ManifestError as `read_suppression` does."""
    return read_suppression(campaign.suppress, now_s)


def collect_suppressed(
    lists: Sequence[SuppressionList], problems: Problems, now_s: float = ALWAYS, shelf: Shelf | None = None
) -> frozenset[str]:
    """As `read_suppression`, but what is wrong goes to `problems`. `shelf` has the files of other campaigns."""
    return together(read_listed(each, problems, now_s, shelf).digits for each in lists)


def together(files: Iterable[frozenset[str]]) -> frozenset[str]:
    """The numbers of all these files; of a single one it is itself, however long."""
    kept = [each for each in files if each]
    return kept[0] if len(kept) == 1 else frozenset().union(*kept)


def read_listed(suppression: SuppressionList, problems: Problems, now_s: float, shelf: Shelf | None = None) -> Listed:
    """One file; what is wrong with it goes to `problems`.

    From `shelf` it is as it was when it was read for another campaign: who was suppressed then still is.
    """
    if shelf is None:
        return _read(suppression, problems, now_s)
    spec = suppression.spec
    how = (spec.region or "", *suppression.regions, spec.reason is not UNSET, spec.expires is not UNSET)
    return shelf.numbers(_sheet(suppression), how, problems, lambda: _read(suppression, problems, now_s))


def _read(suppression: SuppressionList, problems: Problems, now_s: float) -> Listed:
    spec = suppression.spec
    sheet = _sheet(suppression)
    named = [name for name in ("reason", "expires") if getattr(spec, name) is not UNSET]
    if sheet.format == "text" and named:
        what, fix = "is text, which has no columns", "name a csv, tsv, jsonl or parquet file, or its `format`"
        problems.add(Problem(suppression.place, named[0], what, fix))
        return NOBODY
    try:
        readers = [Numbering(spec.region or ""), *_numberings(suppression.regions)]
        reading = _Reading(readers, sheet, problems, now_s, named)
    except Wrong as wrong:
        problems.add(Problem(suppression.place, "region", wrong.what, wrong.fix))
        return NOBODY
    for block in read_blocks(sheet, problems):
        reading.take(block)
    return Listed(frozenset(reading.digits), reading.reasons, reading.rows)


def _numberings(regions: Iterable[str]) -> Iterator[Numbering]:
    """Of those regions that are some; what is wrong with the others is said of the list that names them."""
    for region in regions:
        with suppress(Wrong):
            yield Numbering(region)


def _sheet(suppression: SuppressionList) -> Sheet:
    spec = suppression.spec
    format = spec.format or format_of(suppression.path.name, "text")
    more = (each.column for each in (spec.reason, spec.expires) if each is not UNSET)
    columns = (spec.column or "phone", *more)
    return Sheet(
        path=suppression.path,
        shown=suppression.shown,
        place=suppression.place,
        format=format,
        columns=columns,
        delimiter="\t" if format == "tsv" else ",",
        has_options=False,
        is_only_column_enough=spec.column is UNSET and len(columns) == 1,
    )


class _Reading:
    """What was read of a file so far."""

    def __init__(
        self, readers: Sequence[Numbering], sheet: Sheet, problems: Problems, now_s: float, named: Sequence[str]
    ) -> None:
        self.digits: set[str] = set()
        self.reasons: dict[str, str] = {}
        self.rows = 0
        self._readers, self._sheet, self._problems, self._now_s = readers, sheet, problems, now_s
        self._named = {name: at for at, name in enumerate(named, 1)}
        self._ends: dict[str, float] = {}  # by text of a cell: a file has few different days

    def take(self, block: Block) -> None:
        """Takes the block's rows in; those that cannot be read go to the problems."""
        readings = [reader.column(block.columns[0]) for reader in self._readers]
        self._explain_unread(block, readings)
        self.rows += len(block.rows)
        if not self._named:
            self.digits.update(*(filter(None, digits) for digits in readings))
            return
        in_force = [self._is_in_force(*each) for each in zip(block.rows, zip(*block.columns, strict=True), strict=True)]
        for digits in readings:
            self.digits.update(phone for phone, is_in_force in zip(digits, in_force, strict=True) if is_in_force)
        self.digits.discard("")
        if "reason" in self._named:
            words = [*map(_word, block.columns[self._named["reason"]])]
            for digits in readings:
                rows = zip(digits, words, in_force, strict=True)
                self.reasons.update((phone, word) for phone, word, is_in_force in rows if phone and is_in_force)

    def _explain_unread(self, block: Block, readings: Sequence[Sequence[str]]) -> None:
        """What is wrong with the entries that nobody could read."""
        if all(readings[0]):
            return
        path = "" if self._sheet.format == "text" else self._sheet.columns[0]
        for row, cell, *found in zip(block.rows, block.columns[0], *readings, strict=True):
            if not any(found):
                self._explain(row, path, cell)

    def _explain(self, row: int, path: str, cell: Any) -> None:
        try:
            self._readers[0].digits(as_text(cell))
        except Wrong as wrong:
            self._problems.add(self._sheet.problem(wrong, row, path))

    def _is_in_force(self, row: int, cells: Sequence[Any]) -> bool:
        at = self._named.get("expires")
        if at is None:
            return True
        try:
            text = as_text(cells[at]).strip()
            end_s = self._ends.get(text)
            if end_s is None:
                end_s = self._ends[text] = end_of(text)
        except Wrong as wrong:
            self._problems.add(self._sheet.problem(wrong, row, self._sheet.columns[at]))
            return True
        return end_s > self._now_s


def end_of(text: str) -> float:
    """Unix time at which an entry with this last day ends; "" never ends. Raises Wrong for what is no date."""
    if not text:
        return float("inf")
    found = _DAY.fullmatch(text)
    try:
        day = date.fromisoformat(found[1] if found else "")
        return (datetime.combine(day, time(), UTC) + timedelta(days=1) + _LAST_ZONE).timestamp()
    except OverflowError:
        return float("inf")  # 9999-12-31, which means for good
    except ValueError:
        raise Wrong("is no date", "write the last day it holds as 2026-03-31, or leave it empty") from None


def _word(cell: Any) -> str:
    """The reason as it may be shown: a word or two without digits. Free text may name somebody."""
    try:
        text = as_text(cell).strip().casefold()
    except Wrong:
        return OTHER
    return text if _REASON.fullmatch(text) else OTHER

"""Files that several campaigns of a run read with the same options: read once, and kept for the others.

Kept are the numbers of suppression files, whatever their size (every campaign holds them while it is worked on, so
sharing them saves memory too), and the rows of phone lists as long as there is room: see `CELLS`. A file with
mistakes is not kept, since each campaign has to say where its manifest names it, and one that was written to since
is read again.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeVar

from reconciler.manifest.model import Campaign
from reconciler.phones.problems import Problems
from reconciler.phones.rows import Block, Sheet, read_blocks

CELLS: Final = 1_000_000
"""Cells of phone lists kept in all, about 100 bytes each: the rows of a list of 200,000 people with four columns.

Twenty campaigns of one list of 100,000 take 5.5 s to read it each and 2.8 s to share it; twenty of one suppression
file of a million take 23 s and 1.3 s, and 120 MB less.
"""

Key = tuple[Hashable, ...]
T = TypeVar("T")


class Shelf:
    """What was read for one campaign of a run and will be for others. May be used from several threads."""

    def __init__(self, cells: int = CELLS) -> None:
        self._room = cells
        self._users: Counter[str] = Counter()  # campaigns by file
        self._places: dict[Key, _Place] = {}
        self._changing = threading.Lock()

    def expect(self, campaigns: Iterable[Campaign]) -> None:
        """Takes note of the files these campaigns use: only what is used by several is worth keeping."""
        for campaign in campaigns:
            lists = {os.path.realpath(each.path) for each in campaign.lists if each.path}
            self._users.update(lists | {os.path.realpath(each.path) for each in campaign.suppress})

    def blocks(self, sheet: Sheet, problems: Problems) -> Iterator[Block]:
        """As `read_blocks`."""
        key = self._key(sheet)
        if key is None:
            yield from read_blocks(sheet, problems)
            return
        place = self._place(key)
        with place.filling:
            if place.content is None and not place.is_given_up:
                rest = self._keep_blocks(place, sheet, problems)
            else:
                rest = iter(place.content) if place.content is not None else read_blocks(sheet, problems)
        yield from rest

    def numbers(self, sheet: Sheet, how: Hashable, problems: Problems, read: Callable[[], T]) -> T:
        """What `read` makes of the file when it reads it `how`; what is wrong with it goes to `problems`."""
        key = self._key(sheet)
        if key is None:
            return read()
        place = self._place((*key, how))
        with place.filling:
            if place.content is not None:
                found: T = place.content
                return found
            mistakes, found = problems.count, read()
            if problems.count == mistakes:
                place.content = found
            return found

    def _keep_blocks(self, place: _Place, sheet: Sheet, problems: Problems) -> Iterator[Block]:
        """The file's blocks; they are kept if there is room for all and nothing is wrong."""
        mistakes, blocks, kept, size = problems.count, read_blocks(sheet, problems), list[Block](), 0
        for block in blocks:
            kept.append(block)
            size += len(block.rows) * (1 + len(block.columns))
            if size > self._room:
                place.is_given_up = True
                return chain(kept, blocks)
        if problems.count == mistakes:
            with self._changing:
                self._room -= size
            place.content = kept
        return iter(kept)

    def _key(self, sheet: Sheet) -> Key | None:
        """What one reading of the file has in common with another; None when nobody else reads it."""
        path = os.path.realpath(sheet.path)
        if self._users[path] < 2:
            return None
        version = _version(sheet.path)
        options = (sheet.format, sheet.columns, sheet.encoding, sheet.delimiter, sheet.is_only_column_enough)
        return None if version is None else (path, version, *options)

    def _place(self, key: Key) -> _Place:
        with self._changing:
            return self._places.setdefault(key, _Place())


class _Place:
    """Where one file is kept: empty at first. Whoever fills it keeps the others waiting."""

    def __init__(self) -> None:
        self.filling = threading.Lock()
        self.content: Any = None
        self.is_given_up = False  # it is too large


def _version(path: Path) -> Key | None:
    """What changes when the file is written to; None for a file that is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size

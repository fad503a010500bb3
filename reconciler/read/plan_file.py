"""The file of saved plans: a first line about the file, for each campaign a line about its plan and a line for each
action on a call, and a last line that proves that the file is whole.

It is written and read as a stream: a plan of a million actions is never in memory because of it. Whoever reads it goes
through it once before anything in it is believed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import blake2b
from io import BufferedReader, RawIOBase
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, TypeVar

import msgspec

from reconciler.errors import SavedPlanError
from reconciler.plan.saved import Lines, SavedPlan

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

FORMAT: Final = 1
"""Version of the format. A file with a higher one was written by a newer program and is refused."""

LONGEST: Final = 1 << 20
"""Bytes of a line at most; no line that was written here comes near it."""

_AT_ONCE: Final = 1 << 16  # bytes read from the file

_T = TypeVar("_T")
_encode = msgspec.json.Encoder().encode


class Opening(msgspec.Struct, frozen=True):
    """The first line."""

    saved_plan: int  # the format
    tool: str  # version of the program that wrote it
    created: str  # ISO 8601, UTC


class _AnyOpening(msgspec.Struct, frozen=True):
    """As much of a first line as every format has."""

    saved_plan: int


class _Ending(msgspec.Struct, frozen=True):
    """The last line: what stands before it."""

    campaigns: int
    lines: int
    digest: str  # BLAKE2b of their bytes, 16 bytes in hex


_any_opening = msgspec.json.Decoder(_AnyOpening).decode
_opening = msgspec.json.Decoder(Opening).decode
_saved_plan = msgspec.json.Decoder(SavedPlan).decode


class PlanFileWriter:
    """Writes plans into a file that is open for writing."""

    def __init__(self, file: BinaryIO, *, tool: str, created: str) -> None:
        self._file, self._digest = file, blake2b(digest_size=16)
        self.campaigns, self._lines = 0, 0
        self._write(_line(Opening(FORMAT, tool, created)))

    def add(self, saved: SavedPlan, lines: Iterable[bytes]) -> None:
        """Writes a plan."""
        self.campaigns += 1
        self._write(_line(saved))
        for line in lines:
            self._write(line)

    def end(self) -> None:
        """Writes the last line."""
        self._write(_line(_Ending(self.campaigns, self._lines, self._digest.hexdigest())))

    def _write(self, line: bytes) -> None:
        self._digest.update(line)
        self._lines += 1
        self._file.write(line)


def _line(value: msgspec.Struct) -> bytes:
    return _encode(value) + b"\n"


class _Part(NamedTuple):
    """A plan, and where in the file its lines are."""

    saved: SavedPlan
    start: int
    lines: int


class _From(RawIOBase):
    """An open file from there on, with a position of its own: the threads of several campaigns read at once."""

    def __init__(self, file: int, start: int) -> None:
        self._file, self._at = file, start

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """How many bytes came into `buffer`; none at the end of the file."""
        done = os.preadv(self._file, [buffer], self._at)
        self._at += done
        return done


class PlanFile:
    """The plans of a file that is open for reading and stays so; `shown` is its name for messages.

    Raises SavedPlanError when it is not a whole file of saved plans as this version knows them.
    """

    def __init__(self, file: BinaryIO, shown: str) -> None:
        self._file, self.shown = file, shown
        self._parts: dict[str, _Part] = {}
        self.opening = self._check()

    @property
    def campaigns(self) -> tuple[str, ...]:
        """The names of the campaigns it holds plans of."""
        return tuple(self._parts)

    def plan(self, campaign: str) -> tuple[SavedPlan, Lines]:
        """The plan of a campaign, and the lines of its actions, read as they are asked for."""
        part = self._parts[campaign]
        return part.saved, partial(self._lines_of, part)

    def _lines_of(self, part: _Part) -> Iterator[bytes]:
        with BufferedReader(_From(self._file.fileno(), part.start), _AT_ONCE) as lines:
            yield from islice(lines, part.lines)

    def _check(self) -> Opening:
        """The first line, once all that follows was found to be whole; remembers where the plans are."""
        first = self._file.readline(LONGEST)
        found = self._decoded(first, _any_opening).saved_plan
        if found > FORMAT:
            what = f"it has format {found}, and this version reads up to {FORMAT}: use a newer version"
            raise SavedPlanError(f"{self.shown} cannot be read: {what}")
        if self._read_parts(first) or self._file.read(1):
            raise SavedPlanError(f"{self.shown} is damaged, cut off or was edited; {_AGAIN}")
        return self._decoded(first, _opening)

    def _read_parts(self, first: bytes) -> bool:
        """Remembers where the plans are; returns whether anything is wrong with what was read."""
        digest, count = blake2b(first, digest_size=16), 1
        while (line := self._file.readline(LONGEST)) and not line.startswith(_ENDING):
            digest.update(line)
            saved = self._decoded(line, _saved_plan)
            part = _Part(saved, self._file.tell(), saved.actions - saved.calls.move)
            for _ in range(part.lines):
                digest.update(self._next())
            self._parts[saved.campaign] = part
            count += 1 + part.lines
        return line != _line(_Ending(len(self._parts), count, digest.hexdigest()))

    def _next(self) -> bytes:
        line = self._file.readline(LONGEST)
        if not line:  # a count that was edited must not make this read on and on
            raise SavedPlanError(f"{self.shown} is damaged, cut off or was edited; {_AGAIN}")
        return line

    def _decoded(self, line: bytes, decode: Callable[[bytes], _T]) -> _T:
        try:
            return decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # Not chained: the decoder's message may quote the file.
            raise SavedPlanError(f"{self.shown} is not a saved plan, or is damaged; {_AGAIN}") from None


_ENDING: Final = b'{"campaigns":'
_AGAIN: Final = "make it with `campaign plan --out FILE`; nothing was done"


@contextmanager
def open_plan_file(path: Path) -> Iterator[PlanFile]:
    """The plans of a file, for the time of the block. Raises SavedPlanError, also when it cannot be opened."""
    try:
        file = path.open("rb")
    except OSError as failure:
        raise SavedPlanError(f"{path} cannot be read: {failure.strerror}; {_AGAIN}") from None
    with file:
        yield PlanFile(file, str(path))

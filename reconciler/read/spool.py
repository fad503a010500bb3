"""Where what new calls say waits until it is sent: in memory while it is little, else in a file without a name.

Payloads may be of any size, and nothing is sent before the whole plan was seen: held in memory a million requests take
more of it than all the rest of a plan and its apply together. The file is in the folder for temporary files (`TMPDIR`),
only this process can open it, and it is gone when the process is, however it ends.

What comes back is checked: a disk that lost some of it must not make half a request of a whole one.
"""

from __future__ import annotations

import os
import tempfile
import weakref
import zlib
from typing import Final, NamedTuple

from reconciler.errors import ReconcilerError
from reconciler.plan.fresh import InMemory, Kept

IN_MEMORY: Final = 16_000_000
"""Bytes that are kept in memory: a hundred thousand calls without payload."""


class Spool:
    """Takes texts and gives them back. For one thread at a time."""

    def __init__(self) -> None:
        self._room = IN_MEMORY
        self._file = -1  # its descriptor, once there is one
        self._end = 0

    def keep(self, text: bytes) -> Kept:
        """The text, put away. Raises ReconcilerError when there is no room for it."""
        self._room -= len(text)
        if self._room >= 0:
            return InMemory(text)
        try:
            return self._written(text)
        except OSError as error:
            raise ReconcilerError(f"cannot write a temporary file: {_reason(error)}; {_NEEDS_ROOM}") from None

    def read(self, start: int, size: int, crc32: int) -> bytes:
        """So many bytes of the file from there on. Raises ReconcilerError when they are not what was written."""
        try:
            text = os.pread(self._file, size, start)
        except OSError as error:
            raise ReconcilerError(f"cannot read a temporary file: {_reason(error)}; {_IS_RECORDED}") from None
        if zlib.crc32(text) != crc32:
            raise ReconcilerError(f"a temporary file does not hold what was written to it; {_IS_RECORDED}")
        return text

    def _written(self, text: bytes) -> Kept:
        if self._file < 0:
            self._file = self._opened()
        rest, start = memoryview(text), self._end
        while rest:
            done = os.pwrite(self._file, rest, self._end)
            rest, self._end = rest[done:], self._end + done
        return _InFile(self, start, len(text), zlib.crc32(text))

    def _opened(self) -> int:
        # Where TMPDIR names a folder it is to be that one: left to itself, `tempfile` takes another that it can use.
        folder = os.environ.get("TMPDIR") or None
        file = tempfile.TemporaryFile(buffering=0, dir=folder)  # noqa: SIM115 - closed when nobody has this any more
        weakref.finalize(self, file.close)
        return file.fileno()


class _InFile(NamedTuple):
    spool: Spool
    start: int
    size: int
    crc32: int

    def read(self) -> bytes:
        """The text."""
        return self.spool.read(self.start, self.size, self.crc32)


def _reason(error: OSError) -> str:
    return os.strerror(error.errno or 0)  # without what else `tempfile` says, which names folders


_NEEDS_ROOM = "it needs a folder with room, which TMPDIR can name; nothing was sent"
_IS_RECORDED = "what was sent before is recorded: see to that disk, or name another folder with TMPDIR, and apply again"

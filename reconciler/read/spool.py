"""Where what new calls say waits until it is sent: in memory while it is little, else in a file without a name.

Payloads may be of any size, and nothing is sent before the whole plan was seen: held in memory a million requests take
more of it than all the rest of a plan and its apply together. The file is in the folder for temporary files (`TMPDIR`),
only this process can open it, and it is gone when the process is, however it ends.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from typing import Final, NamedTuple

from reconciler.errors import ReconcilerError
from reconciler.plan.fresh import InMemory, Kept

IN_MEMORY: Final = 16_000_000
"""Bytes that are kept in memory: a hundred thousand calls without payload."""


class Spool:
    """Takes texts and gives them back."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._room = in_memory
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
            raise ReconcilerError(f"cannot write to the folder for temporary files: {error.strerror}; {_FIX}") from None

    def read(self, start: int, size: int) -> bytes:
        """So many bytes of the file from there on."""
        return os.pread(self._file, size, start)

    def _written(self, text: bytes) -> Kept:
        if self._file < 0:
            self._file = self._opened()
        rest, start = memoryview(text), self._end
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self._end += len(text)
        return _InFile(self, start, len(text))

    def _opened(self) -> int:
        file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed when nobody has this any more
        weakref.finalize(self, file.close)
        return file.fileno()


class _InFile(NamedTuple):
    spool: Spool
    start: int
    size: int

    def read(self) -> bytes:
        """The text."""
        return self.spool.read(self.start, self.size)


_FIX = "make room there, or set TMPDIR to a folder that has some; nothing was sent"

"""Calls that were just added, as the lines they will be in the lockfile: nobody looks at them before it is written."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

import msgspec

from reconciler.lock.keyed import KEY_SIZE
from reconciler.lock.lockfile import MANY, encode_calls, open_calls
from reconciler.lock.model import Lock, call_decoder
from reconciler.lock.new_calls import NewCalls

if TYPE_CHECKING:  # numpy is imported only where there are many
    import numpy as np
    from numpy.typing import NDArray

    from reconciler.lock.columns import Positions

    Letters = NDArray[np.uint8]

_KEY_AT = 2  # in a line, which begins with `["`
_KEY_END = _KEY_AT + KEY_SIZE
_BEHIND_KEY = b'",'
_NEWLINE = ord("\n")


class AddedLines:
    """Lines of calls of which no lock knows anything yet, in the order in which they were added."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []  # of one `add` together
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, new: NewCalls, phones: Sequence[str], job_ids: Sequence[str], statuses: str) -> None:
        """Some more; of each call its phone (E.164 digits), its job and the letter of its status."""
        self._count += new.size
        lines = new.even_lines(phones, job_ids, statuses) if self._count >= MANY else b""
        self._lines.append(lines or new.lines(phones, job_ids, statuses))

    def put_into(self, lock: Lock) -> Lock:
        """The lock with these calls; its own are changed. Nothing is left here, not even when it fails."""
        body = self.lines_with(lock)
        lines, self._lines, self._count = self._lines, [], 0
        if body:
            del lines  # before the columns are made, or a long lockfile would be held twice
            return msgspec.structs.replace(lock, calls=open_calls(body))
        lock.calls.update({call.call_id: call for call in call_decoder.decode_lines(b"".join(lines))})
        return lock

    def lines_with(self, lock: Lock) -> bytes:
        """The lines of these calls and those of the lock in order; b"" where it takes no less to put them into it."""
        are_many = len(self) >= MANY and 2 * len(self) >= len(lock.calls)
        return self._merged(encode_calls(lock), len(lock.calls)) if are_many else b""

    def _merged(self, body: bytes, before: int) -> bytes:
        """These lines and the so many of `body` in the order of their keys; b"" where keys alone do not tell it."""
        pieces = [piece for piece in (body, *self._lines) if piece]
        rows = _even_rows(pieces, before + len(self))
        if rows:
            keys = b"".join([piece[:, _KEY_AT:_KEY_END].tobytes() for piece in rows])
            order = _order(keys, before) if all(map(_have_keys, rows)) else None
            return b"" if order is None else _in_order(rows, order)
        each = b"".join(pieces).splitlines(keepends=True)
        if b"".join([line[_KEY_END : _KEY_END + 2] for line in each]) != _BEHIND_KEY * len(each):
            return b""
        order = _order(b"".join([line[_KEY_AT:_KEY_END] for line in each]), before)
        return b"" if order is None else b"".join([each[at] for at in order.tolist()])


def _even_rows(pieces: Sequence[bytes], count: int) -> list[Letters]:
    """Pieces of so many lines as rows of letters, if all are equally long: of a first apply they nearly always are."""
    import numpy as np

    width = sum(map(len, pieces)) // count
    if any(len(piece) % width for piece in pieces):
        return []
    rows = [np.frombuffer(piece, np.uint8).reshape(-1, width) for piece in pieces]
    # Else some line end stands elsewhere.
    return rows if sum(map(len, rows)) == count and all((piece[:, -1] == _NEWLINE).all() for piece in rows) else []


def _have_keys(rows: Letters) -> bool:
    """Whether the key in each line has the length of a digest."""
    return all((rows[:, _KEY_END + at] == letter).all() for at, letter in enumerate(_BEHIND_KEY))


def _in_order(pieces: Sequence[Letters], order: Positions) -> bytes:
    """The rows of these pieces in that order. Each is moved once: joined first they would be held twice."""
    import numpy as np

    row = f"V{pieces[0].shape[1]}"
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    lines, start = BytesIO(), 0  # the only bytes that can be written to: what it holds it gives away without a copy
    lines.seek(sum(piece.size for piece in pieces) - 1)
    lines.write(b"\n")
    with lines.getbuffer() as buffer:
        found = np.frombuffer(buffer, row)
        for piece in pieces:
            end = start + len(piece)
            found[places[start:end]] = piece.view(row).ravel()
            start = end
        del found
    return lines.getvalue()


def _order(keys: bytes, before: int) -> Positions | None:
    """The positions of the lines with these keys in order; the first so many are in order. None: keys do not tell."""
    import numpy as np

    from reconciler.lock.columns import as_numbers

    numbers, _ = as_numbers(keys)
    order = np.argsort(numbers, kind="stable")
    # Lines that were in order stay so. That two keys begin alike, one of them new, hardly ever happens.
    are_alike = numbers[order[1:]] == numbers[order[:-1]]
    is_new = np.maximum(order[1:], order[:-1])[are_alike] >= before
    return None if is_new.any() else order

"""A long lockfile as columns: where each call's line is and what a comparison needs of it, without a struct a call.

A million `LockedCall`s are half a gigabyte and take a second to make; nearly all of them are only ever looked at to
see that nothing has changed. So the lines stay the bytes they are, and numpy finds in them, a few megabytes at a time:
the key (its digest's sixteen characters as two numbers, sorted as the file is), the wave, the status, and where the
rest begins. Found are lines as `encode_lines` writes them; all others are `odd` and have to be read one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reconciler.lock.keyed import DIGEST_SIZE, KEY_SIZE
from reconciler.lock.model import CallStatus

Positions = NDArray[np.int64]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.uint64]
Letters = NDArray[np.uint8]
Offsets = NDArray[np.uint16]

PIECE: Final = 1 << 22  # bytes looked at together: what is found in them stays small, and calls into numpy few
MOST_WAVES: Final = 200  # told apart by number; a call of a further one is odd

KEY_AT: Final = 2  # in a line, which begins with `["`
_BETWEEN: Final = 3  # `","`
_WAVE_AT: Final = KEY_AT + KEY_SIZE + _BETWEEN
_LONGEST: Final = np.iinfo(np.uint16).max  # of what can stand before the status; else the line is odd
_QUOTES: Final = 14  # in a line without former jobs: two a field

_NEWLINE, _QUOTE, _COMMA, _OPEN, _CLOSE, _BACKSLASH = b'\n",[]\\'
_STATUSES: Final = np.isin(np.arange(256), [ord(status) for status in CallStatus])


class Columns(NamedTuple):
    """A lockfile's calls, one position each, in the order of the file, which is that of keys and waves."""

    body: bytes  # the file; the lines begin somewhere in it
    starts: Positions  # of each line, and the end of the last
    keys: Numbers  # the first eight characters of the key's digest, most significant first
    keys_rest: Numbers  # the last eight
    waves: Letters  # by number in `wave_names`
    wave_names: tuple[str, ...]
    statuses: Letters
    status_at: Offsets  # of the status's letter in its line
    has_former: Flags
    odd: Flags  # lines that only their decoder understands; nothing else in here is true of them

    @property
    def size(self) -> int:
        """How many calls there are."""
        return len(self.keys)

    def line(self, at: int) -> bytes:
        """The line at this position, newline included."""
        return self.body[self.starts[at] : self.starts[at + 1]]

    def lines(self, positions: Positions) -> bytes:
        """The lines at these positions, one after the other."""
        return b"".join([self.body[start:end] for start, end in self.spans(positions)])

    def spans(self, positions: Positions) -> Iterator[tuple[int, int]]:
        """Where the lines at these positions begin and end."""
        return zip(self.starts[positions].tolist(), self.starts[positions + 1].tolist(), strict=True)

    def digests_at(self, positions: Positions) -> dict[bytes, Positions]:
        """Where in `body` the digests of the calls are, by what they are of."""
        phone_at = self._phone_at(positions)
        return {
            b"key": self.starts[positions] + KEY_AT,
            b"phone": phone_at,
            b"request": phone_at + DIGEST_SIZE + _BETWEEN,
        }

    def phones(self, positions: Positions | slice = slice(None)) -> NDArray[np.bytes_]:
        """The digests of the calls' phones."""
        return self._texts(self._phone_at(positions), DIGEST_SIZE)

    def requests(self, positions: Positions) -> NDArray[np.bytes_]:
        """The digests of the requests the calls' jobs were created from."""
        return self._texts(self._phone_at(positions) + DIGEST_SIZE + _BETWEEN, DIGEST_SIZE)

    def jobs_at(self, positions: Positions) -> tuple[Positions, Positions]:
        """Where in `body` the ids of the calls' jobs begin and end."""
        starts = self._phone_at(positions) + 2 * (DIGEST_SIZE + _BETWEEN)
        return starts, self.statuses_at(positions) - _BETWEEN

    def job_ids(self, positions: Positions) -> list[str]:
        """The ids of the calls' jobs, "" where there is none."""
        starts, ends = self.jobs_at(positions)
        return [self.body[start:end].decode() for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]

    def statuses_at(self, positions: Positions) -> Positions:
        """Where in `body` the letters of the calls' statuses are."""
        return self.starts[positions] + self.status_at[positions]

    def _phone_at(self, positions: Positions | slice) -> Positions:
        widths = np.array([len(name.encode()) for name in self.wave_names] or [0], np.int64)
        starts: Positions = self.starts[:-1][positions] + _WAVE_AT + widths[self.waves[positions]] + _BETWEEN
        return starts

    def _texts(self, at: Positions, size: int) -> NDArray[np.bytes_]:
        if not len(at):
            return np.empty(0, f"S{size}")
        # Of an odd last line what is looked at may lie behind the end; nobody looks at the answer.
        return _windows(self.body, size)[np.minimum(at, len(self.body) - size)].view(f"S{size}").ravel()


def read_columns(body: bytes, first: int = 0) -> Columns:
    """The columns of the lines from byte `first` on. Lines not in the order of keys and waves are odd, all of them."""
    columns, reader, at = _blank(body, _count_lines(body, first)), _Reader(), 0
    for start, end in _pieces(body, first):
        at += reader.read(columns, at, start, end)
    columns = columns._replace(wave_names=tuple(reader.wave_names))
    if not _is_sorted(columns):
        columns.odd[:] = True
    if columns.odd.any():
        # Keys are searched by halving, so those of odd lines, which may be anything, must not stand in the way.
        columns.keys[columns.odd] = 0
        np.maximum.accumulate(columns.keys, out=columns.keys)
    return columns


def _blank(body: bytes, count: int) -> Columns:
    """Columns to be filled. Made once and for all: joining them from pieces would take twice the memory."""
    starts = np.full(count + 1, len(body), np.int64)
    keys, rest = np.empty(count, np.uint64), np.empty(count, np.uint64)
    waves, statuses = np.empty(count, np.uint8), np.empty(count, np.uint8)
    has_former, odd = np.empty(count, np.bool_), np.empty(count, np.bool_)
    return Columns(body, starts, keys, rest, waves, (), statuses, np.empty(count, np.uint16), has_former, odd)


def _count_lines(body: bytes, first: int) -> int:
    has_rest = len(body) > first and not body.endswith(b"\n")
    return body.count(b"\n", first) + has_rest


def as_numbers(texts: bytes) -> tuple[Numbers, Numbers]:
    """The first and last eight characters of many keys' digests, as `Columns` has them."""
    halves = np.frombuffer(texts, ">u8").astype(np.uint64).reshape(-1, 2)
    return halves[:, 0], halves[:, 1]


def _pieces(body: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Where to cut the body: behind a line's end, after about `PIECE` bytes."""
    while start < len(body):
        end = body.find(b"\n", min(start + PIECE, len(body) - 1)) + 1 or len(body)
        yield start, end
        start = end


class _Reader:
    """Reads pieces of one file, and numbers the waves it meets."""

    def __init__(self) -> None:
        self.wave_names: list[str] = []

    def read(self, columns: Columns, at: int, start: int, end: int) -> int:
        """Fills in the columns of the lines between these bytes, from position `at` on; returns how many they are."""
        letters = np.frombuffer(columns.body, np.uint8, end - start, start)
        ends = np.flatnonzero(letters == _NEWLINE)
        is_cut = letters[-1] != _NEWLINE
        if is_cut:
            ends = np.append(ends, len(letters))
        starts = np.concatenate([[0], ends[:-1] + 1])
        quotes = np.append(np.flatnonzero(letters == _QUOTE), [len(letters)] * _QUOTES)
        first = np.searchsorted(quotes, starts)
        marks = [quotes[first + n] for n in range(_QUOTES)]  # of each line, where its first, second, … quote is
        padded = np.append(letters, np.zeros(KEY_SIZE + DIGEST_SIZE, np.uint8))
        plain = _is_plain(padded, starts, ends, marks) & _is_free_of(letters, _BACKSLASH, starts, ends)
        if is_cut:
            plain[-1] = False  # as it is no line could follow it
        waves = self._waves(padded, marks[2] + 1, marks[3], plain)
        keys, rest = as_numbers(_windows(padded, KEY_SIZE)[np.minimum(starts + KEY_AT, len(letters))].tobytes())
        status_at = np.where(plain, marks[10] + 1, starts)
        here = slice(at, at + len(starts))
        columns.starts[here], columns.keys[here], columns.keys_rest[here] = starts + start, keys, rest
        columns.waves[here], columns.statuses[here] = waves, padded[status_at]
        columns.status_at[here] = status_at - starts
        columns.has_former[here] = padded[np.minimum(marks[13] + 1, len(letters))] == _COMMA
        columns.odd[here] = ~plain
        return len(starts)

    def _waves(self, letters: Letters, starts: Positions, ends: Positions, plain: Flags) -> Letters:
        """The number of each line's wave. Lines of more waves than can be numbered stop being `plain`."""
        numbers = np.zeros(len(starts), np.uint8)
        rest = np.flatnonzero(plain)
        for number in range(MOST_WAVES):
            if not len(rest):
                return numbers
            if number == len(self.wave_names):
                name = _decoded(letters[starts[rest[0]] : ends[rest[0]]].tobytes())
                if name is None:
                    break
                self.wave_names.append(name)
            is_this = _reads(letters, starts[rest], ends[rest], self.wave_names[number].encode())
            numbers[rest[is_this]] = number
            rest = rest[~is_this]
        plain[rest] = False
        return numbers


def _is_plain(letters: Letters, starts: Positions, ends: Positions, marks: list[Positions]) -> Flags:
    """Whether each line has seven texts of the right lengths with commas between, and a status that is one."""
    plain: Flags = (letters[starts] == _OPEN) & (marks[0] == starts + 1) & (marks[13] < ends)
    for at in range(1, _QUOTES - 1, 2):  # closing quote, comma, opening quote
        plain &= (marks[at + 1] == marks[at] + 2) & (letters[np.minimum(marks[at] + 1, len(letters) - 1)] == _COMMA)
    sizes = {0: KEY_SIZE, 4: DIGEST_SIZE, 6: DIGEST_SIZE, 10: 1}
    for at, size in sizes.items():
        plain &= marks[at + 1] == marks[at] + size + 1
    behind = np.minimum(marks[13] + 1, len(letters) - 1)
    is_closed = (letters[behind] == _CLOSE) & (ends == marks[13] + 2)
    plain &= (is_closed | (letters[behind] == _COMMA)) & (marks[10] - starts < _LONGEST)
    return plain & _STATUSES[letters[np.minimum(marks[10] + 1, len(letters) - 1)]]


def _is_free_of(letters: Letters, letter: int, starts: Positions, ends: Positions) -> Flags:
    """Whether this letter is in none of the line."""
    found = np.flatnonzero(letters == letter)
    free: Flags = np.searchsorted(found, starts) == np.searchsorted(found, ends)
    return free


def _reads(letters: Letters, starts: Positions, ends: Positions, text: bytes) -> Flags:
    """Whether what stands between these positions is the text."""
    is_this: Flags = ends - starts == len(text)
    for offset, letter in enumerate(text):
        is_this &= letters[np.minimum(starts + offset, len(letters) - 1)] == letter
    return is_this


def _is_sorted(columns: Columns) -> bool:
    """Whether keys and waves only ever rise, the odd lines left out."""
    kept: Positions | slice = np.flatnonzero(~columns.odd) if columns.odd.any() else slice(None)
    keys, rest, waves = columns.keys[kept], columns.keys_rest[kept], columns.waves[kept]
    ranks = np.argsort(np.argsort(np.array([*columns.wave_names, ""], object)))
    falls = np.flatnonzero(keys[1:] <= keys[:-1])  # hardly ever any: further waves of a key
    is_same = (keys[falls] == keys[falls + 1]) & (rest[falls] <= rest[falls + 1])
    is_next = (rest[falls] < rest[falls + 1]) | (ranks[waves[falls]] < ranks[waves[falls + 1]])
    return bool((is_same & is_next).all())


def _windows(data: bytes | Letters, size: int) -> NDArray[np.uint8]:
    """Every run of `size` bytes, by where it begins; nothing is copied before some are picked."""
    letters = np.frombuffer(data, np.uint8) if isinstance(data, bytes) else data
    return np.lib.stride_tricks.sliding_window_view(letters, size)


def _decoded(text: bytes) -> str | None:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return None
